// The schema: brought up once, whoever comes first, and never run by a program that is older than it.
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { activityMigrations, mainMigrations } from '../../../src/store/migrations.ts'
import type { Requirement } from '../conformance.ts'

const names = [...mainMigrations, ...activityMigrations].map(({ name }) => name)

export const migrations: readonly Requirement[] = [
  [
    'an empty database is brought to the present schema, a second time there is nothing to do',
    async (database) => {
      const first = await database.open()
      for (const name of names) assert.ok(first.migrated.includes(name), name)
      assert.deepEqual((await database.open()).migrated, [])
      assert.deepEqual(await first.db.selectFrom('settings').selectAll().execute(), [])
    },
  ],
  [
    'of two that open an empty database at once, one migrates it and both can use it',
    async (database) => {
      const both = await Promise.all([database.open(), database.open()])
      const migrated = both.flatMap((store) => store.migrated)
      assert.equal(new Set(migrated).size, migrated.length, 'nothing is applied twice')
      for (const name of names) assert.ok(migrated.includes(name), name)
      for (const store of both) await store.ping()
    },
  ],
  [
    'a database of a newer version is refused, and left as it is',
    async (database) => {
      const store = await database.open()
      await store.transaction((trx) => sql`INSERT INTO migrations (name) VALUES ('999-from-the-future')`.execute(trx))
      await assert.rejects(database.open(), /newer Latchkey.*999-from-the-future/)
      await store.transaction((trx) => sql`DELETE FROM migrations WHERE name = '999-from-the-future'`.execute(trx))
      assert.deepEqual((await database.open()).migrated, [])
      await sql`INSERT INTO activity_migrations (name) VALUES ('999-counting-otherwise')`.execute(store.activity)
      await assert.rejects(database.open(), /newer Latchkey.*999-counting-otherwise/)
    },
  ],
  [
    'the store answers a ping, and can be closed twice',
    async (database) => {
      const store = await database.open()
      await store.ping()
      await Promise.all([store.close(), store.close()])
      await store.close()
      await assert.rejects(async () => store.ping())
      await assert.rejects(async () => store.lookups.credentialByHash('x'))
      await assert.rejects(store.transaction((trx) => trx.selectFrom('settings').selectAll().execute()))
    },
  ],
]
