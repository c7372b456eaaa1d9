// The public keys that GitHub signs its reports with, fetched when one is not known and kept for a while.
import { type KeyObject, createPublicKey, verify } from 'node:crypto'
import type { SafeFetch } from '../clients/safe-fetch.ts'
import type { LeaksConfig } from '../config/leaks.ts'

const maxAnswerBytes = 64 * 1024
const maxKeys = 50

/** Anybody can name a key that does not exist: its address is asked no more often than this. */
const refetchMs = 60_000

const readKeys = (entries: Iterable<readonly [string, string]>): Map<string, KeyObject> => {
  const keys = new Map<string, KeyObject>()
  for (const [id, pem] of entries) {
    if (keys.size >= maxKeys) break
    try {
      const key = createPublicKey(pem)
      if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') keys.set(id, key)
    } catch {
      // not one of ours to use
    }
  }
  return keys
}

const entriesOf = (text: string): [string, string][] => {
  try {
    const { public_keys: keys } = JSON.parse(text) as { public_keys?: unknown }
    return (Array.isArray(keys) ? (keys as { key_identifier?: unknown; key?: unknown }[]) : []).flatMap((one) =>
      typeof one?.key_identifier === 'string' && typeof one.key === 'string'
        ? [[one.key_identifier, one.key] as [string, string]]
        : [],
    )
  } catch {
    return []
  }
}

export class GithubKeys {
  readonly #github: NonNullable<LeaksConfig['github']>
  readonly #fetcher: Pick<SafeFetch, 'json'>
  readonly #now: () => number
  #keys: Map<string, KeyObject>
  #freshUntil = 0
  #fetchedAt = Number.NEGATIVE_INFINITY

  constructor(github: NonNullable<LeaksConfig['github']>, fetcher: Pick<SafeFetch, 'json'>, now: () => number) {
    this.#github = github
    this.#fetcher = fetcher
    this.#now = now
    this.#keys = readKeys(Object.entries(github.keys ?? {}))
  }

  /** Whether GitHub has signed these very bytes: ECDSA on P-256 with SHA-256, DER, base64. */
  async hasSigned(body: Buffer, keyId: unknown, signature: unknown): Promise<boolean> {
    if (typeof keyId !== 'string' || typeof signature !== 'string') return false
    if (keyId.length > 128 || !/^[A-Za-z0-9+/]{64,128}={0,2}$/.test(signature)) return false
    const key = await this.#find(keyId)
    return key !== undefined && verify('sha256', body, key, Buffer.from(signature, 'base64'))
  }

  async #find(keyId: string): Promise<KeyObject | undefined> {
    if (this.#github.keys !== undefined) return this.#keys.get(keyId)
    const now = this.#now()
    const known = now < this.#freshUntil ? this.#keys.get(keyId) : undefined
    if (known || now - this.#fetchedAt < refetchMs) return known
    this.#fetchedAt = now
    const fetched = await this.#fetcher.json(this.#github.keysUrl, maxAnswerBytes)
    // a key that GitHub may have withdrawn is not used on
    if ('failed' in fetched) return undefined
    this.#keys = readKeys(entriesOf(fetched.text))
    this.#freshUntil = now + fetched.freshMs
    return this.#keys.get(keyId)
  }
}
