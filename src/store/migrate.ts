// Runs migrations forward, once each, in one transaction that only one process can hold.
import { type Kysely, sql } from 'kysely'
import type { Migration } from './migrations.ts'

/**
 * Applies those of `migrations` that `ledger` does not list yet, and returns their names.
 * `lock` runs the work in a transaction that excludes every other process. Throws if the database is newer than this program.
 */
export const migrate = async (
  lock: <T>(work: (trx: Kysely<never>) => Promise<T>) => Promise<T>,
  ledger: 'migrations' | 'activity_migrations',
  migrations: readonly Migration[],
): Promise<string[]> =>
  lock(async (trx) => {
    await sql`CREATE TABLE IF NOT EXISTS ${sql.table(ledger)} (name TEXT PRIMARY KEY)`.execute(trx)
    const { rows } = await sql<{ name: string }>`SELECT name FROM ${sql.table(ledger)}`.execute(trx)
    const done = new Set(rows.map((row) => row.name))
    const unknown = [...done].filter((name) => !migrations.some((migration) => migration.name === name))
    if (unknown.length > 0)
      throw new Error(
        `The store was made by a newer Latchkey (it has ${unknown.join(', ')}). Run that version, or restore a backup made before it.`,
      )
    const applied: string[] = []
    for (const { name, statements } of migrations) {
      if (done.has(name)) continue
      for (const statement of statements) await sql.raw(statement).execute(trx)
      await sql`INSERT INTO ${sql.table(ledger)} (name) VALUES (${name})`.execute(trx)
      applied.push(name)
    }
    return applied
  })
