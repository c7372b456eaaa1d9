// What people call whom and what an entry names, as far as it still exists.
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { AuditRow } from './search.ts'

type Named = 'users' | 'organizations' | 'credentials' | 'clients'

const tables: Readonly<Record<string, Named>> = {
  user: 'users',
  member: 'users',
  organization: 'organizations',
  api_key: 'credentials',
  personal_access_token: 'credentials',
  legacy_token: 'credentials',
  client: 'clients',
  application: 'clients',
}

const namesIn = async (db: Store['db'], table: Named, ids: ReadonlySet<string>): Promise<[string, string][]> => {
  if (ids.size === 0) return []
  const rows = await db
    .selectFrom(table as 'users')
    .select(['id', 'name'])
    .where('id', 'in', [...ids])
    .execute()
  return rows.map(({ id, name }) => [id, name])
}

export interface Names {
  /** null: there is none, or it is gone. */
  of: (kind: string, id: string | null) => string | null
}

/** One query for each table that the rows name something of. */
export const namesFor = async (
  db: Store['db'],
  rows: readonly Pick<AuditRow, 'actor_kind' | 'actor_id' | 'target_kind' | 'target_id' | 'user_id'>[],
): Promise<Names> => {
  const wanted: Record<Named, Set<string>> = {
    users: new Set(),
    organizations: new Set(),
    credentials: new Set(),
    clients: new Set(),
  }
  for (const { actor_kind, actor_id, target_kind, target_id, user_id } of rows) {
    if (user_id !== null) wanted.users.add(user_id)
    for (const [kind, id] of [
      [actor_kind, actor_id],
      [target_kind, target_id],
    ] as const) {
      const table = tables[kind]
      if (table) wanted[table].add(id)
    }
  }
  const found = new Map<Named, Map<string, string>>()
  for (const table of Object.keys(wanted) as (Named & keyof Schema)[])
    found.set(table, new Map(await namesIn(db, table, wanted[table])))
  return {
    of(kind, id) {
      const table = tables[kind]
      return (table && id !== null && found.get(table)?.get(id)) || null
    },
  }
}
