// Exchanges by node:http: those with a body from the caller, which flows as it comes and may be answered before its end, and those
// that leave HTTP.
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Call,
  type Exchange,
  type Failure,
  type Receiver,
  SlowUpstream,
  failureOf,
  keptConnections,
  keptMs,
  lengthOf,
  milliseconds,
} from './exchange.ts'

/** Gives up where no connection is made in time. */
const limitConnecting = (request: ClientRequest, event: 'connect' | 'secureConnect', afterMs: number): void => {
  request.once('socket', (socket: Socket) => {
    if (!socket.connecting) return
    const timer = setTimeout(() => request.destroy(new Error('No connection was made in time.')), afterMs)
    socket.once(event, () => clearTimeout(timer))
    request.once('close', () => clearTimeout(timer))
  })
}

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

/** Hands an answer on to `receiver`. */
export const receive = (response: IncomingMessage, receiver: Receiver): void => {
  let fault = new Error('The upstream broke off.')
  response.once('error', (error) => (fault = error))
  response.once('close', () => {
    if (!response.complete) receiver.fail('upstream_unavailable', fault)
  })
  const { statusCode = 0, statusMessage = '', rawHeaders, headers } = response
  try {
    receiver.begin(statusCode, statusMessage, rawHeaders, lengthOf(headers['content-length']))
  } catch (error) {
    response.destroy() // it cannot be passed on
    return receiver.fail('upstream_unavailable', error as Error)
  }
  response.on('data', (chunk: Buffer) => {
    if (!receiver.data(chunk)) response.pause()
  })
  response.once('end', () => receiver.end(response.rawTrailers))
}

type UpgradeOutcome =
  | { response: IncomingMessage }
  | { upgraded: IncomingMessage; socket: Duplex; head: Buffer }
  | { failed: Failure; error: Error }

export class NodeClient {
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxFreeSockets: keptConnections, timeout: keptMs }),
    'https:': new https.Agent({ keepAlive: true, maxFreeSockets: keptConnections, timeout: keptMs }),
  }

  /** Begins the exchange. `fresh`: on a connection of its own. */
  call(call: Call, receiver: Receiver, fresh = false): Exchange {
    let response: IncomingMessage | undefined
    const request = this.#request(call, fresh)
    let fault = new Error('The upstream did not answer, or left HTTP without being asked to.')
    request.on('error', (error) => (fault = error))
    request.once('close', () => {
      if (!response) receiver.fail(failureOf(fault), fault)
    })
    request.once('response', (answer: IncomingMessage) => {
      if ((answer.statusCode as number) < 200)
        return request.destroy(new Error(`The upstream answered with status ${answer.statusCode}.`))
      response = answer
      receive(answer, receiver)
    })
    if (call.body === undefined || Buffer.isBuffer(call.body)) request.end(call.body)
    else call.body.pipe(request)
    return { abort: () => request.destroy(), resume: () => response?.resume() }
  }

  /** Asks to leave HTTP (RFC 9110 §7.8), on a connection of its own. The outcome never rejects. */
  upgrade(call: Call): { outcome: Promise<UpgradeOutcome>; abort: () => void } {
    const { promise, resolve } = Promise.withResolvers<UpgradeOutcome>()
    const request = this.#request(call, true)
    request.on('error', (error) => resolve({ failed: failureOf(error), error }))
    request.once('response', (response: IncomingMessage) => {
      if ((response.statusCode as number) >= 200) return resolve({ response })
      request.destroy(new Error(`The upstream answered with status ${response.statusCode}.`))
    })
    request.once('upgrade', (upgraded: IncomingMessage, socket: Duplex, head: Buffer) =>
      resolve({ upgraded, socket, head }),
    )
    request.end()
    return { outcome: promise, abort: () => request.destroy() }
  }

  /** Closes every connection, also those in use. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  #request({ url, method, target, headers, timeouts }: Call, fresh: boolean): ClientRequest {
    const secure = url.protocol === 'https:'
    const request = (secure ? https : http).request({
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? 443 : 80),
      method,
      path: target,
      headers,
      agent: fresh ? false : this.#agents[secure ? 'https:' : 'http:'],
    })
    limitConnecting(request, secure ? 'secureConnect' : 'connect', milliseconds(timeouts.connectSeconds))
    limitWaiting(request, milliseconds(timeouts.responseSeconds))
    return request
  }
}
