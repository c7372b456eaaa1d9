// Who is connected to a client: what its deletion would end.
import type { Actor } from '../accounts/actor.ts'
import type { Store } from '../store/store.ts'
import { type ClientPath, findClient } from './client.ts'

export interface Connections {
  /** People who let it act for them now. */
  people: number
  /** What they have allowed it, each once; it ends with the client. */
  grants: number
}

/** Throws as `findClient` does. */
export const countConnections = async (
  store: Store,
  actor: Actor,
  path: ClientPath,
  now: number,
): Promise<Connections> => {
  const { id } = await findClient(store.db, actor, path, 'viewer')
  const { people, grants } = await store.db
    .selectFrom('grants')
    .select((eb) => [eb.fn.count('user_id').distinct().as('people'), eb.fn.countAll().as('grants')])
    .where('client_id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return { people: Number(people), grants: Number(grants) }
}
