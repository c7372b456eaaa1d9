// Which client carries an exchange, and the one case in which a request is sent twice (RFC 9110 §9.2.2).
import type { Call, Exchange, Receiver } from './exchange.ts'
import { KeptClient } from './kept-client.ts'
import { NodeClient } from './node-client.ts'

/** Methods that are safe to send twice. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export class Upstreams {
  readonly #node = new NodeClient()
  #kept: KeptClient | undefined

  /** To be awaited before the first `call`; loaded here because many processes, those of the command line, call nobody. */
  async load(): Promise<void> {
    const undici = await import('undici')
    this.#kept ??= new KeptClient(undici)
  }

  get loaded(): boolean {
    return this.#kept !== undefined
  }

  /**
   * Begins the exchange. What is safe to repeat and has no body goes by undici, which costs half as much. Anything else goes by
   * node:http: undici ends the caller's connection along with an upload that was answered early, and takes an unasked 100 (Continue),
   * which old servers send to a POST, for a failure.
   */
  call(call: Call, receiver: Receiver): Exchange {
    if (!this.#kept) throw new Error('Not loaded.')
    if (call.body !== undefined || !repeatable.has(call.method)) return this.#node.call(call, receiver)
    return this.#kept.call(call, receiver, (to) => this.#node.call(call, to, true))
  }

  /** Asks to leave HTTP (RFC 9110 §7.8). */
  upgrade(call: Call): ReturnType<NodeClient['upgrade']> {
    return this.#node.upgrade(call)
  }

  /** Closes every connection, also those in use. */
  close(): void {
    this.#node.close()
    this.#kept?.close()
  }
}
