// What a request is for: the host decides first (RFC 9110 §7.4: 421 for one that is not served here), then the longest path.
import { type Api, type Config, isLoopbackName } from '../config/config.ts'
import { resourceMetadataUrl } from '../verify/wire.ts'
import { hostName, originForm, parseTarget } from './target.ts'

export type Site =
  /** Latchkey's own endpoints; `api` is the one whose token endpoint a host is an alias of. `host`: its name, where that mattered. */
  | { kind: 'builtin'; api?: Api; host?: string }
  /** The RFC 9728 document of an API. */
  | { kind: 'resource_metadata'; api: Api }
  /** The management API under this API's profile; `url` is the path there, with the query. */
  | { kind: 'management'; api: Api; host: string; path: string; query: string; url: string }
  /** An API behind the gateway. `shared`: on a host that carries the dashboard too. */
  | { kind: 'gateway'; api: Api; host: string; path: string; query: string; shared: boolean }
  /** The host carries APIs, but none at this path. */
  | { kind: 'unrouted'; api: Api; host: string; path: string }
  /** The host is an alias of a token endpoint, or carries the dashboard but is not the issuer's, and has nothing at this path. */
  | { kind: 'not_found'; api?: Api }
  | { kind: 'malformed'; message: string; api?: Api }
  /** No such host here. */
  | { kind: 'misdirected' }

/** What is not for Latchkey itself. */
export type ForeignSite = Exclude<Site, { kind: 'builtin' | 'management' }>

interface Host {
  /** Carries Latchkey's own endpoints. */
  own: boolean
  /** The API that an authorization host names. */
  alias: Api | undefined
  /** In the order of the configuration. */
  apis: Api[]
  /** The same, longest path first. */
  byPath: Api[]
  /** APIs by the path of their resource identifier. */
  resources: Map<string, Api>
}

/** On every host: load balancers and orchestrators ask by address, proxies that ask for a decision keep their caller's Host. */
const anywhere = /^\/(?:(?:healthz|readyz|metrics)(?:\?|$)|forward-auth(?:[/?]|$))/
const aliases = new Set(['/token', '/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/authorize'])
const wellKnown = '/.well-known/oauth-protected-resource'
/** What the issuer says of itself stands on its own host alone (RFC 8414 §3.3): anywhere else it would name another issuer than it is found at. */
const issuerOnly =
  /^\/(?:\.well-known\/(?:oauth-authorization-server|openid-configuration|jwks\.json|cose-keys)|status-lists)(?:\/|$)/

const under = (path: string, prefix: string): boolean =>
  prefix === '/' || path === prefix || (path.startsWith(prefix) && path[prefix.length] === '/')

const isManagement = ({ upstreams }: Api): boolean => upstreams.values().next().value?.kind === 'management'

export class Sites {
  readonly #hosts = new Map<string, Host>()
  readonly #issuerHost: Host
  /** With LATCHKEY_URL unset every loopback name is the issuer's. */
  readonly #anyLoopback: boolean

  constructor(config: Config) {
    this.#issuerHost = this.#host(new URL(config.issuer).hostname)
    this.#anyLoopback = !config.issuerExplicit
    this.#issuerHost.own = true
    for (const name of config.dashboardHosts) this.#host(name).own = true
    for (const api of config.apis.values()) {
      for (const name of api.hosts) {
        const host = this.#host(name)
        host.apis.push(api)
        host.resources.set(api.path, api)
      }
      for (const name of api.authorizationHosts) this.#host(name).alias = api
    }
    for (const api of [config.management, ...config.apis.values()]) {
      const { hostname, pathname } = new URL(resourceMetadataUrl(api))
      this.#hosts.get(hostname)?.resources.set(pathname.slice(wellKnown.length) || '/', api)
    }
    for (const host of this.#hosts.values()) host.byPath = host.apis.toSorted((a, b) => b.path.length - a.path.length)
  }

  /** `host` is the one Host header (`requestHost`), `target` the request target as it was sent. */
  match(host: string | undefined, target: string): Site {
    const name = host === undefined ? undefined : hostName(host)
    if (host !== undefined && name === undefined)
      return { kind: 'malformed', message: 'Send one Host header that holds a host name.' }
    if (anywhere.test(target)) return { kind: 'builtin' }
    if (host === undefined || name === undefined) return { kind: 'malformed', message: 'Send a Host header.' }
    const found = this.#find(name)
    if (!found) return { kind: 'misdirected' }
    const plain = originForm(target, host)
    const parsed = parseTarget(plain)
    if ('malformed' in parsed) {
      const claimed = found.byPath.find((api) => under(plain, api.path))
      const api = claimed ?? (found.own ? undefined : (found.apis[0] ?? found.alias))
      return { kind: 'malformed', message: parsed.malformed, ...(api && { api }) }
    }
    const { path, query } = parsed
    if (found.alias && aliases.has(path)) return { kind: 'builtin', api: found.alias, host: name }
    const api = this.#resource(found, path)
    if (api) return { kind: 'resource_metadata', api }
    const routed = found.byPath.find((candidate) => under(path, candidate.path))
    if (routed) {
      if (!isManagement(routed)) return { kind: 'gateway', api: routed, host: name, path, query, shared: found.own }
      return {
        kind: 'management',
        api: routed,
        host: name,
        path,
        query,
        url: `/api/v1${routed.path === '/' ? path : path.slice(routed.path.length)}${query}`,
      }
    }
    if (found.own)
      return found !== this.#issuerHost && issuerOnly.test(path)
        ? { kind: 'not_found' }
        : { kind: 'builtin', host: name }
    if (found.apis[0]) return { kind: 'unrouted', api: found.apis[0], host: name, path }
    return found.alias ? { kind: 'not_found', api: found.alias } : { kind: 'misdirected' }
  }

  /** The API at `path` (in normal form) of a host name, for requests that others proxy. */
  apiAt(name: string, path: string): Api | undefined {
    return this.#find(name)?.byPath.find((api) => under(path, api.path))
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name)
    if (!host)
      this.#hosts.set(name, (host = { own: false, alias: undefined, apis: [], byPath: [], resources: new Map() }))
    return host
  }

  #find(name: string): Host | undefined {
    return this.#hosts.get(name) ?? (this.#anyLoopback && isLoopbackName(name) ? this.#issuerHost : undefined)
  }

  /** RFC 9728 §3.1: the path of the resource follows the well-known name; a path below it means the same resource. */
  #resource({ resources }: Host, path: string): Api | undefined {
    if (!under(path, wellKnown)) return undefined
    let best: string | undefined
    for (const prefix of resources.keys())
      if (under(path.slice(wellKnown.length) || '/', prefix) && prefix.length > (best?.length ?? 0)) best = prefix
    return best === undefined ? undefined : resources.get(best)
  }
}
