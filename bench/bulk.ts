// Many rows at once, into a store that nobody serves yet: without indexes, which are made anew at the end, and without waiting for the disk.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { mainFile } from '../src/store/sqlite.ts'

type Columns = Record<string, SQLInputValue>

export interface Bulk {
  /** One row after the other; all have the columns of the first. */
  rows: (table: string, count: number, row: (index: number) => Columns) => void
  run: (statement: string) => void
}

/** Fills `tables` of the store in `folder`. */
export const fillInBulk = (folder: string, tables: readonly string[], fill: (bulk: Bulk) => void): void => {
  const file = new DatabaseSync(mainFile(folder))
  try {
    file.exec(
      'PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF',
    )
    const indexes = file
      .prepare(
        `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(tables)) as { name: string; sql: string }[]
    for (const { name } of indexes) file.exec(`DROP INDEX ${name}`)
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
    for (const { sql } of indexes) file.exec(sql)
    file.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    file.close()
  }
}
