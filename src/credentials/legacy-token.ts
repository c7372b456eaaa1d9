// A legacy token as answers tell it: whose it is, and what takes its place.
import type { Kysely } from 'kysely'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type CredentialRow, lastUses, stateOf } from './wire.ts'

export interface LegacyTokenJson {
  id: string
  name: string
  hint: string
  user_id: string
  user_name: string
  user_email: string
  /** null: all of its owner's. */
  organization_id: string | null
  /** null: all, or one that its owner is not in any more, where it is not let in. */
  organization_name: string | null
  /** RFC 3339, as all times here. */
  created_at: string
  last_used_at: string | null
  /** The personal access token that takes its place; null: none is there, or none is let in any more. */
  successor: { id: string; name: string; hint: string; created_at: string; last_used_at: string | null } | null
}

/** The newest personal access token that takes the place of each, by the legacy token's id. */
const successorsOf = async (
  db: Kysely<Schema>,
  ids: readonly string[],
  now: number,
): Promise<ReadonlyMap<string | null, CredentialRow>> => {
  const rows = await db
    .selectFrom('credentials')
    .selectAll()
    .where('kind', '=', 'personal_access_token')
    .where('succeeds', 'in', ids)
    .orderBy('id')
    .execute()
  return new Map(rows.filter((row) => stateOf(row, now) === 'active').map((row) => [row.succeeds, row]))
}

/** The legacy tokens of `rows` in full. */
export const toLegacyTokens = async (
  store: Store,
  rows: readonly CredentialRow[],
  now: number,
): Promise<LegacyTokenJson[]> => {
  if (rows.length === 0) return []
  const { db } = store
  const ids = rows.map(({ id }) => id)
  const owners = await db
    .selectFrom('users')
    .select(['id', 'name', 'email'])
    .where(
      'id',
      'in',
      rows.map(({ user_id }) => user_id),
    )
    .execute()
  const held = rows.flatMap(({ organization_id: id }) => (id === null ? [] : [id]))
  const organizations =
    held.length === 0
      ? []
      : await db
          .selectFrom('members')
          .innerJoin('organizations', 'organizations.id', 'members.organization_id')
          .select(['members.user_id', 'organizations.id', 'organizations.name'])
          .where('organizations.id', 'in', held)
          .where('members.user_id', 'in', [...new Set(rows.map(({ user_id }) => user_id))])
          .execute()
  const successors = await successorsOf(db, ids, now)
  const used = await lastUses(store, [...ids, ...[...successors.values()].map(({ id }) => id)])
  const lastUse = (id: string): string | null => formatTimeOrNull(used.get(id) ?? null)
  const ownerOf = new Map(owners.map((owner) => [owner.id, owner]))
  const nameOf = new Map(organizations.map(({ user_id, id, name }) => [`${user_id} ${id}`, name]))
  return rows.map((row) => {
    const successor = successors.get(row.id)
    return {
      id: row.id,
      name: row.name,
      hint: row.hint,
      user_id: row.user_id,
      user_name: ownerOf.get(row.user_id)?.name ?? '',
      user_email: ownerOf.get(row.user_id)?.email ?? '',
      organization_id: row.organization_id,
      organization_name: nameOf.get(`${row.user_id} ${row.organization_id}`) ?? null,
      created_at: formatTime(row.created_at),
      last_used_at: lastUse(row.id),
      successor: successor
        ? {
            id: successor.id,
            name: successor.name,
            hint: successor.hint,
            created_at: formatTime(successor.created_at),
            last_used_at: lastUse(successor.id),
          }
        : null,
    }
  })
}
