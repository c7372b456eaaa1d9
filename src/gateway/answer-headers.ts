// What a caller gets of an upstream's header: RFC 9110 §7.6.1 (hops), without what is Latchkey's to say.
import type { Headers } from '../verify/wire.ts'
import { canonical, hopByHop, namedInConnection } from './header-names.ts'

/** Said by Latchkey alone: limits, the request's id, nonces for proofs, who may read across origins. */
const ours = new Set([
  'x-request-id',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'ratelimit',
  'ratelimit-policy',
  'dpop-nonce',
])

/** Lists, to which ours are added. */
const appended = new Set(['link', 'vary'])

/**
 * Fields by which one answer changes how a browser treats the whole origin. On a host that carries the dashboard too,
 * that origin is Latchkey's.
 */
const originWide = new Set([
  'set-cookie',
  'set-cookie2',
  'clear-site-data',
  'service-worker-allowed',
  'strict-transport-security',
  'public-key-pins',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
  'accept-ch',
  'critical-ch',
  'origin-agent-cluster',
])

/**
 * Sent with every upstream's answer on the dashboard's host. Browsers put no Authorization on a navigation or a <script>, so
 * that an upstream's content is never reached by one; should one get there all the same, `sandbox` makes it a document of
 * another origin without script, and `nosniff` keeps data from being taken for script.
 */
export const sandbox: Headers = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' }

/**
 * The upstream's fields that are passed on, then `own`. `shared`: the host carries the dashboard too. Names and values in turn.
 * Content-Length comes last: behind it node:http writes Content-Disposition in another encoding than the octets that came.
 */
export const answerHeaders = (rawHeaders: readonly string[], own: Headers, shared: boolean): string[] => {
  const named = namedInConnection(rawHeaders)
  const headers: string[] = []
  let length: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = canonical(rawHeaders[i] as string)
    if (
      hopByHop.has(name) ||
      named.has(name) ||
      ours.has(name) ||
      name.startsWith('x-latchkey') ||
      name.startsWith('access-control-')
    )
      continue
    if (shared && (originWide.has(name) || name in sandbox)) continue
    if (own[name] !== undefined && !appended.has(name)) continue
    if (name === 'content-length') length = rawHeaders[i + 1]
    else headers.push(rawHeaders[i] as string, rawHeaders[i + 1] as string)
  }
  for (const name in own) headers.push(name, own[name] as string)
  if (shared) for (const name in sandbox) headers.push(name, sandbox[name] as string)
  if (length !== undefined) headers.push('Content-Length', length)
  return headers
}
