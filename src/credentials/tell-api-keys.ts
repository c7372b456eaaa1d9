// API keys as the management API tells them, with what lies elsewhere: who made them, when they were last used, what replaced them.
import type { Kysely } from 'kysely'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type CredentialRow, lastUses, listOf, stateOf } from './wire.ts'

/** Names of people, keys and clients by their ids; those that are gone have none. */
const namesOf = async (db: Kysely<Schema>, ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const wanted = [...new Set(ids)]
  const names = new Map<string, string>()
  for (const table of ['users', 'credentials', 'clients'] as const) {
    const missing = wanted.filter((id) => !names.has(id))
    if (missing.length === 0) break
    const rows = await db.selectFrom(table).select(['id', 'name']).where('id', 'in', missing).execute()
    for (const { id, name } of rows) names.set(id, name)
  }
  return names
}

/** The key that each was rotated to, by id. */
const successorsOf = async (db: Kysely<Schema>, ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const rows = await db.selectFrom('credentials').select(['id', 'replaces']).where('replaces', 'in', ids).execute()
  return new Map(rows.map(({ id, replaces }) => [replaces as string, id]))
}

/** Told in the order of the rows. `now`: Unix milliseconds. */
export const tellApiKeys = async (store: Store, rows: readonly CredentialRow[], now: number) => {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const names = await namesOf(
    store.db,
    rows.map(({ user_id }) => user_id),
  )
  const successors = await successorsOf(store.db, ids)
  const used = await lastUses(store, ids)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    hint: row.hint,
    organization_id: row.organization_id as string,
    environment: row.environment,
    scopes: row.scopes,
    apis: listOf(row.apis),
    networks: listOf(row.networks),
    created_by: row.user_id,
    created_by_name: names.get(row.user_id) ?? null,
    created_at: formatTime(row.created_at),
    last_used_at: formatTimeOrNull(used.get(row.id) ?? null),
    expires_at: formatTimeOrNull(row.expires_at),
    revoked_at: formatTimeOrNull(row.revoked_at),
    state: stateOf(row, now),
    replaces: row.replaces,
    rotated_to: successors.get(row.id) ?? null,
  }))
}

export type ApiKeyJson = Awaited<ReturnType<typeof tellApiKeys>>[number]

export const tellApiKey = async (store: Store, row: CredentialRow, now: number): Promise<ApiKeyJson> =>
  (await tellApiKeys(store, [row], now))[0] as ApiKeyJson
