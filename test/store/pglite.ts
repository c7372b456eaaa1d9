// The Postgres store over PGlite: Postgres compiled to WebAssembly, with one connection that everybody takes in turn.
import type { PGlite, Results } from '@electric-sql/pglite'
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import { migratePostgres, postgresStore } from '../../src/store/postgres.ts'
import type { OpenedStore } from './conformance.ts'

/** The one connection: `take` waits for its turn and answers how to end it. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}

const resultOf = <Row>(text: string, { rows, affectedRows }: Results<Row>): PostgresQueryResult<Row> => ({
  command: text.trimStart().slice(0, 6).toUpperCase() as 'SELECT',
  rowCount: affectedRows ?? rows.length,
  rows,
})

/** Opens the store as a process would; closing it leaves the database to the others. */
export const openOnPglite = async (database: PGlite, turns: Turns): Promise<OpenedStore> => {
  let closed = false
  const turn = (): Promise<() => void> => (closed ? Promise.reject(new Error('the store was closed')) : turns.take())
  const pool: PostgresPool = {
    async connect() {
      const release = await turn()
      const query = async (text: string, values: readonly unknown[]) =>
        resultOf(text, await database.query(text, [...values]))
      return { query, release } as unknown as PostgresPoolClient
    },
    end: () => Promise.resolve(),
  }
  const query = async <Row>(_name: string, text: string, values: readonly unknown[]): Promise<Row[]> => {
    const release = await turn()
    try {
      return (await database.query<Row>(text, [...values])).rows
    } finally {
      release()
    }
  }
  const migrated = await migratePostgres(pool)
  const store = postgresStore({
    pool,
    lookups: query,
    counters: query,
    close() {
      closed = true
      return Promise.resolve()
    },
  })
  return { ...store, migrated }
}
