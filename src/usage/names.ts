// What people call the credentials that were counted.
import type { Actor } from '../accounts/actor.ts'
import type { Store } from '../store/store.ts'

export interface Named {
  /** null: it is gone, or a token of somebody else. */
  name: string | null
  /** The person whose token it is. */
  user_name: string | null
}

const unknown: Named = { name: null, user_name: null }

/** Names by credential id. What somebody calls their own token is theirs to know; others are told whose it is. */
export const namesOf = async (
  { db }: Pick<Store, 'db'>,
  actor: Actor,
  ids: readonly string[],
): Promise<(id: string) => Named> => {
  if (ids.length === 0) return () => unknown
  const names = new Map<string, Named>()
  const credentials = await db
    .selectFrom('credentials as c')
    .leftJoin('users as u', 'u.id', 'c.user_id')
    .select(['c.id', 'c.kind', 'c.name', 'c.user_id', 'u.name as user_name'])
    .where('c.id', 'in', ids)
    .execute()
  for (const { id, kind, name, user_id, user_name } of credentials) {
    if (kind === 'api_key') names.set(id, { name, user_name: null })
    else names.set(id, { name: actor.operator || actor.userId === user_id ? name : null, user_name })
  }
  const clients = await db.selectFrom('clients').select(['id', 'name']).where('id', 'in', ids).execute()
  for (const { id, name } of clients) names.set(id, { name, user_name: null })
  return (id) => names.get(id) ?? unknown
}
