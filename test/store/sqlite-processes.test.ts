// Several processes on one SQLite store: starting, seeing, waiting and dying.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { activityMigrations, mainMigrations } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { addCredential, addOrganization, at } from './rows.ts'
import { startSecondProcess } from './second-process.ts'

test('two processes that start at once on an empty folder both serve, 10 times out of 10', async (t) => {
  for (let round = 0; round < 10; round++) {
    const folder = temporaryFolder(t)
    const startAt = Date.now() + 400
    const both = await Promise.all([startSecondProcess(t, folder, startAt), startSecondProcess(t, folder, startAt)])
    const migrated = both.flatMap((each) => each.migrated)
    assert.equal(new Set(migrated).size, migrated.length, 'nothing is applied twice')
    assert.equal(migrated.length, mainMigrations.length + activityMigrations.length)
    for (const each of both)
      assert.equal(((await each.ask(`take c 60000 10 ${at}`)) as { granted: number }).granted > 0, true)
    await Promise.all(both.map((each) => each.kill()))
  }
})

test('what another process commits is seen by the very next look-up, 300 times', async (t) => {
  const folder = temporaryFolder(t)
  const store = await openSqlite(folder)
  t.after(() => store.close())
  const { id, hash } = await addCredential(store, { organization_id: await addOrganization(store) })
  const other = await startSecondProcess(t, folder)
  for (let round = 0; round < 300; round++) {
    const revoked = round % 2 === 0
    const { lookups } = store
    const versions = [lookups.version(), lookups.version()]
    assert.equal(versions[0], versions[1])
    assert.equal((await lookups.credentialByHash(hash))?.revoked, !revoked)
    await other.ask(`revoke ${id}${revoked ? ` ${at}` : ''}`)
    assert.equal((await lookups.credentialByHash(hash))?.revoked, revoked, `round ${round}`)
    assert.notEqual(lookups.version(), versions[0])
  }
})

test('a process whose transaction has to wait for another goes on serving meanwhile', async (t) => {
  const folder = temporaryFolder(t)
  const store = await openSqlite(folder)
  t.after(() => store.close())
  const { hash } = await addCredential(store, { organization_id: await addOrganization(store) })
  const other = await startSecondProcess(t, folder)
  await other.ask('hold')
  let waiting = true
  const written = store
    .transaction((trx) => trx.insertInto('settings').values({ name: 'waited', value: '1' }).execute())
    .finally(() => (waiting = false))
  let longest = 0
  for (let i = 0, last = performance.now(); i < 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(await store.lookups.credentialByHash(hash))
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  assert.equal(waiting, true)
  await other.ask('release')
  await written
  assert.deepEqual(
    (await store.db.selectFrom('settings').select('name').orderBy('name').execute()).map((row) => row.name),
    ['held', 'waited'],
  )
  assert.ok(longest < 2_000, `the event loop stood still for ${Math.round(longest)} ms`)
})

test('what was taken survives kill -9, and what was not acknowledged at most adds to it', async (t) => {
  const folder = temporaryFolder(t)
  const store = await openSqlite(folder)
  t.after(() => store.close())
  let acknowledged = 0
  for (let round = 0; round < 5; round++) {
    const other = await startSecondProcess(t, folder)
    await other.ask(`take key 3600000 100000 ${at}`) // it is at work, however busy the machine is
    for (let i = 0; i < 500; i++) other.tell(`take key 3600000 100000 ${at}`)
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60))
    for (const line of await other.kill()) acknowledged += (JSON.parse(line) as { granted: number }).granted
    const { taken } = await store.counters.peek({ counter: 'key', period: 3_600_000 }, at)
    assert.ok(taken >= acknowledged, `${acknowledged} acknowledged, ${taken} kept`)
    assert.ok(taken <= acknowledged + 3 * (round + 1), `${acknowledged} acknowledged, ${taken} kept`)
  }
  assert.ok(acknowledged > 0)
})

test('only the owner can read the files', async (t) => {
  const folder = join(temporaryFolder(t), 'data')
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  const store = await openSqlite(folder)
  t.after(() => store.close())
  await addOrganization(store)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(folder).sort(), [
    'activity.db',
    'activity.db-shm',
    'activity.db-wal',
    'latchkey.db',
    'latchkey.db-shm',
    'latchkey.db-wal',
  ])
  for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
})

test('a file that cannot be opened is named', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'latchkey.db'))
  await assert.rejects(openSqlite(folder), /latchkey\.db cannot be opened: unable to open database file/)
})
