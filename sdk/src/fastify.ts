// @latchkey/sdk/fastify: a hook that lets in only requests whose credential is good, and says whose it is in `request.auth`.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Admission, type Auth, type GuardOptions, createGuard } from './guard/guard.ts'
import { nodeIncoming } from './node.ts'
import type { Verifier } from './verifier.ts'

export type { Auth, GuardOptions, UnverifiedAuth, VerifiedAuth } from './guard/guard.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, behind `protect`. */
    auth: Auth
  }
}

/** `app.addHook('onRequest', protect(verifier))`, or of a route: `{ onRequest: protect(verifier, { scopes: ['read'] }) }`. */
export const protect = (
  verifier: Verifier,
  options: GuardOptions<FastifyRequest> = {},
): ((request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void) => {
  const guard = createGuard(verifier, options, (request: FastifyRequest) =>
    nodeIncoming(request.raw, request.ip, request.originalUrl),
  )
  return (request, reply, done) => {
    const go = (admission: Admission): void => {
      if ('refusal' in admission) {
        const { status, headers, body } = admission.refusal
        void reply.code(status).headers(headers).serializer(asIs).send(body)
        return
      }
      reply.headers(admission.headers)
      request.auth = admission.auth
      done()
    }
    // the framework catches what is thrown here
    const admission = guard(request)
    if (admission instanceof Promise) admission.then(go, done)
    else go(admission)
  }
}

const asIs = (body: unknown): string => body as string
