// A full disk is a store that cannot be asked, whatever SQLite has undone by itself; what was kept before is still there.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { isStoreFault } from '../../src/store/fault.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a change that finds no room fails as a fault of the store, and goes through once there is room', async (t) => {
  const store = await openSqlite(temporaryFolder(t))
  t.after(() => store.close())
  // of a table without triggers: of one with them SQLite undoes the statement alone
  const add = (name: string, value: string) =>
    store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ name, value }).execute()
    })
  const kept = randomUUIDv7()
  await add(kept, 'kept')
  await sql`PRAGMA max_page_count = 1`.execute(store.db) // the least it takes is what is used already
  await assert.rejects(add(randomUUIDv7(), 'x'.repeat(100_000)), (error: Error) => {
    assert.equal(error.message, 'database or disk is full')
    assert.ok(isStoreFault(error))
    return true
  })
  // what SQLite undoes by itself takes down all that were to be committed together, and each is told
  const together = await Promise.allSettled([add(randomUUIDv7(), 'small'), add(randomUUIDv7(), 'x'.repeat(100_000))])
  assert.deepEqual(
    together.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  await sql`PRAGMA max_page_count = 1000000`.execute(store.db)
  const later = randomUUIDv7()
  await add(later, 'y'.repeat(100_000))
  const { rows } = await sql<{ name: string }>`SELECT name FROM settings ORDER BY name`.execute(store.db)
  assert.deepEqual(
    rows.map(({ name }) => name),
    [kept, later],
  )

  await sql`PRAGMA max_page_count = 1`.execute(store.db)
  const organization = (id: string, name: string) =>
    store.transaction(async (trx) => {
      const row = { id, name, tier: 'free' as const, suspended_at: null, created_at: 0 }
      await trx.insertInto('organizations').values(row).execute()
    })
  const [one] = await Promise.allSettled([
    organization(randomUUIDv7(), 'x'.repeat(100_000)),
    organization(randomUUIDv7(), 'small'),
  ])
  assert.ok(one.status === 'rejected' && isStoreFault(one.reason))
})
