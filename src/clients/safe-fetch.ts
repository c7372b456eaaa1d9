// What a stranger names is fetched here and nowhere else: metadata documents and key sets of clients
// (draft-ietf-oauth-client-id-metadata-document-02 §5, §8.6, §8.7; OWASP: Server-Side Request Forgery).
import { Resolver } from 'node:dns/promises'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { isThisMachine } from '../config/base-url.ts'
import { version } from '../version.ts'
import { isPublicAddress } from './public-address.ts'

/** `freshMs`: how long it may be kept. `failed` is for the log. */
export type Fetched = { text: string; freshMs: number } | { failed: string }

/** Every address of a name. */
type Resolve = (hostname: string) => Promise<readonly string[]>

const connectMs = 2000
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

const maxUrlLength = 2000

/** Whether addresses of this machine may be fetched: only where the deployment itself is nowhere else, for development. */
const reachesItself = (issuer: string): boolean => isThisMachine(new URL(issuer).hostname)

/**
 * What is wrong with an address that a stranger names, for a deployment of this issuer; undefined: nothing. Names and port 443 alone, so
 * that this server cannot be sent to knock at other ports. It must be spelled as browsers spell it: nobody may read it otherwise.
 */
export const fetchMistake = (issuer: string, text: string): string | undefined => {
  if (text.length > maxUrlLength) return `is longer than ${maxUrlLength} characters`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) return 'is not a URL'
  if (url.href !== text) return 'is not in its normal spelling, or has no path'
  if (text.includes('#')) return 'has a fragment'
  if (url.username !== '' || url.password !== '') return 'names a user'
  if (reachesItself(issuer) && isThisMachine(url.hostname) && /^https?:$/.test(url.protocol)) return undefined
  if (url.protocol !== 'https:') return 'must be https'
  if (
    isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
    !url.hostname.includes('.') ||
    isThisMachine(url.hostname)
  )
    return 'must name a host of the public Internet'
  return url.port === '' ? undefined : 'must use port 443'
}

const freshness = ({ 'cache-control': control = '', age = '0' }: IncomingMessage['headers']): number => {
  if (/(^|,)\s*no-(store|cache)\s*(=|,|$)/i.test(control)) return minFreshMs
  const seconds = /(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})"?\s*(?:,|$)/i.exec(control)?.[1]
  if (seconds === undefined) return usualFreshMs
  const spent = /^\d{1,10}$/.test(age) ? Number(age) : 0
  return Math.min(maxFreshMs, Math.max(minFreshMs, (Number(seconds) - spent) * 1000))
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A refusal to go on; anything else that is thrown on the way is the network's. */
class Unfit extends Error {}

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

/** One GET to `address`, which was checked; the name is for TLS and the Host header alone, and is not looked up again. */
const get = (url: URL, address: string, maxBytes: number, deadline: AbortSignal): Promise<Fetched> =>
  new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const request = (secure ? httpsRequest : httpRequest)({
      host: address,
      port: url.port || (secure ? 443 : 80),
      ...(secure && { servername: isIP(url.hostname) === 0 ? url.hostname : '', rejectUnauthorized: true }),
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': `Latchkey/${version}`,
      },
      agent: false, // a connection of its own, closed after
      signal: deadline,
    })
    const connecting = setTimeout(() => request.destroy(new Unfit(`no connection within ${connectMs} ms`)), connectMs)
    request.once('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting)),
    )
    request.once('close', () => clearTimeout(connecting))
    request.on('error', reject)
    request.once('response', (response) => {
      read(response, maxBytes)
        .then(resolve, reject)
        .finally(() => request.destroy())
    })
    request.end()
  })

const resolver = (): Resolve => {
  const dns = new Resolver({ timeout: 1000, tries: 2 }) // not the system's look-up, whose few threads a slow name server would hold
  return async (hostname) => {
    const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
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
      return await get(url, await this.#addressOf(url.hostname, deadline), maxBytes, deadline)
    } catch (error) {
      return { failed: failureOf(error, deadline) }
    }
  }

  /** Where to connect. One forbidden address among others is a trap, and all are refused. */
  async #addressOf(hostname: string, deadline: AbortSignal): Promise<string> {
    if (isThisMachine(hostname)) return hostname === '[::1]' ? '::1' : isIP(hostname) === 4 ? hostname : '127.0.0.1'
    const late = new Promise<never>((_resolve, reject) =>
      deadline.addEventListener('abort', () => reject(new Unfit('late'))),
    )
    const addresses = await Promise.race([this.#resolve(hostname), late])
    const [address] = addresses
    if (address === undefined) throw new Unfit('its host has no address')
    if (!addresses.every(isPublicAddress)) throw new Unfit('its host is not on the public Internet')
    return address
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
