// Which store: Postgres where DATABASE_URL says so, else SQLite in the data folder.
import type { Config } from '../config/config.ts'
import { openPostgres } from './postgres.ts'
import { defaultCacheBytes, openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

/** `holder` names the server among those that hold slices: the same in all its threads. */
export const openStore = (
  config: Pick<Config, 'databaseUrl' | 'dataFolder' | 'workers'>,
  holder: string = crypto.randomUUID(),
): Promise<Store & { migrated: readonly string[] }> =>
  config.databaseUrl === undefined
    ? openSqlite(config.dataFolder, { holder, cacheBytes: defaultCacheBytes / config.workers }) // of all workers together
    : openPostgres(config.databaseUrl, { holder, threads: config.workers })
