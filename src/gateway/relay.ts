// An upstream's answer on its way to the caller: passed on as it comes, cut where it is cut (RFC 9112 §8).
import type { ServerResponse } from 'node:http'
import { type Answer, type Headers, written } from '../verify/wire.ts'
import { answerHeaders } from './answer-headers.ts'
import type { Exchange, Failure, Receiver } from './exchange.ts'

/** RFC 9112 §4. What nobody could write again is left out; it means nothing. */
const reasonForm = /^[\t\x20-\x7e]*$/

/** Octets; an answer that comes in one piece and is not longer is written in one piece too. */
const smallLength = 64 * 1024

/** Informational answers (1xx) have ended before; trailers are passed on. */
export class Relay implements Receiver {
  readonly #response: ServerResponse
  readonly #own: Headers
  readonly #shared: boolean
  readonly #failed: (failure: Failure, error: Error) => void
  #length: number | undefined
  /** Nothing has been sent. */
  #unsent = true
  begun = false
  /** All that comes has come. */
  ended = false
  /** Set once there is one. */
  exchange: Exchange | undefined

  /**
   * Passes on to `response`, with `own` header fields. `shared`: on a host that carries the dashboard too. `failed`: there is no
   * answer, so that one can be given; an answer that breaks off breaks the caller's.
   */
  constructor(
    response: ServerResponse,
    own: Headers,
    shared: boolean,
    failed: (failure: Failure, error: Error) => void,
  ) {
    this.#response = response
    this.#own = own
    this.#shared = shared
    this.#failed = failed
  }

  begin(status: number, reason: string, fields: string[], length: number | undefined): void {
    if (this.#response.destroyed) return
    const headers = answerHeaders(fields, this.#own, this.#shared)
    if (status === 204 && headers.at(-2) === 'Content-Length') headers.length -= 2 // RFC 9110 §8.6
    this.#response.writeHead(status, reasonForm.test(reason) ? reason : '', headers)
    this.begun = true
    this.#length = length
    // an answer without a stated end may be a stream of events: its header does not wait for the first one
    if (length === undefined) process.nextTick(() => this.#sendHead())
  }

  data(chunk: Buffer): boolean {
    const response = this.#response
    if (response.destroyed) return true
    if (this.#unsent && chunk.length === this.#length && chunk.length <= smallLength) {
      this.#unsent = false
      this.ended = true
      response.end(chunk.toString('latin1'), 'latin1') // as text it goes out with the header in one piece, octet by octet the same
      return true
    }
    this.#unsent = false
    if (response.write(chunk)) return true
    response.once('drain', () => this.exchange?.resume())
    return false
  }

  end(trailers: string[]): void {
    const response = this.#response
    if (this.ended || response.destroyed) return
    this.ended = true
    const kept = answerHeaders(trailers, {}, this.#shared)
    const pairs: [string, string][] = []
    for (let i = 0; i < kept.length; i += 2) pairs.push([kept[i] as string, kept[i + 1] as string])
    if (pairs.length > 0) response.addTrailers(pairs)
    response.end()
  }

  fail(failure: Failure, error: Error): void {
    if (this.ended) return
    this.ended = true
    if (this.begun) this.#response.destroy()
    else this.#failed(failure, error)
  }

  #sendHead(): void {
    if (this.#unsent && !this.ended && !this.#response.destroyed) this.#response.flushHeaders()
  }
}

/** Writes an answer of Latchkey's own, with `own` fields before its own. */
export const writeAnswer = (response: ServerResponse, answer: Answer, own: Headers): void => {
  const { status, headers, body } = written(answer)
  response.writeHead(status, { ...own, ...headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(body)
}
