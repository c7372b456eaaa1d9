// RFC 9110 §7.8, RFC 6455: requests that leave HTTP. They are judged like every other, and then the connection is passed through.
import { randomUUIDv7 } from 'node:crypto'
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Api } from '../config/config.ts'
import { callerOf } from '../http/caller-facts.ts'
import { callerHeaders, errorAnswer } from '../verify/wire.ts'
import { originAt } from './address.ts'
import { admit, faultAnswer } from './admission.ts'
import { answerHeaders } from './answer-headers.ts'
import { corsHeaders } from './cors.ts'
import { type GatewayParts, passageOf } from './passage.ts'
import { receive } from './node-client.ts'
import { Relay, writeAnswer } from './relay.ts'
import type { Site } from './sites.ts'
import { requestHost } from './target.ts'
import { hasBody } from './upstream-headers.ts'
import { watch } from './watch.ts'

/** Protocols that carry further HTTP requests, which would then reach the upstream unjudged ("h2c smuggling"). */
const carriesHttp = /^(?:h2c|http|tls)/i

const protocolsOf = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '' && !carriesHttp.test(protocol))

/** A response on a connection that the server has let go of; it closes with the answer. `release` takes it off the connection. */
const responseOn = (request: IncomingMessage, socket: Socket): { response: ServerResponse; release: () => void } => {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  const drained = (): void => void response.emit('drain')
  socket.on('drain', drained)
  const release = (): void => {
    socket.off('drain', drained)
    response.detachSocket(socket)
  }
  response.once('finish', () => {
    release()
    socket.destroySoon()
  })
  return { response, release }
}

/** Whether an earlier request on the connection is still being answered; node:http's own, undocumented. */
const isAnswering = ({ socket }: IncomingMessage): boolean =>
  Boolean((socket as { _httpMessage?: unknown })._httpMessage)

export interface Upgrades {
  /** Whether a request that asks to be upgraded is; otherwise it is served as an ordinary one (RFC 9110 §7.8 lets a server ignore the field). */
  wanted: (request: IncomingMessage) => boolean
  handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Ends all open connections. */
  end: () => void
}

export const createUpgrades = (parts: GatewayParts, served: ReadonlyMap<Api, Api>): Upgrades => {
  const { config, sites, verifier, upstreams, log, now } = parts
  const open = new Set<Duplex>()

  const siteOf = (request: IncomingMessage): Site => sites.match(requestHost(request.rawHeaders), request.url ?? '/')

  /** Joins both ends until one of them closes, or `ended` says so. */
  const join = (caller: Duplex, upstream: Duplex): void => {
    for (const [one, other] of [
      [caller, upstream],
      [upstream, caller],
    ] as const) {
      one.on('error', () => one.destroy())
      one.once('close', () => {
        open.delete(one)
        other.destroy()
      })
      open.add(one)
      one.pipe(other)
    }
  }

  const serve = async (
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    site: Site & { kind: 'gateway' },
    requestId: string,
  ): Promise<void> => {
    const api = served.get(site.api) ?? site.api
    const { path, query } = site
    const method = request.method as string
    const { response, release } = responseOn(request, socket)
    const own = { 'x-request-id': requestId, ...corsHeaders(api, request.headers.origin) }
    const { rawHeaders } = request
    const address = (): string => originAt(config.issuer, site.host) + path
    const caller = callerOf(request, { proxies: config.trustedProxies, method, path, requestId })
    const admission = await admit(parts, api, { method, path, query, rawHeaders, address, caller }, requestId)
    if ('answer' in admission) return writeAnswer(response, admission.answer, own)
    const { admitted, judgement } = admission
    Object.assign(own, callerHeaders(api, admitted, now()))
    const { upstream, target, headers } = await passageOf(parts, request, site, admitted.principal, requestId)
    if (upstream.kind !== 'url')
      return writeAnswer(
        response,
        errorAnswer(api, 'invalid_request', requestId, 'This API does not upgrade connections.'),
        own,
      )
    const offered = protocolsOf(request.headers.upgrade)
    headers.push('Connection', 'Upgrade', 'Upgrade', offered.join(', '))
    const { timeouts } = api
    if (socket.destroyed) return // the caller has gone
    const exchange = upstreams.upgrade({ url: upstream.url, method, target, headers, body: undefined, timeouts })
    const stop = watch(
      async () => verifier.judge(api, { ...judgement, dryRun: true }),
      (refused) => {
        log.info({ request_id: requestId, api: api.name, check: refused?.reason.check }, 'open connection ended')
        socket.destroy()
      },
    )
    socket.once('close', () => {
      stop()
      exchange.abort()
    })
    const outcome = await exchange.outcome
    if ('failed' in outcome) {
      if (socket.destroyed) return
      log.warn({ request_id: requestId, api: api.name, err: outcome.error }, 'upstream failed')
      return writeAnswer(response, errorAnswer(api, outcome.failed, requestId), own)
    }
    // only what has been upgraded is passed through: a refusal is an ordinary answer, after which the connection closes
    if ('response' in outcome) {
      const answer = outcome.response
      const relay = new Relay(response, own, site.shared, () => socket.destroy())
      relay.exchange = { abort: exchange.abort, resume: () => answer.resume() }
      return receive(answer, relay)
    }
    const { upgraded, socket: upstreamSocket, head: first } = outcome
    const chosen = upgraded.headers.upgrade ?? ''
    if (socket.destroyed) return void upstreamSocket.destroy()
    if (!offered.some((protocol) => protocol.toLowerCase() === chosen.toLowerCase())) {
      upstreamSocket.destroy()
      return writeAnswer(response, errorAnswer(api, 'upstream_unavailable', requestId), own)
    }
    release()
    const fields = [...answerHeaders(upgraded.rawHeaders, own, site.shared), 'Connection', 'Upgrade', 'Upgrade', chosen]
    const lines = fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1]}\r\n`] : []))
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1')
    socket.setTimeout(0)
    if (first.length > 0) socket.write(first)
    if (head.length > 0) upstreamSocket.write(head)
    join(socket, upstreamSocket)
  }

  return {
    wanted(request) {
      if (request.httpVersion !== '1.1' || hasBody(request) || isAnswering(request)) return false
      if (protocolsOf(request.headers.upgrade).length === 0) return false
      const site = siteOf(request)
      return site.kind === 'gateway' && [...site.api.upstreams.values()].some(({ kind }) => kind === 'url')
    },
    handle(request, socket, head) {
      socket.on('error', () => socket.destroy())
      const requestId = randomUUIDv7()
      const site = siteOf(request)
      if (site.kind !== 'gateway') {
        socket.destroy() // not wanted
        return
      }
      // the server's connections are sockets, TLS ones included
      serve(request, socket as Socket, head, site, requestId).catch((error: unknown) => {
        faultAnswer(config.management, requestId, error, log)
        socket.destroy()
      })
    },
    end() {
      for (const end of open) end.destroy()
    },
  }
}
