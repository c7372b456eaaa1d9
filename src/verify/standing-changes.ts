// Whose standing has changed, as the store has it: read off the audit trail, where every change has its entry in the transaction that made it.
import type { Store } from '../store/store.ts'
import { lowestIdAt } from '../store/time-id.ts'

/** Ids alone: whoever keeps answers finds by them which to drop. */
export interface StandingChange {
  /** Of the audit entry: UUIDv7. */
  id: string
  /** What has changed: `api_key`, `personal_access_token`, `legacy_token`, `access_token`, `client`, `user`, `organization`, `grant` or `application`. */
  kind: string
  /** Of what has changed. */
  target: string
  /** Of a grant or application: what it was that the person had allowed. */
  clientId?: string | undefined
  userId?: string | undefined
}

/** What a credential's standing follows from. Changes of anything else are told to nobody. */
const kinds = [
  'api_key',
  'personal_access_token',
  'legacy_token',
  'access_token',
  'client',
  'user',
  'organization',
  'grant',
  'application',
]

/** What is new stands in no answer that was given before. Everything that is not named here is told. */
const beginnings = [
  'api_key.created',
  'personal_access_token.created',
  'legacy_token.imported',
  'client.created',
  'client.registered',
  'user.created',
  'user.link_created',
  'organization.created',
  'grant.created',
]

/**
 * How far back each reading goes beyond the one before, milliseconds. An id is of the time at which its request came, which may
 * have waited for others before it was committed, and the clocks of servers differ: entries come in another order than their ids. No
 * transaction waits or lives longer than this (store/sqlite-busy.ts, store/postgres.ts).
 */
const overlapMs = 20_000

/** Entries of one reading; where there are more, everybody drops everything. */
const maxChanges = 1_000

/** When the UUIDv7 was made, Unix milliseconds; undefined for anything else. */
const timeOf = (id: string): number | undefined =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined

const toChange = (row: {
  id: string
  target_kind: string
  target_id: string
  detail: string | null
}): StandingChange => {
  const change: StandingChange = { id: row.id, kind: row.target_kind, target: row.target_id }
  if (row.target_kind !== 'grant' && row.target_kind !== 'application') return change
  const { user_id, client_id } = JSON.parse(row.detail ?? '{}') as { user_id?: string; client_id?: string }
  return { ...change, clientId: client_id ?? row.target_id, userId: user_id }
}

/** Entries whose id is at least `from`, oldest first; undefined: too many. */
const changesFrom = async ({ db }: Pick<Store, 'db'>, from: string): Promise<StandingChange[] | undefined> => {
  const rows = await db
    .selectFrom('audit')
    .select(['id', 'target_kind', 'target_id', 'detail'])
    .where('id', '>=', from)
    .where('target_kind', 'in', kinds)
    .where('action', 'not in', beginnings)
    .orderBy('id')
    .limit(maxChanges + 1)
    .execute()
  return rows.length > maxChanges ? undefined : rows.map(toChange)
}

/** What was found; undefined: more than can be told. */
export type Reading = readonly StandingChange[] | undefined

/** How long ago somebody may have heard last, milliseconds. */
const resumableMs = 5 * 60_000

/** What somebody has missed who heard last of `id`; undefined: too long ago, or too much. Some of it may have been told before. */
export const changesSince = async (store: Store, id: string): Promise<Reading> => {
  const time = timeOf(id)
  if (time === undefined || Math.abs(Date.now() - time) > resumableMs) return undefined
  return changesFrom(store, lowestIdAt(time - overlapMs))
}

/** Reads what any process on the store has changed since it was read the last time; at first, from when this was made. One reading at a time. */
export class StandingChanges {
  readonly #store: Store
  /** Least id that the next reading looks at. */
  #from: string
  #seen = new Set<string>()
  #version: number | undefined

  constructor(store: Store) {
    this.#store = store
    this.#from = this.#reach()
  }

  /** Everything that was committed before the call, and has not been read before. Throws when the store cannot be read. */
  async read(): Promise<Reading> {
    const version = this.#store.lookups.version()
    const next = this.#reach()
    // nobody has committed anything since: then there is nothing to read either, unless a clock that was set back has given it an earlier id
    if (version !== undefined && version === this.#version && next >= this.#from) return []
    const found = await changesFrom(this.#store, this.#from)
    this.#version = version
    const fresh = found?.filter(({ id }) => !this.#seen.has(id))
    this.#seen = new Set(found?.filter(({ id }) => id >= next).map(({ id }) => id))
    this.#from = next
    return fresh
  }

  /** Audit ids are made by the machine's clock, whatever time it is for others: so is this. */
  #reach(): string {
    return lowestIdAt(Date.now() - overlapMs)
  }
}
