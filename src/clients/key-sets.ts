// The key sets of clients, those behind an address kept for a while (RFC 7591 §2 `jwks_uri`, OpenID Connect Core §10.1.1).
import type { ClientRecord } from '../store/store.ts'
import { type ClientKey, maxKeySetLength, readKeySet } from './client-keys.ts'
import type { SafeFetch } from './safe-fetch.ts'

interface Kept {
  keys: readonly ClientKey[]
  /** Unix milliseconds. */
  freshUntil: number
  fetchedAt: number
}

const maxKept = 1000

/** A key that is not in the set may be new; but anybody can name one that does not exist. */
const unknownKeyMs = 30_000

export class KeySets {
  readonly #fetcher: SafeFetch
  readonly #now: () => number
  readonly #kept = new Map<string, Kept>()

  /** `now` in Unix milliseconds. */
  constructor(fetcher: SafeFetch, now: () => number) {
    this.#fetcher = fetcher
    this.#now = now
  }

  /**
   * The client's keys, those called `kid` where one is named. What cannot be fetched anew when its time is over is not used on:
   * a key that was taken away would otherwise live as long as its address is down. `failed` is for the log.
   */
  async find(
    { jwks, jwksUri }: Pick<ClientRecord, 'jwks' | 'jwksUri'>,
    kid: string | undefined,
  ): Promise<{ keys: readonly ClientKey[] } | { failed: string }> {
    const called = (keys: readonly ClientKey[]): { keys: readonly ClientKey[] } => ({
      keys: kid === undefined ? keys : keys.filter((key) => key.kid === kid),
    })
    if (jwks !== null) {
      const set = readKeySet(jwks)
      return 'mistake' in set ? { failed: `its key set ${set.mistake}` } : called(set.keys)
    }
    if (jwksUri === null) return { failed: 'it has no keys' }
    const kept = this.#kept.get(jwksUri)
    if (kept && kept.freshUntil > this.#now()) {
      const found = called(kept.keys)
      if (found.keys.length > 0 || kept.fetchedAt + unknownKeyMs > this.#now()) return found
    }
    const fetched = await this.#fetch(jwksUri)
    return 'failed' in fetched ? fetched : called(fetched.keys)
  }

  async #fetch(uri: string): Promise<Kept | { failed: string }> {
    const fetched = await this.#fetcher.json(uri, maxKeySetLength)
    if ('failed' in fetched) return { failed: `its keys could not be fetched: ${fetched.failed}` }
    const set = readKeySet(fetched.text)
    if ('mistake' in set) return { failed: `what its keys' address answers ${set.mistake}` }
    const now = this.#now()
    const kept = { keys: set.keys, freshUntil: now + fetched.freshMs, fetchedAt: now }
    this.#kept.delete(uri) // so that it comes last
    this.#kept.set(uri, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest)
    return kept
  }
}
