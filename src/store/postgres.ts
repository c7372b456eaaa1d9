// The store on Postgres: transactions on a pool, look-ups and counters each on a pipeline of their own.
import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely'
import pg from 'pg'
import { recordLastUse } from './last-use.ts'
import { migrate } from './migrate.ts'
import { mainMigrations, postgresActivityMigrations } from './migrations.ts'
import { postgresCounters } from './postgres-counters.ts'
import { postgresLookups } from './postgres-lookups.ts'
import { openPipeline, type Query, sessionSql } from './postgres-pipeline.ts'
import type { ActivitySchema } from './activity-schema.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'

/** Connections of one server: so many for transactions, shared out among its threads, and of each thread one for look-ups and one for counters. */
const poolSize = 8
const leastOfThread = 2

// A dead or stalled server is an error within seconds. The server's own limit comes first; the client's is for a server that says nothing.
const connecting = { connectionTimeoutMillis: 3_000, keepAlive: true, fallback_application_name: 'latchkey' }
const managing = { statement_timeout: 5_000, query_timeout: 6_000, idle_in_transaction_session_timeout: 10_000 }
const serving = { statement_timeout: 3_000, query_timeout: 4_000 }

const int8 = 20
const types: pg.CustomTypesConfig = {
  // times and counts stay below 2^53
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
}

/** The pool waits for it, which its types do not say. */
const prepare: (client: pg.ClientBase) => unknown = async (client) => {
  client.on('error', () => {}) // lost while in use: its queries are told
  await client.query(sessionSql)
}

const openPool = (config: pg.PoolConfig): pg.Pool => {
  const pool = new pg.Pool({
    ...config,
    pipeline: true, // a query that times out then closes its connection, so that the next user does not wait behind it
    onConnect: prepare,
  })
  pool.on('error', () => {}) // lost while idle: the next user gets another
  return pool
}

const kyselyOn = <Tables>(pool: PostgresPool): Kysely<Tables> => new Kysely({ dialect: new PostgresDialect({ pool }) })

const maxTries = 20
const conflicts = new Set(['40001', '40P01']) // serialization_failure, deadlock_detected: nothing was committed

/** Runs `work` until it does not conflict with another transaction, after a random pause that grows. */
const retried = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === maxTries || !conflicts.has((error as { code?: string }).code ?? '')) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 2 ** tries)))
    }
  }
}

/** Any number: the same in every process, and unlikely to be another program's. */
const migrationLock = 7_264_021_335_701_129

/** Brings the database to the present schema; other processes wait meanwhile. Returns the names of what was applied. */
export const migratePostgres = async (pool: PostgresPool): Promise<string[]> => {
  const db = kyselyOn<never>(pool)
  const lock = <T>(work: (trx: Kysely<never>) => Promise<T>): Promise<T> =>
    db
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (trx) => {
        await sql`SELECT pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(trx)
        return work(trx)
      })
  return [
    ...(await migrate(lock, 'migrations', mainMigrations)),
    ...(await migrate(lock, 'activity_migrations', postgresActivityMigrations)),
  ]
}

/** What the store needs of a database: connections for transactions, and prepared statements at once. */
export interface PostgresConnections {
  pool: PostgresPool
  lookups: Query
  counters: Query
  /** Called once. */
  close: () => Promise<void>
}

/** The store over connections to a database of the present schema. */
export const postgresStore = (
  { pool, lookups, counters, close }: PostgresConnections,
  holder: string = crypto.randomUUID(),
): Store => {
  const db = kyselyOn<Schema>(pool)
  const activity = kyselyOn<ActivitySchema>(pool)
  let closing: Promise<void> | undefined
  return {
    kind: 'postgres',
    db,
    reading: kyselyOn<Schema & ActivitySchema>(pool),
    activity,
    notes: activity,
    lookups: postgresLookups(lookups),
    counters: postgresCounters(counters, holder),
    transaction: (work) => retried(() => db.transaction().setIsolationLevel('serializable').execute(work)),
    recordLastUse: (uses) => retried(() => recordLastUse(activity, 'greatest', uses)),
    async ping() {
      await lookups('ping', 'SELECT count(*) FROM settings', [])
    },
    close: () => (closing ??= close()),
  }
}

/**
 * Opens the store in the database of `url` (libpq's form; its parameters win over the defaults here) and brings it to the present schema.
 * Safe when several processes do so at once. Throws when the database cannot be reached, or is newer than this program.
 */
export const openPostgres = async (
  url: string,
  { holder, threads = 1 }: { holder?: string; threads?: number } = {},
): Promise<Store & { migrated: readonly string[] }> => {
  const connection = { connectionString: url, types, ...connecting }
  const migrating = openPool({ ...connection, max: 1 }) // without time limits: another process may be at it, a table may be large
  let migrated: string[]
  try {
    migrated = await migratePostgres(migrating)
  } catch (error) {
    // where a name has several addresses, Node tells what each of them said and leaves the message empty
    const reasons = error instanceof AggregateError ? (error.errors as Error[]) : [error as Error]
    throw new Error(
      `The store in DATABASE_URL cannot be opened: ${reasons.map((reason) => reason.message).join('; ')}`,
      { cause: error },
    )
  } finally {
    await migrating.end()
  }
  const pool = openPool({ ...connection, ...managing, max: Math.max(leastOfThread, Math.floor(poolSize / threads)) })
  const lookups = openPipeline({ ...connection, ...serving })
  const counters = openPipeline({ ...connection, ...serving })
  const store = postgresStore(
    {
      pool,
      lookups: lookups.query,
      counters: counters.query,
      async close() {
        await Promise.all([pool.end(), lookups.close(), counters.close()])
      },
    },
    holder,
  )
  return { ...store, migrated }
}
