// The signing keys of one reading of the store, each opened at most once.
import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../profiles/profile.ts'
import type { SecretBox } from '../secret-box.ts'
import type { SigningKeyRecord } from '../store/store.ts'
import { algorithms, type PublicJwk, verificationKey } from './algorithms.ts'

/** What SecretBox binds a key's ciphertext to. */
export const sealContext = (id: string): string => `signing_keys/${id}`

/** A key with its opened forms; lives as long as its row. */
class RingKey {
  readonly record: SigningKeyRecord
  readonly #box: SecretBox
  #signing: KeyObject | undefined
  #verification: KeyObject | undefined
  #publicJwk: PublicJwk | undefined

  constructor(record: SigningKeyRecord, box: SecretBox, known?: RingKey) {
    this.record = record
    this.#box = box
    if (known) {
      this.#signing = known.#signing
      this.#verification = known.#verification
      this.#publicJwk = known.#publicJwk
    }
  }

  /** The private key or the secret. Throws where LATCHKEY_SECRET is not the one that it was sealed with. */
  get signing(): KeyObject {
    this.#signing ??= algorithms[this.record.algorithm].signingKey(this.#open())
    return this.#signing
  }

  /** undefined for a secret. */
  get publicJwk(): PublicJwk | undefined {
    if (this.record.publicJwk === null) return undefined
    this.#publicJwk ??= JSON.parse(this.record.publicJwk) as PublicJwk
    return this.#publicJwk
  }

  /** undefined for a secret. */
  get verification(): KeyObject | undefined {
    const jwk = this.publicJwk
    if (!jwk) return undefined
    this.#verification ??= verificationKey(jwk)
    return this.#verification
  }

  #open(): Buffer {
    const { id, sealed } = this.record
    try {
      return this.#box.open(sealed, sealContext(id))
    } catch (cause) {
      throw new Error(`Signing key ${id} cannot be opened: LATCHKEY_SECRET is not the one that it was sealed with.`, {
        cause,
      })
    }
  }
}

/** One key of each asymmetric algorithm, one secret for each API that has its own. */
export interface Slot {
  algorithm: SigningAlgorithm
  api: string | null
}

const slotName = ({ algorithm, api }: Slot): string => `${algorithm} ${api ?? ''}`

export class KeyRing {
  readonly #byId: ReadonlyMap<string, RingKey>
  readonly #current = new Map<string, RingKey>()

  /** `records` newest first; what `before` has opened is kept. */
  constructor(records: readonly SigningKeyRecord[], box: SecretBox, before?: KeyRing) {
    this.#byId = new Map(
      records.map((record) => [record.id, new RingKey(record, box, before ? before.#byId.get(record.id) : undefined)]),
    )
    for (const key of this.#byId.values())
      if (key.record.retiredAt === null) this.#current.set(slotName(key.record), key)
  }

  /** The key that signs in this slot. */
  current(slot: Slot): RingKey | undefined {
    return this.#current.get(slotName(slot))
  }

  /** The keys that sign or still verify at `now` (Unix milliseconds), newest first. */
  *inForce(now: number): Iterable<RingKey> {
    for (const key of this.#byId.values()) if (isInForce(key, now)) yield key
  }

  /** The key of this id, if it signs or still verifies at `now`. */
  find(id: string, now: number): RingKey | undefined {
    const key = this.#byId.get(id)
    return key && isInForce(key, now) ? key : undefined
  }
}

const isInForce = ({ record: { expiresAt } }: RingKey, now: number): boolean => expiresAt === null || expiresAt > now
