// The gateway: requests to protected APIs, judged and passed on to their upstreams (RFC 9110 §7.6).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { Api, Config } from '../config/config.ts'
import { callerOf } from '../http/caller-facts.ts'
import type { RequestHead } from '../http/short-way.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Judgement } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Answer, type Headers, callerHeaders, denialAnswer, errorAnswer, schemeOf } from '../verify/wire.ts'
import { originAt } from './address.ts'
import { admit } from './admission.ts'
import { sandbox } from './answer-headers.ts'
import { corsHeaders, isPreflight, openPreflight, preflightHeaders } from './cors.ts'
import { echo } from './echo.ts'
import { createIdentify } from './identity.ts'
import { type GatewayParts, type Passage, passageOf, servedApis } from './passage.ts'
import type { Body } from './exchange.ts'
import { Relay, writeAnswer } from './relay.ts'
import { resourceMetadata } from './resource-metadata.ts'
import type { ForeignSite, Site, Sites } from './sites.ts'
import { requestHost } from './target.ts'
import { createUpgrades } from './upgrade.ts'
import { Upstreams } from './upstreams.ts'
import { type Refused, watch } from './watch.ts'
import { newId } from '../uuid.ts'

/** What is told of a request once its answer has been sent. */
interface Passed {
  request: RequestHead
  id: string
  status: number
  milliseconds: number
  /** Whether the answer is the upstream's. */
  relayed: boolean
}

export interface GatewayDeps {
  config: Config
  sites: Sites
  verifier: Verifier
  keys: SigningKeys
  log: Logger
  /** Unix milliseconds. */
  now: () => number
  /** Fields of every answer that is Latchkey's own. */
  headers: Headers
  /** The answer to a request over which something was thrown. */
  failed: (thrown: unknown, api: Api, id: string) => Answer
  answered: (passed: Passed) => void
}

export interface Gateway {
  /** Serves a request that is not for Latchkey itself. */
  serve: (request: RequestHead, body: Body | undefined, response: ServerResponse, site: ForeignSite) => void
  /** For the server's `upgrade` event, and whether it is to be asked (node:http's `shouldUpgradeCallback`). */
  handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  isUpgraded: (request: IncomingMessage) => boolean
  /** For the server's `checkContinue` event. Answers whether the request waits until it has been let in. */
  holdBody: (request: IncomingMessage) => boolean
  /** Loads what calls upstreams, before the first request has to wait for it. */
  prepare: () => Promise<void>
  /** Ends the upgraded connections. */
  stop: () => void
  /** Closes the connections to upstreams: once the server has closed. */
  close: () => void
}

/** One request and its answer on their way. */
interface Visit {
  request: RequestHead
  body: Body | undefined
  response: ServerResponse
  id: string
  method: string
  /** Fields of the answer that are ours, whoever's answer it is. */
  own: Headers
  relay?: Relay
}

export const createGateway = (deps: GatewayDeps): Gateway => {
  const { config, sites, verifier, keys, log, now, failed, answered } = deps
  const upstreams = new Upstreams()
  const parts: GatewayParts = {
    config,
    sites,
    verifier,
    upstreams,
    identify: createIdentify(keys, config.issuer, now),
    log,
    now,
  }
  const served = servedApis(config)
  const upgrades = createUpgrades(parts, served)
  /** Callers that send their body only when told to (RFC 9110 §10.1.1). */
  const expecting = new WeakSet<RequestHead>()

  const send = ({ response, own }: Visit, answer: Answer): void =>
    writeAnswer(response, answer, { ...deps.headers, ...own })

  /** Exchanges the request with the upstream, for as long as its credential is good. */
  const proxy = (visit: Visit, api: Api, url: URL, judgement: Judgement, passage: Passage, shared: boolean): void => {
    const { body, response, id, method, own } = visit
    if (response.destroyed) return // the caller has gone
    const upload = Buffer.isBuffer(body) ? undefined : body
    let ended: { refused: Refused | undefined } | undefined
    const relay = new Relay(response, own, shared, (failure, error) => {
      if (response.destroyed) return // the caller has gone
      upload?.unpipe().resume()
      if (ended?.refused) return send(visit, denialAnswer(api, ended.refused, id, now(), schemeOf(judgement)))
      if (ended) return send(visit, errorAnswer(api, 'temporarily_unavailable', id))
      log.warn({ request_id: id, api: api.name, err: error }, 'upstream failed')
      send(visit, errorAnswer(api, failure, id))
    })
    const { target, headers } = passage
    const exchange = upstreams.call({ url, method, target, headers, body, timeouts: api.timeouts }, relay)
    relay.exchange = exchange
    visit.relay = relay
    const stop = watch(
      async () => verifier.judge(api, { ...judgement, dryRun: true }),
      (refused) => {
        log.info({ request_id: id, api: api.name, check: refused?.reason.check }, 'open exchange ended')
        ended = { refused }
        exchange.abort()
      },
    )
    const over = (): void => {
      stop()
      const unread = upload !== undefined && !upload.readableEnded
      if (unread) upload.unpipe().resume()
      if (unread || !relay.ended) exchange.abort()
    }
    response.once('finish', over).once('close', over)
  }

  /** A request at an API: admitted or refused, and then passed on. */
  const pass = async (visit: Visit, site: Site & { kind: 'gateway' | 'unrouted' }): Promise<void> => {
    const { request, response, id, method, own } = visit
    const { rawHeaders } = request
    const api = (site.kind === 'gateway' && served.get(site.api)) || site.api
    const { path, query } = site.kind === 'gateway' ? site : { path: '/', query: '' }
    const address = (): string => originAt(config.issuer, site.host) + site.path
    const caller = callerOf(request, { proxies: config.trustedProxies, method, path: site.path, requestId: id })
    const admission = await admit(parts, api, { method, path, query, rawHeaders, address, caller }, id)
    if ('answer' in admission) return send(visit, admission.answer)
    const { admitted, judgement } = admission
    Object.assign(own, callerHeaders(api, admitted, now()))
    if (site.kind === 'unrouted') return send(visit, errorAnswer(api, 'not_found', id))
    const passage = await passageOf(parts, request, site, admitted.principal, id)
    if (expecting.delete(request)) response.writeContinue()
    const { upstream, target, headers } = passage
    if (upstream.kind === 'url') {
      if (!upstreams.loaded) await upstreams.load()
      return proxy(visit, api, upstream.url, judgement, passage, site.shared)
    }
    const answer = await echo(method, visit.body, target, headers, admitted.principal)
    if (site.shared) Object.assign(own, sandbox)
    send(visit, answer)
  }

  /** The answer to what never reaches an upstream; undefined: it may. */
  const answerTo = ({ request, response, id, method, own }: Visit, site: ForeignSite): Answer | 'sent' | undefined => {
    if (site.kind === 'misdirected') return errorAnswer(config.management, 'misdirected_request', id)
    const api = site.api ?? config.management
    const { headers } = request
    Object.assign(own, corsHeaders(api, headers.origin))
    if (site.kind === 'malformed') return errorAnswer(api, 'invalid_request', id, site.message)
    // what it was coded with beside would be lost, and the upstream none the wiser
    if (!/^chunked$/i.test(headers['transfer-encoding'] ?? 'chunked'))
      return errorAnswer(api, 'invalid_request', id, 'Transfer-Encoding must be "chunked" and nothing else.')
    const isDocument = site.kind === 'resource_metadata'
    if (isPreflight(method, headers)) {
      const allowed = isDocument ? openPreflight('GET') : preflightHeaders(api, headers.origin)
      response.writeHead(204, { ...deps.headers, ...own, ...allowed }).end()
      return 'sent'
    }
    if (isDocument && (method === 'GET' || method === 'HEAD')) return resourceMetadata(api, config.issuer)
    return site.kind === 'gateway' || site.kind === 'unrouted' ? undefined : errorAnswer(api, 'not_found', id)
  }

  const serve: Gateway['serve'] = (request, body, response, site) => {
    const since = performance.now()
    const id = newId()
    const visit: Visit = { request, body, response, id, method: request.method as string, own: { 'x-request-id': id } }
    response.once('finish', () => {
      const milliseconds = performance.now() - since
      answered({ request, id, status: response.statusCode, milliseconds, relayed: visit.relay?.begun === true })
    })
    const answer = answerTo(visit, site)
    if (answer === 'sent') return
    if (answer) return send(visit, answer)
    pass(visit, site as Site & { kind: 'gateway' | 'unrouted' }).catch((thrown: unknown) => {
      if (response.destroyed) return // the caller has gone
      if (response.headersSent) response.destroy(thrown as Error)
      else send(visit, failed(thrown, 'api' in site && site.api ? site.api : config.management, id))
    })
  }

  return {
    serve,
    handleUpgrade: upgrades.handle,
    isUpgraded: upgrades.wanted,
    holdBody(request) {
      const held = sites.match(requestHost(request.rawHeaders), request.url ?? '/').kind === 'gateway'
      if (held) expecting.add(request)
      return held
    },
    prepare: () => upstreams.load(),
    stop: () => upgrades.end(),
    close: () => upstreams.close(),
  }
}
