// What a client_id stands for, wherever one is named: every OAuth endpoint asks here and nowhere else.
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { ClientRecord, Store } from '../store/store.ts'
import type { SafeFetch } from './safe-fetch.ts'

export interface ResolveDeps {
  store: Store
  config: Config
  fetcher: SafeFetch
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

const maxClientIdLength = 200

/** The client, as of now; undefined: there is none. */
export const resolveClient = async ({ store }: ResolveDeps, clientId: string): Promise<ClientRecord | undefined> =>
  clientId.length > maxClientIdLength ? undefined : store.lookups.clientById(clientId)
