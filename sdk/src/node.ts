// @latchkey/sdk/node: a guard in front of a listener of node:http.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { rawFields } from './guard/credential.ts'
import { type Auth, type GuardOptions, type Incoming, createGuard } from './guard/guard.ts'
import type { Verifier } from './verifier.ts'

export type { Auth, GuardOptions, UnverifiedAuth, VerifiedAuth } from './guard/guard.ts'

const pathOf = (target: string): string => target.replace(/[?#].*/s, '')

/** `ip`, `target`: as a framework knows them better. */
export const nodeIncoming = (
  { rawHeaders, method = 'GET', url = '/', socket }: IncomingMessage,
  ip: string | undefined = socket.remoteAddress,
  target: string = url,
): Incoming => ({ fields: rawFields(rawHeaders), method, path: pathOf(target), ip })

/** A request that has been let in. */
export type AuthenticatedRequest = IncomingMessage & { auth: Auth }

/** A listener that lets `handler` have only requests whose credential is good. */
export const protect = (
  verifier: Verifier,
  options: GuardOptions<IncomingMessage>,
  handler: (request: AuthenticatedRequest, response: ServerResponse) => unknown,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const guard = createGuard(verifier, options, (request: IncomingMessage) => nodeIncoming(request))
  return (request, response) => {
    const run = async (): Promise<void> => {
      const admission = await guard(request)
      if ('refusal' in admission) {
        const { status, headers, body } = admission.refusal
        response.writeHead(status, headers).end(body)
        return
      }
      for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value)
      await handler(Object.assign(request, { auth: admission.auth }), response)
    }
    run().catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
}
