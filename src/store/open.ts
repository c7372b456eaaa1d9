// Which store: Postgres where DATABASE_URL says so, else SQLite in the data folder.
import type { Config } from '../config/config.ts'
import { openPostgres } from './postgres.ts'
import { defaultCacheBytes, openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

export const openStore = (
  config: Pick<Config, 'databaseUrl' | 'dataFolder' | 'workers'>,
): Promise<Store & { migrated: readonly string[] }> =>
  config.databaseUrl === undefined
    ? openSqlite(config.dataFolder, { cacheBytes: defaultCacheBytes / config.workers }) // of all workers together
    : openPostgres(config.databaseUrl)
