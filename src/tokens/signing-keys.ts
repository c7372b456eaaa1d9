// The signing keys' life: made at first start, rotated, published (RFC 7517, RFC 9052 §7), pruned.
import { type KeyObject, randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { SigningAlgorithm } from '../profiles/profile.ts'
import type { SecretBox } from '../secret-box.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import type { Schema } from '../store/schema.ts'
import type { SigningKeyRecord, Store } from '../store/store.ts'
import { algorithms, type PublicJwk } from './algorithms.ts'
import { encodeBase64url } from './base64url.ts'
import { encodeKeySet } from './cose.ts'
import { KeyRing, type Slot, sealContext } from './key-ring.ts'

/** The longest life of a token; a retired key verifies so long, and a minute more for clocks that differ. */
export const maxLifetimeSeconds = 86_400
const overlapMs = (maxLifetimeSeconds + 60) * 1000
const dayMs = 86_400_000
const pruneBatch = 100

export interface Signer {
  id: string
  algorithm: SigningAlgorithm
  /** The private key or the secret. */
  key: KeyObject
}

export interface RotatedKey extends Slot {
  id: string
  /** The key that signed before and now only verifies. */
  replaces: string | null
}

/** Runs in the transaction of the rotation, so that what it writes stands or falls with it. */
export type OnRotated = (trx: Transaction<Schema>, rotated: readonly RotatedKey[]) => Promise<void>

/** RFC 7517 §4. */
export type PublishedJwk = PublicJwk & { kid: string; use: 'sig'; alg: SigningAlgorithm }

export type SigningKeyMetadata = Omit<SigningKeyRecord, 'publicJwk' | 'sealed'>

export class SigningKeys {
  readonly #store: Store
  readonly #box: SecretBox
  readonly #slots: readonly Slot[]
  readonly #rotateAfterMs: number
  readonly #now: () => number
  #records: readonly SigningKeyRecord[] | undefined
  #ring: KeyRing | undefined

  /** `now` in Unix milliseconds. */
  constructor(store: Store, box: SecretBox, config: Pick<Config, 'apis' | 'rotateAfterDays'>, now: () => number) {
    this.#store = store
    this.#box = box
    this.#slots = [
      ...(Object.keys(algorithms) as SigningAlgorithm[])
        .filter((algorithm) => !algorithms[algorithm].symmetric)
        .map((algorithm) => ({ algorithm, api: null })),
      ...[...config.apis.values()]
        .map(({ name, profile }) => ({ algorithm: profile.token.algorithm, api: name }))
        .filter(({ algorithm }) => algorithms[algorithm].symmetric),
    ]
    this.#rotateAfterMs = config.rotateAfterDays * dayMs
    this.#now = now
  }

  /** Makes the keys that are missing; several processes may do so at once. Throws where LATCHKEY_SECRET does not open those that there are. */
  async ensure(): Promise<void> {
    const before = await this.#read()
    await this.#replace(
      this.#slots.filter((slot) => before.current(slot) === undefined),
      (current) => current === undefined,
    )
    for (const slot of this.#slots) await this.#currentKey(slot)
  }

  /**
   * New keys that sign at once; the old ones go on verifying until the last token of theirs has expired.
   * Without `which`, all keys. Throws Refusal `not_found` where it names none.
   */
  async rotate(
    which: { algorithm?: SigningAlgorithm | undefined; api?: string | undefined } = {},
    onRotated?: OnRotated,
  ): Promise<readonly RotatedKey[]> {
    const slots = this.#slots.filter(
      ({ algorithm, api }) => (which.algorithm ?? algorithm) === algorithm && (which.api ?? api) === api,
    )
    if (slots.length === 0)
      throw new Refusal(
        'not_found',
        'There is no such signing key. Only APIs whose tokens are HS256 have one of their own.',
      )
    return this.#replace(slots, () => true, onRotated)
  }

  /** Rotates the keys that are older than the configuration wants. */
  async rotateDue(onRotated?: OnRotated): Promise<readonly RotatedKey[]> {
    if (this.#rotateAfterMs === 0) return []
    const madeBefore = this.#now() - this.#rotateAfterMs
    const ring = await this.#read()
    const due = this.#slots.filter((slot) => (ring.current(slot)?.record.createdAt ?? Infinity) <= madeBefore)
    return this.#replace(due, (current) => current !== undefined && current.created_at <= madeBefore, onRotated)
  }

  /** Deletes the keys that verify no more, in batches; answers how many. */
  async prune(): Promise<number> {
    const now = this.#now()
    let deleted = 0
    for (;;) {
      const expired = await this.#store.db
        .selectFrom('signing_keys')
        .select('id')
        .where('expires_at', '<=', now)
        .limit(pruneBatch)
        .execute()
      if (expired.length === 0) return deleted
      await this.#store.transaction((trx) =>
        trx
          .deleteFrom('signing_keys')
          .where(
            'id',
            'in',
            expired.map(({ id }) => id),
          )
          .execute(),
      )
      deleted += expired.length
    }
  }

  /** The key that signs; of a symmetric algorithm, that of `api`. */
  signer(algorithm: SigningAlgorithm, api?: string): MaybePromise<Signer> {
    return this.#currentKey({ algorithm, api: algorithms[algorithm].symmetric ? (api ?? null) : null })
  }

  /** The public key that a `kid` names; undefined once it has expired, and for a secret always. */
  verifier(kid: string): MaybePromise<{ algorithm: SigningAlgorithm; key: KeyObject } | undefined> {
    return andThen(this.#read(), (ring) => {
      const found = ring.find(kid, this.#now())
      const key = found?.verification
      return found && key && { algorithm: found.record.algorithm, key }
    })
  }

  /** The secrets that verify an API's HS256 tokens, newest first. */
  secrets(api: string): MaybePromise<readonly KeyObject[]> {
    return andThen(this.#read(), (ring) =>
      [...ring.inForce(this.#now())]
        .filter(({ record }) => record.api === api && algorithms[record.algorithm].symmetric)
        .map(({ signing }) => signing),
    )
  }

  /** Keys that sign or still verify, newest first; times in Unix milliseconds. */
  async list(): Promise<SigningKeyMetadata[]> {
    const ring = await this.#read()
    return [...ring.inForce(this.#now())].map(
      ({ record: { id, algorithm, api, createdAt, retiredAt, expiresAt } }) => ({
        id,
        algorithm,
        api,
        createdAt,
        retiredAt,
        expiresAt,
      }),
    )
  }

  /** The secret, base64url, that signs an API's HS256 tokens, for a verifier elsewhere. Callers audit it. Throws Refusal `not_found`. */
  async exportSecret(api: string): Promise<{ id: string; secret: string }> {
    const current = (await this.#read()).current({ algorithm: 'HS256', api })
    if (!current)
      throw new Refusal('not_found', `There is no secret of "${api}". Only APIs whose tokens are HS256 have one.`)
    return { id: current.record.id, secret: encodeBase64url(current.signing.export()) }
  }

  /** JWK Set (RFC 7517 §5). */
  async jwks(): Promise<{ keys: PublishedJwk[] }> {
    const ring = await this.#read()
    return {
      keys: [...ring.inForce(this.#now())].flatMap(({ record: { id, algorithm }, publicJwk }) =>
        publicJwk ? [{ ...publicJwk, kid: id, use: 'sig', alg: algorithm }] : [],
      ),
    }
  }

  /** COSE_KeySet (RFC 9052 §7) of the keys that sign CBOR Web Tokens. */
  async coseKeys(): Promise<Uint8Array> {
    const ring = await this.#read()
    return encodeKeySet(
      [...ring.inForce(this.#now())].flatMap(({ record: { id, algorithm }, publicJwk }) =>
        algorithm === 'EdDSA' && publicJwk?.x ? [{ kid: id, x: publicJwk.x }] : [],
      ),
    )
  }

  #read(): MaybePromise<KeyRing> {
    return andThen(this.#store.lookups.signingKeys(), (records) => {
      if (this.#ring === undefined || records !== this.#records) {
        this.#ring = new KeyRing(records, this.#box, this.#ring)
        this.#records = records
      }
      return this.#ring
    })
  }

  #currentKey(slot: Slot): MaybePromise<Signer> {
    return andThen(this.#read(), (ring) => {
      const current = ring.current(slot)
      if (!current)
        throw new Error(
          `There is no ${slot.algorithm} signing key${slot.api === null ? '' : ` of the API "${slot.api}"`}. A restart makes it.`,
        )
      return { id: current.record.id, algorithm: slot.algorithm, key: current.signing }
    })
  }

  /** Puts a new key into each slot where `isWanted` still holds of the current one inside the transaction. */
  async #replace(
    slots: readonly Slot[],
    isWanted: (current: { id: string; created_at: number } | undefined) => boolean,
    onRotated?: OnRotated,
  ): Promise<readonly RotatedKey[]> {
    if (slots.length === 0) return []
    const fresh: (Slot & { id: string; publicJwk: string | null; sealed: string })[] = []
    for (const { algorithm, api } of slots) {
      const { secret, publicJwk } = await algorithms[algorithm].generate()
      const id = randomBytes(16).toString('base64url')
      fresh.push({
        id,
        algorithm,
        api,
        publicJwk: publicJwk ? JSON.stringify(publicJwk) : null,
        sealed: this.#box.seal(secret, sealContext(id)),
      })
    }
    return this.#store.transaction(async (trx) => {
      const now = this.#now()
      const rotated: RotatedKey[] = []
      for (const { id, algorithm, api, publicJwk, sealed } of fresh) {
        const current = await trx
          .selectFrom('signing_keys')
          .select(['id', 'created_at'])
          .where('algorithm', '=', algorithm)
          .where('api', api === null ? 'is' : '=', api)
          .where('retired_at', 'is', null)
          .executeTakeFirst()
        if (!isWanted(current)) continue
        if (current) {
          await trx
            .updateTable('signing_keys')
            .set({ retired_at: now, expires_at: now + overlapMs })
            .where('id', '=', current.id)
            .execute()
        }
        await trx
          .insertInto('signing_keys')
          .values({
            id,
            algorithm,
            api,
            public_jwk: publicJwk,
            sealed,
            created_at: now,
            retired_at: null,
            expires_at: null,
          })
          .execute()
        rotated.push({ id, algorithm, api, replaces: current?.id ?? null })
      }
      if (rotated.length > 0) await onRotated?.(trx, rotated)
      return rotated
    })
  }
}
