// draft-ietf-oauth-status-list-21 §5, §8: what verifiers that never ask fetch now and then. The statuses are found when a list is
// made, from what its tokens stand on, by the same rules as at every judgement.
import { setImmediate } from 'node:timers/promises'
import { encodeCbor } from '../tokens/cbor.ts'
import { coseAlgorithm, encodeSign1 } from '../tokens/cose.ts'
import { algorithms } from '../tokens/algorithms.ts'
import { encodeBase64url } from '../tokens/base64url.ts'
import { signCompact } from '../tokens/jwt.ts'
import { compressStatuses, statusListSize, statusListUri } from '../tokens/status-list.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Store } from '../store/store.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import { type TokenFoundation, whyTokenEnded } from '../verify/foundation.ts'

/** Seconds that a list is kept, here and then by whoever fetched it: what is revoked is known to all within twice as long. */
export const statusListSeconds = 30

/** Seconds after which a verifier that cannot fetch a new one must not trust it any more. */
const lifetimeSeconds = 300

/** Lists kept in memory, the oldest going first. */
const maxKept = 500

/** Rows read, and foundations looked at, before others get their turn. */
const maxRows = 2000
const maxFoundations = 200

export interface StatusListToken {
  jwt: string
  cwt: Buffer
  /** Unix milliseconds. */
  madeAt: number
}

type Entry = Pick<
  ActivitySchema['status_entries'],
  'token_id' | 'list_index' | 'origin_kind' | 'origin_id' | 'organization_id'
>

export class StatusLists {
  readonly #store: Store
  readonly #keys: SigningKeys
  readonly #issuer: string
  readonly #now: () => number
  readonly #kept = new Map<string, { madeAt: number; token: Promise<StatusListToken | undefined> }>()

  /** `now` in Unix milliseconds. */
  constructor(store: Store, keys: SigningKeys, issuer: string, now: () => number) {
    this.#store = store
    this.#keys = keys
    this.#issuer = issuer
    this.#now = now
  }

  /** The list of this id, no older than `statusListSeconds`; undefined where none of its tokens is alive. */
  async find(id: string): Promise<StatusListToken | undefined> {
    if (!/^[\w-]{22}$/.test(id)) return undefined
    const now = this.#now()
    const kept = this.#kept.get(id)
    if (kept && now < kept.madeAt + statusListSeconds * 1000) return kept.token
    const token = this.#make(id, now)
    this.#kept.delete(id)
    if (this.#kept.size >= maxKept) this.#kept.delete(this.#kept.keys().next().value as string)
    this.#kept.set(id, { madeAt: now, token })
    const forget = (): void => {
      if (this.#kept.get(id)?.token === token) this.#kept.delete(id)
    }
    token.then((made) => made ?? forget(), forget) // made-up ids are not kept, nor is a failure
    return token
  }

  async #make(id: string, madeAt: number): Promise<StatusListToken | undefined> {
    const entries = await readEntries(this.#store, id, madeAt)
    if (entries.length === 0) return undefined
    const lst = compressStatuses(statusListSize, await invalidIndexes(this.#store, entries, madeAt))
    return { ...(await this.#sign(statusListUri(this.#issuer, id), lst, Math.floor(madeAt / 1000))), madeAt }
  }

  async #sign(uri: string, lst: Buffer, issuedAt: number): Promise<{ jwt: string; cwt: Buffer }> {
    const times = { iat: issuedAt, exp: issuedAt + lifetimeSeconds, ttl: statusListSeconds }
    const ecdsa = await this.#keys.signer('ES256')
    const jwt = signCompact(
      { alg: 'ES256', typ: 'statuslist+jwt', kid: ecdsa.id },
      { iss: this.#issuer, sub: uri, ...times, status_list: { bits: 1, lst: encodeBase64url(lst) } },
      ecdsa.key,
    )
    const claims = new Map<number, unknown>([
      [1, this.#issuer],
      [2, uri],
      [4, times.exp],
      [6, times.iat],
      [
        65533,
        new Map<string, unknown>([
          ['bits', 1],
          ['lst', lst],
        ]),
      ],
      [65534, times.ttl],
    ])
    const edwards = await this.#keys.signer('EdDSA')
    const cwt = encodeSign1(
      { alg: coseAlgorithm.EdDSA, kid: edwards.id, type: 'application/statuslist+cwt' },
      encodeCbor(claims),
      (toBeSigned) => algorithms.EdDSA.sign(toBeSigned, edwards.key),
    )
    return { jwt, cwt: Buffer.from(cwt) }
  }
}

/** The places of a list whose tokens are alive at `now`. */
const readEntries = async ({ activity }: Store, id: string, now: number): Promise<Entry[]> => {
  const entries: Entry[] = []
  for (;;) {
    const rows = await activity
      .selectFrom('status_entries')
      .select(['token_id', 'list_index', 'origin_kind', 'origin_id', 'organization_id'])
      .where('list_id', '=', id)
      .where('list_index', '>', entries.at(-1)?.list_index ?? -1)
      .where('expires_at', '>', now)
      .orderBy('list_index')
      .limit(maxRows)
      .execute()
    entries.push(...rows)
    if (rows.length < maxRows) return entries
    await setImmediate()
  }
}

/** Indexes of the tokens that were revoked by themselves, or whose foundation does not bear them any more. */
const invalidIndexes = async (store: Store, entries: readonly Entry[], now: number): Promise<number[]> => {
  const revoked = new Set(
    (await store.db.selectFrom('revoked_tokens').select('id').where('expires_at', '>', now).execute()).map(
      ({ id }) => id,
    ),
  )
  const invalid = entries.filter(({ token_id }) => revoked.has(token_id)).map(({ list_index }) => list_index)
  const foundations = Map.groupBy(
    entries,
    (entry) => `${entry.origin_kind} ${entry.origin_id} ${entry.organization_id}`,
  )
  const groups = [...foundations.values()]
  for (let from = 0; from < groups.length; from += maxFoundations) {
    if (from > 0) await setImmediate()
    await Promise.all(
      groups.slice(from, from + maxFoundations).map(async (group) => {
        const ended = await whyTokenEnded(store.lookups, foundationOf(group[0] as Entry), now)
        if (ended !== undefined) for (const { list_index } of group) invalid.push(list_index)
      }),
    )
  }
  return invalid
}

const foundationOf = ({ origin_kind: kind, origin_id: id, organization_id }: Entry): TokenFoundation => ({
  kind,
  id,
  organizationId: organization_id ?? undefined,
})
