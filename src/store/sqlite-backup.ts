// Backup and restore of the SQLite store: both databases in one file, without LATCHKEY_SECRET.
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { migrate } from './migrate.ts'
import { activityMigrations, mainMigrations, type Migration } from './migrations.ts'
import { activityFile, damagedRemedy, isDamaged, mainFile, makeFile } from './sqlite.ts'
import { isBusy } from './sqlite-busy.ts'
import { kyselyOver } from './sqlite-kysely.ts'

interface Part {
  ledger: 'migrations' | 'activity_migrations'
  migrations: readonly Migration[]
  path: string
}

const partsOf = (folder: string): readonly Part[] => [
  { ledger: 'migrations', migrations: mainMigrations, path: mainFile(folder) },
  { ledger: 'activity_migrations', migrations: activityMigrations, path: activityFile(folder) },
]

const column = (database: DatabaseSync, query: string): string[] =>
  database
    .prepare(query)
    .all()
    .map((row) => Object.values(row)[0] as string)
const tablesOf = (database: DatabaseSync, schema: string): string[] =>
  column(database, `SELECT name FROM ${schema}.sqlite_schema WHERE type = 'table'`)
const attach = (database: DatabaseSync, path: string, schema: string): void =>
  void database.prepare(`ATTACH ? AS ${schema}`).run(path)

const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  fsyncSync(handle)
  closeSync(handle)
}

/** What `read` finds in the backup `file`. Throws where the file is none. */
const readBackup = <T>(file: string, read: (backup: DatabaseSync) => T): T => {
  const backup = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = tablesOf(backup, 'main')
    for (const { ledger } of partsOf(''))
      if (!tables.includes(ledger)) throw new Error('it is not a backup of Latchkey')
    return read(backup)
  } finally {
    backup.close()
  }
}

/**
 * Writes a consistent copy of the store in `folder` to `file` (mode 0600), put in its place only when it is whole and on disk.
 * A former backup there is replaced; any other file is not. The server may run meanwhile and is not held up.
 * LATCHKEY_SECRET is not in the copy, and what is sealed in it cannot be read without the secret that it was sealed with.
 */
export const backupSqlite = (folder: string, file: string): void => {
  const parts = partsOf(folder)
  for (const { path } of parts)
    if (!existsSync(path)) throw new Error(`There is no store in ${folder}: ${basename(path)} is missing.`)
  if (existsSync(file)) {
    try {
      readBackup(file, () => undefined)
    } catch (error) {
      throw new Error(`${file} exists, and ${(error as Error).message}. Choose another name.`, { cause: error })
    }
  }
  if (!existsSync(dirname(file))) throw new Error(`There is no folder ${dirname(file)}.`)
  // made anew under a name that nobody can guess: in a folder that others write to, one that lies there already is theirs
  const unfinished = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.unfinished`)
  closeSync(openSync(unfinished, 'wx', 0o600))
  try {
    const copy = new DatabaseSync(unfinished, { timeout: 10_000, enableForeignKeyConstraints: false })
    try {
      parts.forEach(({ path }, index) => attach(copy, path, `part${index}`))
      copy.exec('PRAGMA main.synchronous = FULL; BEGIN')
      // the first read of a database fixes what is seen of it: both at once, before the copying that takes time
      const tables = parts.map((_, index) => tablesOf(copy, `part${index}`))
      tables.forEach((names, index) => {
        for (const definition of column(copy, `SELECT sql FROM part${index}.sqlite_schema WHERE type = 'table'`))
          copy.exec(definition)
        for (const name of names) copy.exec(`INSERT INTO main."${name}" SELECT * FROM part${index}."${name}"`)
      })
      copy.exec('COMMIT')
    } finally {
      copy.close()
    }
    renameSync(unfinished, file)
    syncFolder(dirname(file))
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

/** The migrations that each part of the backup has had. Throws where the file is damaged, no backup, or newer than this program. */
const verify = (file: string): readonly (readonly Migration[])[] => {
  try {
    return readBackup(file, (backup) => {
      const problems = [
        ...column(backup, 'PRAGMA integrity_check(1)').filter((line) => line !== 'ok'),
        ...column(backup, 'PRAGMA foreign_key_check'),
      ]
      if (problems.length > 0) throw new Error(`it is damaged (${problems[0]})`)
      return partsOf('').map(({ ledger, migrations }) => {
        const done = new Set(column(backup, `SELECT name FROM ${ledger}`))
        const known = migrations.filter(({ name }) => done.delete(name))
        if (done.size > 0) throw new Error(`it was made by a newer Latchkey (it has ${[...done].join(', ')})`)
        return known
      })
    })
  } catch (error) {
    throw new Error(`${file} cannot be restored: ${(error as Error).message}.`, { cause: error })
  }
}

/** Opens the file so that no other process can, in a transaction. A rollback journal, unlike a write-ahead log, is only to be had by the one who is alone. */
const claim = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 1_000, enableForeignKeyConstraints: false })
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; BEGIN EXCLUSIVE',
    )
    return database
  } catch (error) {
    database.close()
    throw isBusy(error) ? new Error(`${path} is in use. Stop the server, then restore.`, { cause: error }) : error
  }
}

/**
 * Puts the backup `file` into `folder`. Changes nothing where it refuses: while any process has the store open, where the file is damaged
 * or newer, and, without `force`, where there is a store already. An older backup is brought to the present schema by the next start.
 *
 * What happened since the backup is undone, revocations too: revoke again what must not come back. Counters stand as they stood then, so
 * that within a period that was running, what was taken since then (and no more) can be taken once more; slices held then are spent.
 */
export const restoreSqlite = async (
  folder: string,
  file: string,
  { force = false }: { force?: boolean } = {},
): Promise<void> => {
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`)
  const had = verify(file)
  const parts = partsOf(folder)
  if (!force && parts.some(({ path }) => existsSync(path) && statSync(path).size > 0))
    throw new Error(
      `${folder} has a store already. Restore into another one (LATCHKEY_DATA), or replace it with --force.`,
    )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const claimed: DatabaseSync[] = []
  try {
    for (const { path } of parts) {
      makeFile(path)
      claimed.push(claim(path))
    }
    for (const [index, database] of claimed.entries()) {
      const { ledger } = parts[index] as Part
      for (const name of tablesOf(database, 'main')) database.exec(`DROP TABLE "${name}"`)
      await migrate((work) => work(kyselyOver<never>(database)), ledger, had[index] as readonly Migration[])
      attach(database, file, 'backup')
      for (const name of tablesOf(database, 'main').filter((table) => table !== ledger)) {
        const columns = column(database, `SELECT name FROM pragma_table_info('${name}')`).join(', ')
        database.exec(`INSERT INTO main."${name}" (${columns}) SELECT ${columns} FROM backup."${name}"`)
      }
    }
    // counters first: the credentials that spend them come last
    for (const database of claimed.toReversed()) database.exec('COMMIT')
  } catch (error) {
    // of a damaged file no lock is to be had, and so nobody knows whether a server is at it
    throw isDamaged(error) ? new Error(`${folder} cannot be restored to. ${damagedRemedy}`, { cause: error }) : error
  } finally {
    for (const database of claimed) database.close()
  }
  syncFolder(folder)
}
