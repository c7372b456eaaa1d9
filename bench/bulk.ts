// Many rows at once, into a store that nobody serves yet: without indexes and triggers, which are made anew, and without waiting for the disk.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { mainFile } from '../src/store/sqlite.ts'

export interface Bulk {
  /** One row after the other; all have the columns of the first. */
  rows: (table: string, count: number, row: (index: number) => Record<string, SQLInputValue>) => void
  run: (statement: string) => void
}

/** Fills the store in `folder`; triggers come back when it is opened. */
export const fillInBulk = (folder: string, fill: (bulk: Bulk) => void): void => {
  const file = new DatabaseSync(mainFile(folder), { enableForeignKeyConstraints: false })
  try {
    file.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000')
    const parts = file
      .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL`)
      .all() as { type: string; name: string; sql: string }[]
    for (const { type, name } of parts) file.exec(`DROP ${type} ${name}`)
    file.exec('BEGIN')
    fill({
      rows(table, count, row) {
        if (count === 0) return
        const columns = Object.keys(row(0))
        const insert = file.prepare(
          `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
        )
        for (let index = 0; index < count; index++) insert.run(...Object.values(row(index)))
      },
      run: (statement) => file.exec(statement),
    })
    file.exec('COMMIT')
    for (const { type, sql } of parts) if (type === 'index') file.exec(sql)
  } finally {
    file.close()
  }
}
