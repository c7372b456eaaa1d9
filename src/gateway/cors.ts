// WHATWG Fetch §3.2 (CORS): who may call an API from a browser on another origin. Preflights are answered here; upstreams never see one.
import type { IncomingHttpHeaders } from 'node:http'
import type { Api } from '../config/config.ts'
import { takesDpop } from '../profiles/profile.ts'
import type { Headers } from '../verify/wire.ts'

const defaultMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const exposed = [
  'Retry-After',
  'WWW-Authenticate',
  'DPoP-Nonce',
  'X-Request-Id',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'RateLimit',
  'RateLimit-Policy',
  'Deprecation',
  'Sunset',
  'Link',
]
const defaultMaxAgeSeconds = 600

export const isPreflight = (method: string | undefined, headers: IncomingHttpHeaders): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined

/** On what any page may read and no credential of the browser opens. */
export const openToPages: Headers = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id',
}

/** For the answer to a preflight of such. */
export const openPreflight = (methods: string): Headers => ({
  ...openToPages,
  'access-control-allow-methods': methods,
  'access-control-allow-headers': 'Authorization, Content-Type, DPoP, MCP-Protocol-Version',
  'access-control-max-age': String(defaultMaxAgeSeconds),
})

/** Where the answer depends on the origin, caches are told so. */
const allowOrigin = (origins: readonly string[], origin: string | undefined): Headers => {
  if (origins.includes('*')) return { 'access-control-allow-origin': '*' }
  return {
    vary: 'Origin',
    ...(origin !== undefined && origins.includes(origin) && { 'access-control-allow-origin': origin }),
  }
}

/** For every answer of the API. The browser's own credentials are never let in: callers bring theirs in a header. */
export const corsHeaders = ({ cors }: Pick<Api, 'cors'>, origin: string | undefined): Headers => {
  if (!cors) return {}
  const headers = allowOrigin(cors.origins, origin)
  if (headers['access-control-allow-origin'] !== undefined)
    headers['access-control-expose-headers'] = [...exposed, ...(cors.exposeHeaders ?? [])].join(', ')
  return headers
}

/** For the answer to a preflight; without `access-control-*` where the origin may not call. */
export const preflightHeaders = (
  { cors, profile }: Pick<Api, 'cors' | 'profile'>,
  origin: string | undefined,
): Headers => {
  if (!cors) return {}
  const headers = allowOrigin(cors.origins, origin)
  if (headers['access-control-allow-origin'] === undefined) return headers
  headers['access-control-allow-methods'] = (cors.methods ?? defaultMethods).join(', ')
  headers['access-control-allow-headers'] = [
    ...new Set([
      profile.presentation.header ?? 'Authorization',
      ...(takesDpop(profile) ? ['DPoP'] : []),
      ...(cors.headers ?? ['Content-Type']),
    ]),
  ].join(', ')
  headers['access-control-max-age'] = String(cors.maxAgeSeconds ?? defaultMaxAgeSeconds)
  return headers
}
