// Kysely over node:sqlite: the shim between the two.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'

/** Write transactions begin IMMEDIATE: one that begins by reading could not be upgraded once another process has written. */
const immediate = (text: string): string => (text === 'begin' ? 'begin immediate' : text)

export const kyselyOver = <T>(database: DatabaseSync): Kysely<T> => {
  // SQLite's own knows no letters but ASCII's
  database.function('lower', { deterministic: true }, (text) => (typeof text === 'string' ? text.toLowerCase() : text))
  const statements = new Map<string, StatementSync>()
  const prepared = (text: string): StatementSync => {
    let statement = statements.get(text)
    if (!statement) {
      if (statements.size >= 500) statements.clear() // texts vary with the length of IN lists
      statement = database.prepare(immediate(text))
      statements.set(text, statement)
    }
    return statement
  }
  return new Kysely<T>({
    dialect: new SqliteDialect({
      database: {
        close: () => {}, // whoever opened it closes it
        prepare: (text) => {
          const statement = prepared(text)
          // a full disk has rolled back by itself: to fail at doing so again would hide what went wrong
          const isOver = (): boolean => text === 'rollback' && !database.isTransaction
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
            run: (parameters) =>
              isOver() ? { changes: 0, lastInsertRowid: 0 } : statement.run(...(parameters as SQLInputValue[])),
            iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
          }
        },
      },
    }),
  })
}
