// The short ways: the few requests that are asked all the time are answered ahead of the framework, on sockets of our own
// (plain-connections.ts) or on node:http (direct.ts). Both call the same functions, here.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Site } from '../gateway/sites.ts'
import { requestHost } from '../gateway/target.ts'
import { type MaybePromise, orElse } from '../store/maybe-promise.ts'
import type { Headers } from '../verify/wire.ts'

/** What of a request is read, whichever way it came; node:http's own is one. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & {
  rawHeaders: readonly string[]
  socket: Pick<Socket, 'remoteAddress'>
}

/** An answer that only has to be sent. */
export interface WholeAnswer {
  status: number
  headers: Headers
  /** More of them: an object that is the same for many answers, and never changed. */
  shared?: Readonly<Headers>
  body: string
}

type OwnSite = Site & { kind: 'builtin' }

/**
 * One endpoint's short way. It calls what the framework's route calls; what it does itself is to read the plain form of a
 * request, which nearly all have, and to write the answer.
 */
export interface DirectRoute {
  method: 'GET' | 'POST'
  path: string
  /** Whether a query may follow the path. */
  query: boolean
  /** Of POST: what its body may be, spelled exactly so, and its octets at most. */
  takes?: { mediaTypes: ReadonlySet<string>; length: number }
  /**
   * `body`: all of it; empty where there is none. undefined, before anything has been decided or spent: the request is not
   * plain, and goes the framework's way as it came.
   */
  answer: (request: RequestHead, body: Buffer, id: string, site: OwnSite) => MaybePromise<WholeAnswer | undefined>
}

export interface DirectDeps {
  routes: readonly DirectRoute[]
  /** What serves a request that the framework never sees; undefined: it is the framework's. */
  serviceOf: (request: RequestHead) => Service | undefined
  siteOf: (host: string | undefined, target: string) => Site
  /** Fields of every answer. */
  headers: Headers
  /** The answer to a request over which something was thrown. */
  failed: (thrown: unknown, id: string) => WholeAnswer
  /** Told of every answer; `milliseconds` from the request's header to the answer. */
  answered: (route: DirectRoute, request: RequestHead, id: string, status: number, milliseconds: number) => void
}

/** Serves a request with all of its body on a response of node:http's. */
export type Service = (body: Buffer, response: ServerResponse) => void

/** Where a request goes that may take a short way. */
export interface ShortWay {
  route: DirectRoute
  site: OwnSite
}

export interface ShortWays {
  /** Fields of every answer. */
  headers: Headers
  /** The route, by method and target alone. */
  routeOf: (method: string | undefined, target: string) => DirectRoute | undefined
  /** The way of a request whose host is Latchkey's own; undefined: the framework's. */
  wayOf: (route: DirectRoute, request: RequestHead) => ShortWay | undefined
  /** Never throws and never rejects. undefined: the framework's way. */
  answer: (way: ShortWay, request: RequestHead, body: Buffer, id: string) => MaybePromise<WholeAnswer | undefined>
  failed: DirectDeps['failed']
  answered: DirectDeps['answered']
  serviceOf: DirectDeps['serviceOf']
}

export const createShortWays = ({ routes, serviceOf, siteOf, headers, failed, answered }: DirectDeps): ShortWays => {
  const table = { GET: new Map<string, DirectRoute>(), POST: new Map<string, DirectRoute>() }
  for (const route of routes) table[route.method].set(route.path, route)
  /** The last host and target that were Latchkey's own, with their site: proxies send the same ones again and again. */
  let last: { host: string | undefined; target: string; site: OwnSite } | undefined

  const ownSite = (host: string | undefined, target: string): OwnSite | undefined => {
    if (last?.target === target && last.host === host) return last.site
    const site = siteOf(host, target)
    if (site.kind !== 'builtin') return undefined
    last = { host, target, site }
    return site
  }

  return {
    headers,
    routeOf(method, target) {
      if (method !== 'GET' && method !== 'POST') return undefined
      const query = target.indexOf('?')
      const route = table[method].get(query === -1 ? target : target.slice(0, query))
      return query === -1 || route?.query ? route : undefined
    },
    wayOf(route, { rawHeaders, url = '' }) {
      const site = ownSite(requestHost(rawHeaders), url)
      return site && { route, site }
    },
    answer: ({ route, site }, request, body, id) =>
      orElse<WholeAnswer | undefined>(
        () => route.answer(request, body, id, site),
        (thrown) => failed(thrown, id),
      ),
    failed,
    answered,
    serviceOf,
  }
}
