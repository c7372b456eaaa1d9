// A personal access token as answers tell it: never the value, only its hint.
import type { Kysely } from 'kysely'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type CredentialRow, lastUses, type State, stateOf } from './wire.ts'

/** Organizations of one token that lists name. */
export const maxNamedOrganizations = 20

export interface TokenJson {
  id: string
  name: string
  hint: string
  user_id: string
  all_organizations: boolean
  /** Those chosen; none where it reaches all. */
  organization_ids: string[]
  /** The first of those by name; without one where its owner is a member no more. */
  organizations: { id: string; name: string | null }[]
  state: State
  /** RFC 3339, as all times here. */
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
  replaces: string | null
  succeeds: string | null
}

interface Chosen {
  credential_id: string
  organization_id: string
  /** null: the owner is not in it any more, and does not learn what it is called now. */
  name: string | null
}

const chosenBy = (db: Kysely<Schema>, ids: readonly string[]): Promise<Chosen[]> =>
  db
    .selectFrom('credential_organizations as chosen')
    .innerJoin('credentials as token', 'token.id', 'chosen.credential_id')
    .leftJoin('members', (join) =>
      join
        .onRef('members.organization_id', '=', 'chosen.organization_id')
        .onRef('members.user_id', '=', 'token.user_id'),
    )
    .leftJoin('organizations', 'organizations.id', 'members.organization_id')
    .select(['chosen.credential_id', 'chosen.organization_id', 'organizations.name'])
    .where('chosen.credential_id', 'in', ids)
    .orderBy('chosen.organization_id')
    .execute()

const byName = (a: Chosen, b: Chosen): number => {
  if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null)
  return a.name < b.name ? -1 : Number(a.name > b.name)
}

/** The tokens of `rows` in full. `db` may be the transaction that has just changed them. */
export const toTokens = async (
  store: Store,
  db: Kysely<Schema>,
  rows: readonly CredentialRow[],
  now: number,
): Promise<TokenJson[]> => {
  const held = rows.filter((row) => row.all_organizations === 0).map(({ id }) => id)
  const chosen = Map.groupBy(held.length === 0 ? [] : await chosenBy(db, held), (row) => row.credential_id)
  const used = await lastUses(
    store,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => {
    const own = chosen.get(row.id) ?? []
    return {
      id: row.id,
      name: row.name,
      hint: row.hint,
      user_id: row.user_id,
      all_organizations: row.all_organizations === 1,
      organization_ids: own.map(({ organization_id }) => organization_id),
      organizations: own
        .toSorted(byName)
        .slice(0, maxNamedOrganizations)
        .map(({ organization_id, name }) => ({ id: organization_id, name })),
      state: stateOf(row, now),
      created_at: formatTime(row.created_at),
      last_used_at: formatTimeOrNull(used.get(row.id) ?? null),
      expires_at: formatTimeOrNull(row.expires_at),
      revoked_at: formatTimeOrNull(row.revoked_at),
      replaces: row.replaces,
      succeeds: row.succeeds,
    }
  })
}

export const toToken = async (
  store: Store,
  db: Kysely<Schema>,
  row: CredentialRow,
  now: number,
): Promise<TokenJson> => {
  const [token] = await toTokens(store, db, [row], now)
  return token as TokenJson
}
