// The store on SQLite: `latchkey.db` for what somebody changed, `activity.db` for what changes all the time.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { installChangeLog } from './change-log.ts'
import { recordLastUse } from './last-use.ts'
import { migrate } from './migrate.ts'
import { activityMigrations, mainMigrations } from './migrations.ts'
import type { ActivitySchema } from './activity-schema.ts'
import type { Schema } from './schema.ts'
import { whenFree } from './sqlite-busy.ts'
import { sqliteCounters } from './sqlite-counters.ts'
import { kyselyOver } from './sqlite-kysely.ts'
import { sqliteLookups } from './sqlite-lookups.ts'
import { groupedTransactions } from './sqlite-transactions.ts'
import type { Store } from './store.ts'

export const mainFile = (folder: string): string => join(folder, 'latchkey.db')
export const activityFile = (folder: string): string => join(folder, 'activity.db')

/** How long a statement may wait inside SQLite, and with it the whole event loop. */
const managingWaitMs = 5 // a transaction that cannot begin is tried again without holding up anybody (whenFree)
const servingWaitMs = 5_000 // slices are short in every process

/** Makes the file readable by its owner alone; SQLite gives its `-wal` and `-shm` the same mode. One that exists is not opened: closing it would drop this process's locks. */
export const makeFile = (path: string): void => {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  }
}

/** Whether SQLite cannot read the file as a database any more. */
export const isDamaged = (error: unknown): boolean => {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && [11, 26].includes(errcode & 0xff) // CORRUPT, NOTADB
}

/** What to do about a damaged file. */
export const damagedRemedy =
  'It is damaged: stop the server, move latchkey.db and activity.db away with their -wal and -shm, then run `latchkey restore` with a backup.'

const openFile = async (path: string, timeout: number): Promise<DatabaseSync> => {
  let database: DatabaseSync | undefined
  try {
    makeFile(path)
    const opened = new DatabaseSync(path, { timeout }) // foreign keys are enforced by default
    database = opened
    // while another process does the same to a new file, SQLite says BUSY without waiting
    const { journal_mode } = (await whenFree(() => opened.prepare('PRAGMA journal_mode = WAL').get())) as {
      journal_mode: string
    }
    if (journal_mode !== 'wal')
      throw new Error(
        `SQLite cannot keep a write-ahead log there (it answers "${journal_mode}"): use a local file system`,
      )
    opened.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON') // the second for macOS, whose fsync leaves data in the drive's cache
    return opened
  } catch (error) {
    database?.close()
    const remedy = isDamaged(error) ? `. ${damagedRemedy}` : ''
    throw new Error(`${path} cannot be opened: ${(error as Error).message}${remedy}`, { cause: error })
  }
}

/** Makes the data folder where it is missing. */
const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(
      `The data folder ${folder} cannot be made (${(error as NodeJS.ErrnoException).code}). Set LATCHKEY_DATA to a folder that this user may write.`,
      { cause: error },
    )
  }
}

/** What look-ups may keep in memory, bytes: seven tenths for credentials, some 28,000 keys in use. */
export const defaultCacheBytes = 64 * 2 ** 20

/** Opens (and where missing makes) the store in `folder` and brings it to the present schema. Safe when several processes do so at once. */
export const openSqlite = async (
  folder: string,
  { cacheBytes = defaultCacheBytes, holder = crypto.randomUUID() }: { cacheBytes?: number; holder?: string } = {},
): Promise<Store & { migrated: readonly string[] }> => {
  makeFolder(folder)
  const files: DatabaseSync[] = []
  const open = async (path: string, timeout: number): Promise<DatabaseSync> => {
    const file = await openFile(path, timeout)
    files.push(file)
    return file
  }
  const closeAll = (): void => files.splice(0).forEach((file) => file.close())
  try {
    const main = await open(mainFile(folder), managingWaitMs)
    const db = kyselyOver<Schema>(main)
    const activity = kyselyOver<ActivitySchema>(await open(activityFile(folder), servingWaitMs))
    const transaction = groupedTransactions(main, db)
    const migrated = [
      ...(await migrate(
        (work) =>
          transaction(async (trx) => {
            const applied = await work(trx as never)
            await installChangeLog(trx as never)
            return applied
          }),
        'migrations',
        mainMigrations,
      )),
      ...(await migrate(
        (work) => whenFree(() => activity.transaction().execute((trx) => work(trx as never))),
        'activity_migrations',
        activityMigrations,
      )),
    ]
    const reader = await open(mainFile(folder), servingWaitMs)
    const noting = await open(activityFile(folder), servingWaitMs)
    noting.exec('PRAGMA synchronous = NORMAL')
    const notes = kyselyOver<ActivitySchema>(noting)
    const counting = await open(activityFile(folder), servingWaitMs)
    const both = await open(mainFile(folder), servingWaitMs)
    both.prepare('ATTACH ? AS activity').run(activityFile(folder))
    both.exec('PRAGMA query_only = ON')
    const reading = kyselyOver<Schema & ActivitySchema>(both)
    const { close: closeLookups, ...lookups } = sqliteLookups(reader, cacheBytes)
    const ping = reader.prepare('SELECT count(*) FROM settings')
    return {
      kind: 'sqlite',
      db,
      reading,
      activity,
      notes,
      migrated,
      lookups,
      counters: sqliteCounters(counting, holder),
      transaction,
      recordLastUse: (uses) => recordLastUse(activity, 'max', uses),
      ping() {
        ping.get()
        return Promise.resolve()
      },
      async close() {
        await db.destroy()
        await reading.destroy()
        await activity.destroy()
        await notes.destroy()
        closeLookups()
        closeAll()
      },
    }
  } catch (error) {
    closeAll()
    throw error
  }
}
