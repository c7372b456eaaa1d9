// draft-ietf-oauth-status-list-21 §8.3: which tokens are revoked, as Latchkey's signed lists say. A list is kept for its `ttl`, and
// never believed past its `exp`.
import { decodeBase64url } from './base64url.ts'
import { inflate } from './inflate.ts'
import { type Keys } from './keys.ts'
import { readJwt } from './token.ts'

/** Of one list; ours have 8 KiB. */
const maxListBytes = 64 * 1024
export const maxListTokenBytes = 256 * 1024
const maxLists = 1_000
/** After a failure a list is not asked for again at once, milliseconds. */
const pauseMs = 1_000

interface List {
  bits: Uint8Array
  /** By the machine's clock, milliseconds. */
  freshUntil: number
  goodUntil: number
}

export interface StatusSource {
  issuer: string
  keys: Keys
  /** The list token; undefined where it cannot be had; null: there is none any more. */
  fetch: (uri: string) => Promise<string | null | undefined>
  /** Unix milliseconds. */
  wall: () => number
}

export class StatusLists {
  readonly #source: StatusSource
  readonly #lists = new Map<string, List>()
  readonly #fetching = new Map<string, Promise<void>>()
  readonly #failedAt = new Map<string, number>()

  constructor(source: StatusSource) {
    this.#source = source
  }

  /** What the list says of the place, if it is kept and fresh. */
  kept({ index, uri }: { index: number; uri: string }): 'valid' | 'invalid' | undefined {
    const list = this.#lists.get(uri)
    return list && this.#source.wall() < list.freshUntil ? statusAt(list, index) : undefined
  }

  /** 'unavailable': there is no list that may be believed. */
  async find(place: { index: number; uri: string }): Promise<'valid' | 'invalid' | 'unavailable'> {
    const { uri, index } = place
    // another's list says nothing of our tokens, and nobody makes us fetch from elsewhere
    if (!uri.startsWith(`${this.#source.issuer}/status-lists/`) || uri.includes('?') || uri.includes('#'))
      return 'invalid'
    const kept = this.kept(place)
    if (kept) return kept
    await this.#refresh(uri)
    const list = this.#lists.get(uri)
    return list && this.#source.wall() < list.goodUntil ? statusAt(list, index) : 'unavailable'
  }

  #refresh(uri: string): Promise<void> {
    const under = this.#fetching.get(uri)
    if (under) return under
    const now = this.#source.wall()
    const failedAt = this.#failedAt.get(uri)
    if (failedAt !== undefined && now - failedAt < pauseMs && now >= failedAt) return Promise.resolve()
    const fetching = this.#fetch(uri, now).finally(() => this.#fetching.delete(uri))
    this.#fetching.set(uri, fetching)
    return fetching
  }

  async #fetch(uri: string, now: number): Promise<void> {
    const text = await this.#source.fetch(uri)
    const list = text == null ? undefined : await this.#read(uri, text, now)
    this.#failedAt.delete(uri)
    if (list) {
      this.#lists.delete(uri)
      this.#lists.set(uri, list)
      if (this.#lists.size > maxLists) this.#lists.delete(this.#lists.keys().next().value as string)
    } else {
      if (text === null) this.#lists.delete(uri)
      this.#failedAt.set(uri, now)
      if (this.#failedAt.size > maxLists) this.#failedAt.delete(this.#failedAt.keys().next().value as string)
    }
  }

  async #read(uri: string, text: string, now: number): Promise<List | undefined> {
    const { keys, issuer } = this.#source
    const read = await readJwt(text, { keys, type: 'statuslist+jwt', algorithms: ['ES256'] })
    if (typeof read === 'string') return undefined
    const { iss, sub, exp, ttl = 60, status_list: list } = read.members
    if (iss !== issuer || sub !== uri || !isSeconds(exp) || !isSeconds(ttl) || exp * 1000 <= now) return undefined
    if (typeof list !== 'object' || list === null) return undefined
    const { bits, lst } = list as { bits?: unknown; lst?: unknown }
    const compressed = bits === 1 && typeof lst === 'string' ? decodeBase64url(lst) : undefined
    const inflated = compressed && (await inflate(compressed, maxListBytes))
    return inflated && { bits: inflated, freshUntil: Math.min(now + ttl * 1000, exp * 1000), goodUntil: exp * 1000 }
  }
}

const isSeconds = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value > 0

/** §8.3: an index beyond the list is no place of it. */
const statusAt = ({ bits }: List, index: number): 'valid' | 'invalid' =>
  index >> 3 < bits.length && (((bits[index >> 3] as number) >> (index & 7)) & 1) === 0 ? 'valid' : 'invalid'
