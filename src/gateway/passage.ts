// What every request through the gateway needs, and where an admitted one goes.
import type { Logger } from 'pino'
import type { Api, Config, Upstream } from '../config/config.ts'
import type { RequestHead } from '../http/short-way.ts'
import type { Principal } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { echoHost } from './echo.ts'
import type { Identify } from './identity.ts'
import type { Site, Sites } from './sites.ts'
import { upstreamHeaders } from './upstream-headers.ts'
import type { Upstreams } from './upstreams.ts'

export interface GatewayParts {
  config: Config
  sites: Sites
  verifier: Verifier
  upstreams: Upstreams
  identify: Identify
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

export interface Passage {
  upstream: Upstream
  /** Path and query at the upstream. */
  target: string
  /** Names and values in turn. */
  headers: string[]
}

/**
 * The API as the gateway serves it: environments that verify accepts but that have no upstream are refused before anything is spent.
 */
export const servedApis = ({ apis }: Config): ReadonlyMap<Api, Api> =>
  new Map(
    [...apis.values()].map((api) => {
      const served = [...api.environments].filter((environment) =>
        ['url', 'echo'].includes(api.upstreams.get(environment)?.kind ?? ''),
      )
      return [api, { ...api, environments: new Set(served) }]
    }),
  )

/** The way of an admitted request: the upstream of its environment, and what that gets. */
export const passageOf = async (
  { config, identify }: GatewayParts,
  request: RequestHead,
  { api, path, query }: Site & { kind: 'gateway' },
  principal: Principal,
  requestId: string,
): Promise<Passage> => {
  const upstream = api.upstreams.get(principal.environment)
  if (!upstream) throw new Error(`${api.name} has no upstream for "${principal.environment}".`) // judged with the environments of servedApis
  const identity = await identify(api, upstream, principal)
  const [host, base] =
    upstream.kind === 'url' ? [upstream.url.host, upstream.url.pathname.replace(/\/$/, '')] : [echoHost, '']
  const headers = upstreamHeaders(request, { api, host, identity, requestId, trustedProxies: config.trustedProxies })
  return { upstream, target: `${base}${path}${query}`, headers }
}
