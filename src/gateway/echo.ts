// The built-in upstream `echo`: answers what an upstream would get, so that a configuration can be tried without one.
import { finished } from 'node:stream/promises'
import type { Principal } from '../verify/decision.ts'
import { type Answer, principalJson } from '../verify/wire.ts'
import type { Body } from './exchange.ts'

/** `Host` as the echo gets it. */
export const echoHost = 'echo'

/** Reads the body to its end and answers. `headers`: names and values in turn. Rejects when the caller goes away. */
export const echo = async (
  method: string,
  body: Body | undefined,
  target: string,
  headers: readonly string[],
  principal: Principal,
): Promise<Answer> => {
  if (body !== undefined && !Buffer.isBuffer(body)) {
    body.resume()
    if (!body.readableEnded) await finished(body, { writable: false })
  }
  const seen: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    seen[name] = seen[name] === undefined ? (headers[i + 1] as string) : `${seen[name]}, ${headers[i + 1]}`
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: {
      method,
      path: target,
      headers: seen,
      principal: principalJson(principal),
      upstream: principal.environment,
    },
  }
}
