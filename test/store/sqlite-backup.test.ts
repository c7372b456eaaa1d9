// Backup and restore of the SQLite store, while it is written to and when it must not be touched.
import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { activityMigrations } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { backupSqlite, restoreSqlite } from '../../src/store/sqlite-backup.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { OpenedStore } from './conformance.ts'
import {
  addClient,
  addClientSecret,
  addCredential,
  addMember,
  addOrganization,
  addSigningKey,
  addUser,
  at,
  chooseOrganization,
} from './rows.ts'
import { startSecondProcess } from './second-process.ts'

const open = async (t: TestContext, folder: string): Promise<OpenedStore> => {
  const store = await openSqlite(folder)
  t.after(() => store.close())
  return store
}

const settings = async (store: OpenedStore): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await store.db.selectFrom('settings').selectAll().execute()).map(({ name, value }) => [name, value]),
  )

const window = { counter: 'api/key', period: 60_000, limit: 100, needed: 1, wanted: 20 }

/** A store with a row in every table of the hot path, closed again; `backup` is a file of it. */
const furnish = async (t: TestContext) => {
  const folder = temporaryFolder(t)
  const store = await open(t, folder)
  const user = await addUser(store)
  const organization = await addOrganization(store, 'pro')
  await addMember(store, organization, user, 'owner')
  const key = await addCredential(store, { organization_id: organization, user_id: user })
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: user })
  await chooseOrganization(store, token.id, organization)
  const client = await addClient(store, organization)
  await addClientSecret(store, client, 'secret-hash')
  await addSigningKey(store)
  await store.recordLastUse(new Map([[key.id, at]]))
  await store.counters.take(window, at)
  const backup = join(temporaryFolder(t), 'latchkey.backup')
  backupSqlite(folder, backup)
  return { folder, store, backup, key, token, client, organization }
}

test('a restored store answers as the one that was backed up', async (t) => {
  const { folder, store, backup, key, token, client } = await furnish(t)
  const restored = join(temporaryFolder(t), 'restored')
  await restoreSqlite(restored, backup)
  const copy = await open(t, restored)
  assert.deepEqual(copy.migrated, [])
  for (const [mine, theirs] of [
    [await store.lookups.credentialByHash(key.hash), await copy.lookups.credentialByHash(key.hash)],
    [await store.lookups.credentialByHash(token.hash), await copy.lookups.credentialByHash(token.hash)],
    [await store.lookups.clientById(client), await copy.lookups.clientById(client)],
    [await store.lookups.signingKeys(), await copy.lookups.signingKeys()],
    [
      await store.activity.selectFrom('last_used').selectAll().execute(),
      await copy.activity.selectFrom('last_used').selectAll().execute(),
    ],
  ]) {
    assert.ok(mine)
    assert.deepEqual(theirs, mine)
  }
  assert.equal((await copy.counters.peek(window, at)).taken, 20, 'what was held then is spent')
  await assert.rejects(addCredential(copy, { hash: key.hash }), 'the indexes are there')
  assert.equal(statSync(backup).mode & 0o777, 0o600)
  for (const file of ['latchkey.db', 'activity.db']) assert.equal(statSync(join(restored, file)).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('unfinished')),
    [],
  )
})

test('backups taken while another process writes are whole, and hold what had been acknowledged', async (t) => {
  const folder = temporaryFolder(t)
  const files = temporaryFolder(t)
  const store = await open(t, folder)
  const writer = await startSecondProcess(t, folder)
  writer.tell('write')
  for (let round = 0; round < 8; round++) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    const before = Number((await settings(store)).left ?? 0)
    const countBefore = (await store.counters.peek({ counter: 'written', period: 'month' }, Date.now())).taken
    const backup = join(files, 'nightly.backup') // replaced each time
    backupSqlite(folder, backup)
    const restored = join(files, `restored-${round}`)
    await restoreSqlite(restored, backup)
    const copy = await open(t, restored)
    const { left, right } = await settings(copy)
    assert.equal(left, right)
    assert.ok(Number(left ?? 0) >= before)
    assert.ok((await copy.counters.peek({ counter: 'written', period: 'month' }, Date.now())).taken >= countBefore)
    await copy.close()
  }
  const said = await writer.kill()
  assert.ok(said.length > 8, 'the writer was not held up')
  assert.deepEqual(
    readdirSync(files).filter((name) => !name.startsWith('restored')),
    ['nightly.backup'],
  )
})

test('the secret is not in a backup', async (t) => {
  const { folder } = await furnish(t)
  const secret = 'a-secret-of-more-than-thirty-two-characters'
  writeFileSync(join(folder, 'secret'), secret)
  const backup = join(temporaryFolder(t), 'b')
  backupSqlite(folder, backup)
  assert.equal(readFileSync(backup).includes(secret), false)
})

test('a backup replaces a former backup and no other file', async (t) => {
  const { folder, backup } = await furnish(t)
  backupSqlite(folder, backup)
  const note = join(temporaryFolder(t), 'note.txt')
  writeFileSync(note, 'keep me')
  for (const file of [note, join(folder, 'latchkey.db'), join(folder, 'activity.db')]) {
    const before = statSync(file).size
    assert.throws(() => backupSqlite(folder, file), /exists, and .*Choose another name/)
    assert.equal(statSync(file).size, before)
  }
  assert.equal(readFileSync(note, 'utf8'), 'keep me')
  assert.throws(() => backupSqlite(temporaryFolder(t), join(folder, 'new')), /There is no store in/)
  assert.throws(() => backupSqlite(folder, join(folder, 'no', 'such', 'folder')), /There is no folder/)
})

test('a restore refuses where there is a store, unless forced, and while a process has it open', async (t) => {
  const { folder, store, backup, key } = await furnish(t)
  await store.transaction((trx) => trx.updateTable('credentials').set({ revoked_at: at }).execute())
  await assert.rejects(restoreSqlite(folder, backup), /has a store already/)
  await assert.rejects(restoreSqlite(folder, backup, { force: true }), /latchkey\.db is in use\. Stop the server/)
  assert.equal((await store.lookups.credentialByHash(key.hash))?.revoked, true, 'nothing was changed')
  await store.close()
  const other = await startSecondProcess(t, folder)
  await assert.rejects(restoreSqlite(folder, backup, { force: true }), /in use/)
  await other.kill()
  await restoreSqlite(folder, backup, { force: true })
  const again = await open(t, folder)
  assert.equal((await again.lookups.credentialByHash(key.hash))?.revoked, false)
  assert.equal((await again.counters.peek(window, at)).taken, 20)
})

test('a server that starts at the same moment has the restored store, or the restore is refused', async (t) => {
  const { backup, key } = await furnish(t)
  for (let round = 0; round < 5; round++) {
    const folder = temporaryFolder(t)
    const startAt = Date.now() + 400
    const starting = startSecondProcess(t, folder, startAt)
    await new Promise((resolve) => setTimeout(resolve, startAt - Date.now() + round * 4))
    const refusal = await restoreSqlite(folder, backup).then(
      () => undefined,
      (error: Error) => error.message,
    )
    const server = await starting
    const store = await open(t, folder)
    const found = await store.lookups.credentialByHash(key.hash)
    if (refusal === undefined) assert.ok(found)
    else assert.match(refusal, /has a store already|is in use/)
    assert.equal(found !== undefined, server.migrated.length === 0)
    await server.kill()
  }
})

test('what is damaged, newer or no backup is refused, and nothing is changed', async (t) => {
  const { backup } = await furnish(t)
  const files = temporaryFolder(t)
  const folder = join(files, 'data')
  const spoiled = (name: string, spoil: (file: string) => void): string => {
    const file = join(files, name)
    copyFileSync(backup, file)
    spoil(file)
    return file
  }
  const changed = (text: string) => (file: string) => {
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    database.exec(text)
    database.close()
  }
  const refused: [string, RegExp][] = [
    [join(files, 'missing'), /There is no file/],
    [
      spoiled('text', (file) => writeFileSync(file, 'hello '.repeat(1_000))),
      /cannot be restored: file is not a database/,
    ],
    [
      spoiled('cut', (file) => truncateSync(file, statSync(file).size - 8_192)),
      /cannot be restored: .*(damaged|malformed)/,
    ],
    [spoiled('other', changed('DROP TABLE activity_migrations')), /it is not a backup of Latchkey/],
    [
      spoiled('newer', changed("INSERT INTO migrations VALUES ('999-from-the-future')")),
      /made by a newer Latchkey \(it has 999-from-the-future\)/,
    ],
    [spoiled('orphan', changed('DELETE FROM organizations')), /it is damaged/],
  ]
  for (const [file, message] of refused) await assert.rejects(restoreSqlite(folder, file), message)
  assert.throws(() => statSync(folder), /ENOENT/)
  const partial = spoiled('column', changed('ALTER TABLE credentials DROP COLUMN hint'))
  await assert.rejects(restoreSqlite(folder, partial), /hint/)
  await restoreSqlite(folder, backup) // what was refused half-way left no store
})

test('an older backup is brought to the present schema by the next start', async (t) => {
  const { backup } = await furnish(t)
  const database = new DatabaseSync(backup)
  const tables = activityMigrations
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? [])
  for (const table of tables.toReversed()) database.exec(`DROP TABLE ${table}`)
  database.exec('DELETE FROM activity_migrations')
  database.close()
  const folder = join(temporaryFolder(t), 'data')
  await restoreSqlite(folder, backup)
  const store = await open(t, folder)
  assert.deepEqual(
    store.migrated,
    activityMigrations.map(({ name }) => name),
  )
  assert.equal((await store.counters.peek(window, at)).taken, 0)
})
