// What a stranger names is fetched here and nowhere else: metadata documents and key sets of clients
// (draft-ietf-oauth-client-id-metadata-document-02 §5, §8.6, §8.7; OWASP: Server-Side Request Forgery).
import type { IncomingMessage } from 'node:http'
import { type Resolve, Unfit, addressOf, fetchMistake, resolver } from './strangers-address.ts'
import { askStranger } from './strangers-request.ts'

/** `freshMs`: how long it may be kept. `failed` is for the log. */
export type Fetched = { text: string; freshMs: number } | { failed: string }

const wholeMs = 5000

const maxInFlight = 200
const maxInFlightOfHost = 4

/** What could not be had is not asked for again that soon, so that nobody hammers others through this server. */
const pauseMs = 10_000
const maxPauses = 1000

/** Bounds of what Cache-Control may say, and what counts where it says nothing. */
const minFreshMs = 60_000
const usualFreshMs = 10 * 60_000
const maxFreshMs = 24 * 60 * 60_000

const freshness = ({ 'cache-control': control = '', age = '0' }: IncomingMessage['headers']): number => {
  if (/(^|,)\s*no-(store|cache)\s*(=|,|$)/i.test(control)) return minFreshMs
  const seconds = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})"?\s*(?:,|$)/i.exec(control)?.[1]
  if (seconds === undefined) return usualFreshMs
  const spent = /^\d{1,10}$/.test(age) ? Number(age) : 0
  return Math.min(maxFreshMs, Math.max(minFreshMs, (Number(seconds) - spent) * 1000))
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const read = async (response: IncomingMessage, maxBytes: number): Promise<Fetched> => {
  const { statusCode, headers } = response
  if (statusCode !== 200) throw new Unfit(`the answer is ${statusCode}, not 200`) // redirects too: they would lead past every check
  if (!/^application\/([\w.!#$&^-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw new Unfit('the answer is not JSON')
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    throw new Unfit('the answer is compressed, which was not asked for')
  const tooLong = new Unfit(`the answer is longer than ${maxBytes} bytes`)
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLong
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw tooLong
    chunks.push(chunk)
  }
  try {
    return { text: utf8.decode(Buffer.concat(chunks)), freshMs: freshness(headers) }
  } catch {
    throw new Unfit('the answer is not UTF-8')
  }
}

const failureOf = (error: unknown, deadline: AbortSignal): string => {
  if (deadline.aborted) return `no whole answer within ${wholeMs} ms`
  if (error instanceof Unfit) return error.message
  return `it cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'no reason known'})`
}

export class SafeFetch {
  readonly #issuer: string
  readonly #now: () => number
  readonly #resolve: Resolve
  readonly #inFlight = new Map<string, Promise<Fetched>>()
  readonly #ofHost = new Map<string, number>()
  readonly #paused = new Map<string, { until: number; failed: string }>()

  /** `now` in Unix milliseconds. `resolve`: another name service than the machine's. */
  constructor(issuer: string, now: () => number, resolve: Resolve = resolver()) {
    this.#issuer = issuer
    this.#now = now
    this.#resolve = resolve
  }

  /** The JSON text at `url`, unparsed; never more than `maxBytes`. Never throws over what others do. */
  json(url: string, maxBytes: number): Promise<Fetched> {
    const failed = fetchMistake(this.#issuer, url) ?? this.#pauseOf(url)
    if (failed !== undefined) return Promise.resolve({ failed })
    const what = `${maxBytes} ${url}`
    const running = this.#inFlight.get(what)
    if (running) return running
    const { hostname } = new URL(url)
    const ofHost = this.#ofHost.get(hostname) ?? 0
    if (this.#inFlight.size >= maxInFlight || ofHost >= maxInFlightOfHost)
      return Promise.resolve({ failed: 'too many are being fetched' })
    this.#ofHost.set(hostname, ofHost + 1)
    const fetching = this.#fetch(new URL(url), maxBytes)
      .then((fetched) => {
        if ('failed' in fetched) this.#pause(url, fetched.failed)
        return fetched
      })
      .finally(() => {
        this.#inFlight.delete(what)
        const left = (this.#ofHost.get(hostname) ?? 1) - 1
        if (left > 0) this.#ofHost.set(hostname, left)
        else this.#ofHost.delete(hostname)
      })
    this.#inFlight.set(what, fetching)
    return fetching
  }

  async #fetch(url: URL, maxBytes: number): Promise<Fetched> {
    const deadline = AbortSignal.timeout(wholeMs)
    try {
      const address = await addressOf(url.hostname, this.#resolve, deadline)
      const sent = { method: 'GET', headers: { accept: 'application/json' } } as const
      return await askStranger(url, address, sent, deadline, (response) => read(response, maxBytes))
    } catch (error) {
      return { failed: failureOf(error, deadline) }
    }
  }

  #pauseOf(url: string): string | undefined {
    const pause = this.#paused.get(url)
    return pause !== undefined && pause.until > this.#now() ? pause.failed : undefined
  }

  #pause(url: string, failed: string): void {
    this.#paused.delete(url) // so that it comes last
    this.#paused.set(url, { until: this.#now() + pauseMs, failed })
    const [oldest] = this.#paused.keys()
    if (this.#paused.size > maxPauses && oldest !== undefined) this.#paused.delete(oldest)
  }
}
