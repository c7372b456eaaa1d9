// Exchanges by undici: those without a body, on connections that are kept.
import type * as Undici from 'undici'
import type { Client, Dispatcher, buildConnector } from 'undici'
import {
  type Call,
  type Exchange,
  type Receiver,
  SlowUpstream,
  failureOf,
  keptConnections,
  keptMs,
  lengthOf,
  milliseconds,
} from './exchange.ts'

/** One connection, made when it is first used and again whenever it has been closed. */
interface Kept {
  client: Client
  /** Whether an exchange has gone well on it. */
  used: boolean
}

/** The octets of names and values as text, each octet a character, as node:http gives and takes them. */
const fieldsOf = (raw: Dispatcher.DispatchController['rawHeaders']): string[] =>
  ((raw ?? []) as Buffer[]).map((octets) => octets.toString('latin1'))

const isClosing = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET'

type Settled = (kept: Kept, well: boolean) => void
type Again = (receiver: Receiver) => Exchange

class KeptExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #kept: Kept
  readonly #receiver: Receiver
  readonly #settled: Settled
  readonly #again: Again
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #stage: 'asked' | 'answered' | 'begun' = 'asked'
  #abort: Error | undefined
  /** The second attempt. */
  #second: Exchange | undefined

  constructor(kept: Kept, receiver: Receiver, responseSeconds: number, settled: Settled, again: Again) {
    this.#kept = kept
    this.#receiver = receiver
    this.#settled = settled
    this.#again = again
    this.#timer = setTimeout(
      () => this.#giveUp(new SlowUpstream('The upstream did not answer in time.')),
      milliseconds(responseSeconds),
    )
  }

  abort(): void {
    if (this.#second) this.#second.abort()
    else this.#giveUp(new Error('The exchange was given up.'))
  }

  resume(): void {
    if (this.#second) this.#second.resume()
    else this.#controller?.resume()
  }

  #giveUp(reason: Error): void {
    this.#abort ??= reason
    if (this.#controller) this.#controller.abort(reason)
    else void this.#kept.client.destroy(reason) // it waits for its connection
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abort) controller.abort(this.#abort)
  }

  onResponseStarted(): void {
    this.#stage = 'answered'
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    reason = '',
  ): void {
    if (status < 200) return // RFC 9110 §15.2: informational answers end here
    clearTimeout(this.#timer)
    this.#stage = 'begun'
    this.#receiver.begin(status, reason, fieldsOf(controller.rawHeaders), lengthOf(headers['content-length']))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#receiver.data(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#settled(this.#kept, true)
    this.#receiver.end(fieldsOf(controller.rawTrailers))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer)
    this.#settled(this.#kept, false)
    // a kept connection may be closed by the other side just when it is used again; and node:http takes a 100 that nobody asked for
    const mayBeTaken = this.#stage === 'answered' || (this.#stage === 'asked' && this.#kept.used)
    if (mayBeTaken && !this.#abort && isClosing(error)) this.#second = this.#again(this.#receiver)
    else this.#receiver.fail(failureOf(error), error)
  }
}

/** The connections to upstreams, each for one exchange at a time. As many as are needed; so many of them are kept while idle. */
export class KeptClient {
  readonly #undici: typeof Undici
  /** By origin and time-out. */
  readonly #idle = new Map<string, Kept[]>()
  readonly #connectors = new Map<number, buildConnector.connector>()
  readonly #all = new Set<Client>()

  constructor(undici: typeof Undici) {
    this.#undici = undici
  }

  /** Begins an exchange that has no body and is safe to repeat. `again` makes a second attempt, on a connection of its own. */
  call(call: Call, receiver: Receiver, again: Again): Exchange {
    const { url, method, target, headers, timeouts } = call
    const { connectSeconds, responseSeconds } = timeouts
    const key = `${connectSeconds} ${url.origin}`
    let idle = this.#idle.get(key)
    if (!idle) this.#idle.set(key, (idle = []))
    const kept = idle.pop() ?? { client: this.#connection(url.origin, connectSeconds), used: false }
    const settled: Settled = (one, well) => {
      if (!well || idle.length >= keptConnections) return this.#end(one.client)
      one.used = true
      idle.push(one)
    }
    const exchange = new KeptExchange(kept, receiver, responseSeconds, settled, again)
    kept.client.dispatch({ path: target, method, headers }, exchange)
    return exchange
  }

  /** Closes every connection, also those in use. */
  close(): void {
    for (const client of this.#all) this.#end(client)
  }

  #connection(origin: string, connectSeconds: number): Client {
    const client = new this.#undici.Client(origin, {
      connect: this.#connector(connectSeconds),
      allowH2: false,
      keepAliveTimeout: keptMs,
      keepAliveMaxTimeout: keptMs,
      // the exchange has its own clock, and an answer that has begun may take as long as it likes
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#all.add(client)
    return client
  }

  /** Shared by connections, so that they share TLS sessions. */
  #connector(seconds: number): buildConnector.connector {
    let connector = this.#connectors.get(seconds)
    if (!connector)
      this.#connectors.set(
        seconds,
        (connector = this.#undici.buildConnector({ allowH2: false, timeout: milliseconds(seconds) })),
      )
    return connector
  }

  #end(client: Client): void {
    this.#all.delete(client)
    void client.destroy()
  }
}
