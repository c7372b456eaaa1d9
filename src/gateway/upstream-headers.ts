// What an upstream gets in the place of the caller's header: RFC 9110 §7.6.1 (hops), identity, and where the request came from.
import type { BlockList } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Api } from '../config/config.ts'
import { isTrusted } from '../http/client-address.ts'
import type { RequestHead } from '../http/short-way.ts'
import type { Headers } from '../verify/wire.ts'
import { canonical, hopByHop, namedInConnection } from './header-names.ts'

/** Written anew, or settled between the caller and Latchkey. */
const replaced = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'expect',
  'dpop',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
])
/** Frameworks that read these serve another path than the one that was matched. */
const otherPath = new Set(['x-original-url', 'x-original-uri', 'x-rewrite-url'])
/** Likewise another method; removed where scopes depend on the method. */
const otherMethod = new Set(['x-http-method', 'x-http-method-override', 'x-method-override'])
const ownCookie = /^(?:__(?:host|secure)-)?latchkey/i

/** Without Latchkey's own cookies; undefined where none is left. */
const foreignCookies = (value: string): string | undefined => {
  const kept = value.split(';').filter((pair) => !ownCookie.test(pair.trim()))
  return kept.length > 0 ? kept.join(';').trim() : undefined
}

export interface Passage {
  api: Api
  /** `Host` of the upstream. */
  host: string
  /** The fields that tell who calls. */
  identity: Headers
  requestId: string
  trustedProxies: BlockList
}

/** Whether a message follows the header (RFC 9112 §6.3). */
export const hasBody = ({ headers }: RequestHead): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

/** RFC 9110 §8.6: methods that have no content of their own are sent without Content-Length. */
const bodyless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

const framing = (request: RequestHead): string[] => {
  const length = request.headers['content-length']
  if (length !== undefined) return ['Content-Length', length]
  if (request.headers['transfer-encoding'] !== undefined) return ['Transfer-Encoding', 'chunked']
  return bodyless.has(request.method as string) ? [] : ['Content-Length', '0']
}

/** Names and values in turn, as node:http takes and gives them. */
export const upstreamHeaders = (
  request: RequestHead,
  { api, host, identity, requestId, trustedProxies }: Passage,
): string[] => {
  const { rawHeaders, socket } = request
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const trusted = isTrusted(trustedProxies, address)
  const named = namedInConnection(rawHeaders)
  const ownHeader =
    api.profile.presentation.header === undefined ? undefined : canonical(api.profile.presentation.header)
  const methodMatters = api.requiredScopes.some(({ methods }) => methods !== undefined)
  const headers = ['Host', host]
  const forwarded: { for: string[]; proto?: string; host?: string } = { for: [] }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const spelled = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    const name = canonical(spelled)
    // another spelling is not the proxy's: it has passed on what the caller sent
    if (trusted) {
      const told = spelled.toLowerCase()
      if (told === 'x-forwarded-for') forwarded.for.push(value)
      else if (told === 'x-forwarded-proto') forwarded.proto = value
      else if (told === 'x-forwarded-host') forwarded.host = value
    }
    if (
      replaced.has(name) ||
      named.has(name) ||
      name.startsWith('x-latchkey') ||
      otherPath.has(name) ||
      (methodMatters && otherMethod.has(name))
    )
      continue
    if (!api.forwardCredential && (name === 'authorization' || name === ownHeader)) continue
    if (!trusted && (name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip')) continue
    if (name === 'cookie') {
      const cookies = foreignCookies(value)
      if (cookies !== undefined) headers.push(spelled, cookies)
    } else headers.push(spelled, value)
  }
  headers.push(...framing(request))
  headers.push('X-Request-Id', requestId, 'X-Forwarded-For', [...forwarded.for, address].join(', '))
  headers.push(
    'X-Forwarded-Proto',
    forwarded.proto ?? ((socket as Partial<TLSSocket>).encrypted ? 'https' : 'http'),
    'X-Forwarded-Host',
    forwarded.host ?? request.headers.host ?? '',
  )
  for (const name in identity) headers.push(name, identity[name] as string)
  return headers
}
