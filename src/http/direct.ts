// The short way: the few requests that are asked all the time are answered on node:http itself, ahead of the framework.
import { randomUUIDv7 } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Site } from '../gateway/sites.ts'
import { requestHost } from '../gateway/target.ts'
import { type MaybePromise, andThen, orElse } from '../store/maybe-promise.ts'
import type { Headers } from '../verify/wire.ts'

/** An answer that only has to be sent. */
export interface WholeAnswer {
  status: number
  headers: Headers
  body: string
}

/**
 * One endpoint's short way. It calls what the framework's route calls; what it does itself is to read the plain form of a
 * request, which nearly all have, and to write the answer.
 */
export interface DirectRoute {
  method: 'GET' | 'POST'
  path: string
  /** Whether a query may follow the path. */
  query: boolean
  /**
   * undefined, before anything has been decided or spent: the request is not plain, and goes the framework's way as it came.
   */
  answer: (
    request: IncomingMessage,
    id: string,
    site: Site & { kind: 'builtin' },
  ) => MaybePromise<WholeAnswer | undefined>
}

export interface DirectDeps {
  routes: readonly DirectRoute[]
  siteOf: (host: string | undefined, target: string) => Site
  /** Fields of every answer. */
  headers: Headers
  /** The answer to a request over which something was thrown. */
  failed: (thrown: unknown, id: string) => WholeAnswer
  /** Told of every answer; `milliseconds` from the request's header to the answer. */
  answered: (route: DirectRoute, request: IncomingMessage, id: string, status: number, milliseconds: number) => void
}

/** Largest body that takes the short way; what a stream holds before it waits for its reader, so that it is there in one piece. */
const maxBodyLength = 60 * 1024

/** The body, if it is of exactly one of these media types and not large; it is all there. `putBack` undoes it. */
export const wholeBody = (request: IncomingMessage, mediaTypes: ReadonlySet<string>): Buffer | undefined => {
  const { rawHeaders } = request
  let mediaType: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 12 || name.toLowerCase() !== 'content-type') continue
    if (mediaType !== undefined) return undefined
    mediaType = rawHeaders[i + 1]
  }
  if (mediaType === undefined || !mediaTypes.has(mediaType)) return undefined
  const { readableLength } = request
  // to read where there is nothing would end the stream before the framework listens to it
  return readableLength > 0 && readableLength <= maxBodyLength ? (request.read() as Buffer) : undefined
}

/** Gives the body back for somebody else to read, in the same run of JavaScript. */
export const putBack = (request: IncomingMessage, body: Buffer): void => {
  request.unshift(body)
}

interface Waiting {
  request: IncomingMessage
  response: ServerResponse
  route: DirectRoute
  since: number
}

/**
 * Puts the short ways in front of the framework's listener. All requests that came in one turn of the event loop are answered
 * together at its end: by then most bodies are there, and one question to the store serves all of them (store/once-a-run.ts).
 * Whatever has not come whole by then goes the framework's way, with its time-outs and caps. Returns what ends the short ways.
 */
export const putInFront = (http: Server, { routes, siteOf, headers, failed, answered }: DirectDeps): (() => void) => {
  const [framework] = http.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  if (!framework) throw new Error('The framework does not listen.')
  const table = { GET: new Map<string, DirectRoute>(), POST: new Map<string, DirectRoute>() }
  for (const route of routes) table[route.method].set(route.path, route)
  const common = Object.entries(headers).flat()
  let open = true
  let waiting: Waiting[] = []
  /** The last host and target that were Latchkey's own, with their site: proxies send the same ones again and again. */
  let last: { host: string | undefined; target: string; site: Site & { kind: 'builtin' } } | undefined

  const ownSite = (host: string | undefined, target: string): (Site & { kind: 'builtin' }) | undefined => {
    if (last?.target === target && last.host === host) return last.site
    const site = siteOf(host, target)
    if (site.kind !== 'builtin') return undefined
    last = { host, target, site }
    return site
  }

  const routeOf = ({ method, url = '' }: IncomingMessage): DirectRoute | undefined => {
    if (method !== 'GET' && method !== 'POST') return undefined
    const query = url.indexOf('?')
    const route = table[method].get(query === -1 ? url : url.slice(0, query))
    return query === -1 || route?.query ? route : undefined
  }

  const send = (
    { response, request, route, since }: Waiting,
    id: string,
    { status, headers, body }: WholeAnswer,
  ): void => {
    const fields = ['x-request-id', id, ...common]
    for (const name in headers) fields.push(name, headers[name] as string)
    const length = Buffer.byteLength(body)
    fields.push('content-length', String(length))
    response.writeHead(status, fields)
    // of text in ASCII both encodings are the same bytes, and this one is the cheaper
    response.end(body, length === body.length ? 'latin1' : 'utf8')
    answered(route, request, id, status, performance.now() - since)
  }

  const answerOne = (one: Waiting): void => {
    const { request, response, route } = one
    const site =
      request.complete && !request.destroyed
        ? ownSite(requestHost(request.rawHeaders), request.url as string)
        : undefined
    if (!site) return framework(request, response)
    const id = randomUUIDv7()
    const answer = orElse<WholeAnswer | undefined>(
      () => route.answer(request, id, site),
      (thrown) => failed(thrown, id),
    )
    void andThen(answer, (whole) => (whole ? send(one, id, whole) : framework(request, response)))
  }

  const answerTurn = (): void => {
    const turn = waiting
    waiting = []
    for (const one of turn) answerOne(one)
  }

  http.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
    const route = open ? routeOf(request) : undefined
    if (!route) return framework(request, response)
    if (waiting.push({ request, response, route, since: performance.now() }) === 1) setImmediate(answerTurn)
  })
  return () => {
    open = false
  }
}
