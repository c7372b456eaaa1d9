// One exchange with an upstream: connections that are kept, time-outs, and the one case in which a request is sent twice (RFC 9110 §9.2.2).
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Api } from '../config/config.ts'

export interface Call {
  url: URL
  method: string
  /** Path with query, base path of the upstream included. */
  target: string
  /** Names and values in turn. */
  headers: readonly string[]
  /** What is sent after the header; undefined: nothing. */
  body: IncomingMessage | undefined
  timeouts: Api['timeouts']
  /** Asks to leave HTTP (RFC 9110 §7.8): a connection of its own. */
  upgrade?: boolean
}

type Outcome =
  | { response: IncomingMessage }
  | { upgraded: IncomingMessage; socket: Duplex; head: Buffer }
  | { failed: 'upstream_unavailable' | 'upstream_timeout'; error: Error }

export interface Exchange {
  /** Settles at the first byte of the answer; never rejects. */
  outcome: Promise<Outcome>
  abort: () => void
}

/** Idle connections that are kept per upstream, and for how long. */
const keptConnections = 256
const keptMs = 30_000

const longestTimer = 2 ** 31 - 1

/** Methods that are safe to send twice. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

const isReset = (error: NodeJS.ErrnoException): boolean => error.code === 'ECONNRESET' || error.code === 'EPIPE'

const milliseconds = (seconds: number): number => Math.min(seconds * 1000, longestTimer)

/** Gives up where no connection is made in time. */
const limitConnecting = (request: ClientRequest, event: 'connect' | 'secureConnect', afterMs: number): void => {
  request.once('socket', (socket: Socket) => {
    if (!socket.connecting) return
    const timer = setTimeout(() => request.destroy(new Error('No connection was made in time.')), afterMs)
    socket.once(event, () => clearTimeout(timer))
    request.once('close', () => clearTimeout(timer))
  })
}

export class Upstreams {
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxFreeSockets: keptConnections, timeout: keptMs }),
    'https:': new https.Agent({ keepAlive: true, maxFreeSockets: keptConnections, timeout: keptMs }),
  }

  /** Begins the exchange. */
  call(call: Call): Exchange {
    let current: ClientRequest | undefined
    let aborted = false
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const send = (again: boolean): void => {
      const request = this.#request(call, again)
      current = request
      request.on('error', (error: NodeJS.ErrnoException) => {
        // a kept connection may be closed by the other side just when it is used again
        const stale = !again && !aborted && request.reusedSocket && isReset(error)
        if (stale && call.body === undefined && repeatable.has(call.method)) send(true)
        else resolve({ failed: error instanceof SlowUpstream ? 'upstream_timeout' : 'upstream_unavailable', error })
      })
      request.once('response', (response: IncomingMessage) => {
        if ((response.statusCode ?? 0) >= 200) resolve({ response })
        else request.destroy(new Error(`The upstream answered with status ${response.statusCode}.`))
      })
      if (call.upgrade)
        request.once('upgrade', (upgraded: IncomingMessage, socket: Duplex, head: Buffer) =>
          resolve({ upgraded, socket, head }),
        )
      if (call.body === undefined) request.end()
      else call.body.pipe(request)
    }
    send(false)
    return {
      outcome: promise,
      abort() {
        aborted = true
        current?.destroy()
      },
    }
  }

  /** Closes every connection, also those in use. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  #request({ url, method, target, headers, timeouts, upgrade }: Call, again: boolean): ClientRequest {
    const secure = url.protocol === 'https:'
    const request = (secure ? https : http).request({
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? 443 : 80),
      method,
      path: target,
      headers,
      agent: upgrade || again ? false : this.#agents[secure ? 'https:' : 'http:'],
    })
    limitConnecting(request, secure ? 'secureConnect' : 'connect', milliseconds(timeouts.connectSeconds))
    limitWaiting(request, milliseconds(timeouts.responseSeconds))
    return request
  }
}

class SlowUpstream extends Error {}

/** Gives up where the answer does not begin in time. The time in which the upstream waits for the caller's body does not count. */
const limitWaiting = (request: ClientRequest, afterMs: number): void => {
  const timer = setTimeout(() => {
    const waitsForCaller = !request.writableEnded && !request.writableNeedDrain
    if (waitsForCaller) timer.refresh()
    else request.destroy(new SlowUpstream('The upstream did not answer in time.'))
  }, afterMs)
  const refresh = (): void => void timer.refresh()
  const done = (): void => {
    clearTimeout(timer)
    request.off('drain', refresh).off('finish', refresh)
  }
  request.on('drain', refresh).once('finish', refresh)
  request.once('response', done).once('upgrade', done).once('close', done)
}
