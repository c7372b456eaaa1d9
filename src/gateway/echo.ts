// The built-in upstream `echo`: answers what an upstream would get, so that a configuration can be tried without one.
import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import type { Principal } from '../verify/decision.ts'
import { type Answer, principalJson } from '../verify/wire.ts'

/** `Host` as the echo gets it. */
export const echoHost = 'echo'

/** Reads the body to its end and answers. `headers`: names and values in turn. Rejects when the caller goes away. */
export const echo = async (
  request: IncomingMessage,
  target: string,
  headers: readonly string[],
  principal: Principal,
): Promise<Answer> => {
  request.resume()
  if (!request.readableEnded) await finished(request, { writable: false })
  const seen: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    seen[name] = seen[name] === undefined ? (headers[i + 1] as string) : `${seen[name]}, ${headers[i + 1]}`
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: {
      method: request.method,
      path: target,
      headers: seen,
      principal: principalJson(principal),
      upstream: principal.environment,
    },
  }
}
