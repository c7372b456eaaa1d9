// The gateway: requests to protected APIs, judged and passed on to their upstreams (RFC 9110 §7.6).
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Api, Config } from '../config/config.ts'
import { callerOf } from '../http/caller-facts.ts'
import { sendAnswer } from '../http/server.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Judgement } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Headers, callerHeaders, denialAnswer, errorAnswer, schemeOf } from '../verify/wire.ts'
import { originAt } from './address.ts'
import { admit } from './admission.ts'
import { sandbox } from './answer-headers.ts'
import { corsHeaders, isPreflight, openPreflight, preflightHeaders } from './cors.ts'
import { echo } from './echo.ts'
import { everyMethod } from './every-method.ts'
import { createIdentify } from './identity.ts'
import { type GatewayParts, type Passage, passageOf, servedApis } from './passage.ts'
import { relay } from './relay.ts'
import { resourceMetadata } from './resource-metadata.ts'
import type { Site, Sites } from './sites.ts'
import { requestHost } from './target.ts'
import { createUpgrades } from './upgrade.ts'
import { hasBody } from './upstream-headers.ts'
import { Upstreams } from './upstreams.ts'
import { type Refused, watch } from './watch.ts'

export interface GatewayDeps {
  config: Config
  sites: Sites
  verifier: Verifier
  keys: SigningKeys
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

export interface Gateway {
  /** Serves every request whose `site` is not one of Latchkey's own, at `path`. */
  routes: FastifyPluginAsync<{ path: string }>
  /** For the server's `upgrade` event. */
  handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Closes the connections to upstreams: once the server has closed. */
  close: () => void
}

type Routed = Site & { kind: 'gateway' }

export const createGateway = ({ config, sites, verifier, keys, log, now }: GatewayDeps): Gateway => {
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
  const expecting = new WeakSet<IncomingMessage>()

  /** Lets a caller who has been let in send its body. */
  const wantBody = ({ raw: request }: FastifyRequest, { raw: response }: FastifyReply): void => {
    if (expecting.delete(request)) response.writeContinue()
  }

  /** Exchanges the request with the upstream, for as long as its credential is good. */
  const proxy = async (
    request: FastifyRequest,
    reply: FastifyReply,
    api: Api,
    { url, target, headers, judgement, own, shared }: Proxied,
  ): Promise<FastifyReply> => {
    const { raw: incoming, id } = request
    const { raw: outgoing } = reply
    if (outgoing.destroyed) return reply.hijack() // the caller has gone
    const body = hasBody(incoming) ? incoming : undefined
    const exchange = upstreams.call({ url, method: request.method, target, headers, body, timeouts: api.timeouts })
    let ended: { refused: Refused | undefined } | undefined
    const stop = watch(
      async () => verifier.judge(api, { ...judgement, dryRun: true }),
      (refused) => {
        log.info({ request_id: id, api: api.name, check: refused?.reason.check }, 'open exchange ended')
        ended = { refused }
        exchange.abort()
        if (outgoing.headersSent) outgoing.destroy()
      },
    )
    outgoing.once('close', () => {
      stop()
      const unread = body !== undefined && !body.readableEnded
      if (unread) body.unpipe().resume()
      if (unread || !outgoing.writableFinished) exchange.abort()
    })
    const outcome = await exchange.outcome
    if ('response' in outcome) {
      reply.hijack()
      request.relayed = true
      relay(outcome.response, outgoing, own, shared)
      return reply
    }
    if (outgoing.destroyed) return reply.hijack() // the caller has gone
    body?.unpipe().resume()
    if (ended)
      return sendAnswer(
        reply,
        ended.refused
          ? denialAnswer(api, ended.refused, id, now(), schemeOf(judgement))
          : errorAnswer(api, 'temporarily_unavailable', id),
      )
    const failed = 'failed' in outcome ? outcome : { failed: 'upstream_unavailable' as const, error: undefined }
    log.warn({ request_id: id, api: api.name, err: failed.error }, 'upstream failed')
    return sendAnswer(reply, errorAnswer(api, failed.failed, id))
  }

  /** A request at an API: admitted or refused, and then passed on. */
  const pass = async (
    request: FastifyRequest,
    reply: FastifyReply,
    site: Routed | (Site & { kind: 'unrouted' }),
    own: Headers,
  ): Promise<FastifyReply> => {
    const { raw, id, method } = request
    const api = (site.kind === 'gateway' && served.get(site.api)) || site.api
    const { path, query } = site.kind === 'gateway' ? site : { path: '/', query: '' }
    const address = (): string => originAt(config.issuer, site.host) + site.path
    const caller = callerOf(raw, { proxies: config.trustedProxies, method, path: site.path, requestId: id })
    const admission = await admit(parts, api, { method, path, query, rawHeaders: raw.rawHeaders, address, caller }, id)
    if ('answer' in admission) return sendAnswer(reply, admission.answer)
    const { admitted, judgement } = admission
    const told = callerHeaders(api, admitted, now())
    reply.headers(told)
    if (site.kind === 'unrouted') return sendAnswer(reply, errorAnswer(api, 'not_found', id))
    const passage: Passage = await passageOf(parts, raw, site, admitted.principal, id)
    wantBody(request, reply)
    if (passage.upstream.kind === 'url') {
      const { upstream, ...rest } = passage
      return proxy(request, reply, api, {
        ...rest,
        url: upstream.url,
        judgement,
        own: { 'x-request-id': id, ...own, ...told },
        shared: site.shared,
      })
    }
    if (site.shared) reply.headers(sandbox)
    try {
      return sendAnswer(reply, await echo(raw, passage.target, passage.headers, admitted.principal))
    } catch (error) {
      if (reply.raw.destroyed) return reply.hijack() // the caller has gone
      throw error
    }
  }

  /** Runs before the framework looks at the body, which is not its to read. */
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { site, id, method, headers } = request
    if (site.kind === 'misdirected') return sendAnswer(reply, errorAnswer(config.management, 'misdirected_request', id))
    const api = site.api ?? config.management
    const own = corsHeaders(api, headers.origin)
    reply.headers(own)
    if (site.kind === 'malformed') return sendAnswer(reply, errorAnswer(api, 'invalid_request', id, site.message))
    const isDocument = site.kind === 'resource_metadata'
    if (isPreflight(method, headers))
      return reply
        .code(204)
        .headers(isDocument ? openPreflight('GET') : preflightHeaders(api, headers.origin))
        .send()
    if (isDocument && (method === 'GET' || method === 'HEAD'))
      return sendAnswer(reply, resourceMetadata(api, config.issuer))
    if (site.kind === 'gateway' || site.kind === 'unrouted') return pass(request, reply, site, own)
    return sendAnswer(reply, errorAnswer(api, 'not_found', id))
  }

  const routes: Gateway['routes'] = async (server, { path }) => {
    const { server: http } = server
    // undocumented on the server, documented as its option: what is not upgraded is served as an ordinary request
    Object.assign(http, { shouldUpgradeCallback: upgrades.wanted })
    http.on('checkContinue', (request: IncomingMessage, response) => {
      if (sites.match(requestHost(request.rawHeaders), request.url ?? '/').kind === 'gateway') expecting.add(request)
      else response.writeContinue()
      http.emit('request', request, response)
    })
    server.addHook('preClose', async () => upgrades.end())
    server.route({
      method: everyMethod(server),
      url: path,
      exposeHeadRoute: false,
      schema: { hide: true },
      onRequest: answer,
      handler: () => {
        throw new Error('The gateway answers before the body is read.')
      },
    })
  }
  return { routes, handleUpgrade: upgrades.handle, close: () => upstreams.close() }
}

interface Proxied extends Omit<Passage, 'upstream'> {
  url: URL
  judgement: Judgement
  /** Header fields that are ours, on the answer. */
  own: Headers
  shared: boolean
}
