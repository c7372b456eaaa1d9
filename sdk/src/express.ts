// @latchkey/sdk/express: middleware that lets in only requests whose credential is good, and says whose it is in `req.auth`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Admission, type Auth, type GuardOptions, createGuard } from './guard/guard.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { nodeIncoming } from './node.ts'
import type { Verifier } from './verifier.ts'

export type { Auth, GuardOptions, UnverifiedAuth, VerifiedAuth } from './guard/guard.ts'

declare global {
  // eslint-disable-next-line typescript/no-namespace -- how Express's types are extended
  namespace Express {
    interface Request {
      /** Who calls, behind `protect`. */
      auth?: Auth
    }
  }
}

/** What is used of Express's request; its own type fits. */
export interface ExpressRequest extends IncomingMessage {
  ip?: string | undefined
  originalUrl: string
  params: Record<string, string | string[]>
  auth?: Auth
}

/** `app.use(protect(verifier))`, or before the handler of a route: `app.get('/', protect(verifier, { scopes: ['read'] }), …)`. */
export const protect = <Request extends ExpressRequest = ExpressRequest>(
  verifier: Verifier,
  options: GuardOptions<Request> = {},
): ((request: Request, response: ServerResponse, next: (error?: unknown) => void) => void) => {
  const guard = createGuard(verifier, options, (request: Request) =>
    nodeIncoming(request, request.ip, request.originalUrl),
  )
  return (request, response, next) => {
    const go = (admission: Admission): void => {
      if ('refusal' in admission) {
        const { status, headers, body } = admission.refusal
        response.writeHead(status, headers).end(body)
        return
      }
      for (const name in admission.headers) response.setHeader(name, admission.headers[name] as string)
      request.auth = admission.auth
      next()
    }
    let admission: MaybePromise<Admission>
    try {
      admission = guard(request)
    } catch (error) {
      next(error)
      return
    }
    if (admission instanceof Promise) admission.then(go, next)
    else go(admission)
  }
}
