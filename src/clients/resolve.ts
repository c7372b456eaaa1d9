// What a client_id stands for, wherever one is named: every OAuth endpoint asks here and nowhere else.
import type { ClientRecord, Store } from '../store/store.ts'

export interface ResolveDeps {
  store: Store
  /** Unix milliseconds. */
  now: () => number
}

const maxClientIdLength = 200

/** The client, as of now; undefined: there is none. */
export const resolveClient = async ({ store }: ResolveDeps, clientId: string): Promise<ClientRecord | undefined> =>
  clientId.length > maxClientIdLength ? undefined : store.lookups.clientById(clientId)
