// @latchkey/sdk/hono: middleware that lets in only requests whose credential is good, and says whose it is in `c.get('auth')`.
import type { Context, MiddlewareHandler } from 'hono'
import { type Auth, type GuardOptions, createGuard } from './guard/guard.ts'
import type { Verifier } from './verifier.ts'

export type { Auth, GuardOptions, UnverifiedAuth, VerifiedAuth } from './guard/guard.ts'

export interface AuthVariables {
  Variables: {
    /** Who calls. */
    auth: Auth
  }
}

/** `app.use(protect(verifier))`. Where callers come from is told by `ip`, as each runtime knows it in its own way. */
export const protect = (verifier: Verifier, options: GuardOptions<Context> = {}): MiddlewareHandler<AuthVariables> => {
  const guard = createGuard(verifier, options, ({ req: { raw, method } }: Context) => ({
    // repetitions are joined here, which no credential survives
    fields: (name) => {
      const value = raw.headers.get(name)
      return value === null ? [] : [value]
    },
    method,
    path: new URL(raw.url).pathname,
    ip: undefined,
  }))
  return async (context, next) => {
    const admission = await guard(context)
    if ('refusal' in admission) {
      const { status, headers, body } = admission.refusal
      return new Response(body, { status, headers })
    }
    context.set('auth', admission.auth)
    await next()
    for (const [name, value] of Object.entries(admission.headers)) context.header(name, value)
    return undefined
  }
}
