// Shows one client.
import type { Actor } from '../accounts/actor.ts'
import type { Store } from '../store/store.ts'
import { type Client, type ClientPath, findClient, toClient } from './client.ts'

/** Throws as `findClient` does. */
export const getClient = async (store: Store, actor: Actor, path: ClientPath): Promise<Client> =>
  toClient(store, store.db, await findClient(store.db, actor, path, 'viewer'))
