// What is kept in memory on SQLite is dropped by what changes it, whatever that is, and by nothing else.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { mainFile, openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import {
  addClient,
  addClientSecret,
  addCode,
  addCredential,
  addGrant,
  addMember,
  addOrganization,
  addSession,
  addSigningKey,
  addUser,
  chooseOrganization,
} from './rows.ts'

const scene = async (t: TestContext) => {
  const folder = temporaryFolder(t)
  const open = async (): Promise<Store> => {
    const opened = await openSqlite(folder)
    t.after(() => opened.close())
    return opened
  }
  const store = await open()
  const [user, other] = [await addUser(store), await addUser(store)]
  const [first, second] = [await addOrganization(store), await addOrganization(store, 'pro')]
  await addMember(store, first, user, 'admin')
  await addMember(store, second, user)
  await addMember(store, second, other, 'owner')
  const key = await addCredential(store, { organization_id: first, user_id: user })
  const wide = await addCredential(store, { kind: 'personal_access_token', user_id: user, all_organizations: 1 })
  const chosen = await addCredential(store, { kind: 'personal_access_token', user_id: user })
  await chooseOrganization(store, chosen.id, second)
  const legacy = await addCredential(store, { kind: 'legacy_token', user_id: other, organization_id: second })
  const client = await addClient(store, first)
  await addClientSecret(store, client, 'a-hash')
  const grant = await addGrant(store, client, user)
  await addSigningKey(store)
  const credentials = [key, wide, chosen, legacy]
  /** Everything that look-ups tell of these. */
  const told = async ({ lookups }: Store) => ({
    byHash: await Promise.all(credentials.map(async ({ hash }) => lookups.credentialByHash(hash))),
    byId: await Promise.all(credentials.map(async ({ id }) => lookups.credentialById(id))),
    client: await lookups.clientById(client),
    grant: await lookups.grantById(grant),
    revoked: await lookups.isTokenRevoked('a-token'),
    keys: await lookups.signingKeys(),
  })
  return { folder, open, store, told, user, other, first, second, key, wide, chosen, client, grant }
}

/** Values to try in a column; the first that is another than what stands there and that the table takes is written. */
const values = [
  '["a"]', // before the others: some columns hold JSON lists
  'pro',
  'viewer',
  'document',
  'pairwise',
  'optional',
  'legacy_token',
  'RS256',
  '00000000-0000-7000-8000-000000000001',
  '00000000-0000-7000-8000-000000000003',
]

const anybody = (t: TestContext, folder: string): DatabaseSync => {
  const by = new DatabaseSync(mainFile(folder), { timeout: 5_000 }) // with SQL of their own
  t.after(() => by.close())
  return by
}

const tablesOf = (by: DatabaseSync): string[] =>
  by
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('changes', 'migrations')`)
    .all()
    .map(({ name }) => name as string)

test('whatever column of whatever row is changed, and changed back, what is kept is what there is', async (t) => {
  const { folder, open, told } = await scene(t)
  const by = anybody(t, folder)
  const reader = await open()
  let [written, differed] = [0, 0]
  const set = (table: string, column: string, row: number, value: null | number | string): boolean => {
    try {
      const update = by.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ? AND ${column} IS NOT ?`)
      return update.run(value, row, value).changes > 0
    } catch {
      return false // it takes no such value
    }
  }
  const check = async (what: string) => {
    const fresh = await openSqlite(folder)
    const there = await told(fresh)
    await fresh.close()
    assert.deepEqual(await told(reader), there, what)
    return there
  }
  for (const table of tablesOf(by)) {
    const columns = by.prepare(`SELECT name FROM pragma_table_info('${table}')`).all() as { name: string }[]
    for (const { name: column } of columns) {
      const rows = by.prepare(`SELECT rowid AS row, ${column} AS value FROM ${table}`).all()
      for (const { row, value: former } of rows as { row: number; value: null | number | string }[]) {
        const before = await told(reader) // all of it is in memory
        const value = values.find((candidate) => set(table, column, row, candidate))
        if (value === undefined) continue
        written += 1
        const after = await check(`${table}.${column} = ${value}`)
        if (!isDeepStrictEqual(after, before)) differed += 1
        if (set(table, column, row, former)) await check(`${table}.${column} = ${value}, and back`)
      }
    }
  }
  assert.ok(written > 120, `${written} changes`)
  assert.ok(differed > 60, `${differed} of them told`)
})

test('whatever is deleted, with all that goes with it, what is kept is what there is', async (t) => {
  let differed = 0
  const { folder: first } = await scene(t)
  for (const table of tablesOf(anybody(t, first))) {
    const { folder, open, told } = await scene(t)
    const by = anybody(t, folder)
    const reader = await open()
    for (const { row } of by.prepare(`SELECT rowid AS row FROM ${table}`).all()) {
      const before = await told(reader)
      by.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run(row as number)
      const fresh = await openSqlite(folder)
      const there = await told(fresh)
      await fresh.close()
      assert.deepEqual(await told(reader), there, table)
      if (!isDeepStrictEqual(there, before)) differed += 1
    }
  }
  assert.ok(differed > 10, `${differed} told`)
})

test('what is added is seen: members, chosen organizations, secrets, revoked tokens, keys, credentials', async (t) => {
  const { open, store, told, user, first, client, chosen } = await scene(t)
  const reader = await open()
  const { lookups } = reader
  assert.equal(await lookups.credentialByHash('hash-new'), undefined)
  const organization = await addOrganization(store)
  const additions = [
    () => addMember(store, organization, user),
    () => chooseOrganization(store, chosen.id, first),
    () => addClientSecret(store, client, 'another'),
    () => addSigningKey(store, { algorithm: 'EdDSA' }),
    () =>
      store.transaction((trx) => trx.insertInto('revoked_tokens').values({ id: 'a-token', expires_at: 1 }).execute()),
  ]
  for (const add of additions) {
    const before = await told(reader)
    await add()
    assert.notDeepEqual(await told(reader), before)
    assert.deepEqual(await told(reader), await told(await open()))
  }
  await addCredential(store, { hash: 'hash-new', organization_id: organization })
  assert.equal((await lookups.credentialByHash('hash-new'))?.organization?.id, organization)
})

test('a commit that changes none of it drops none of it', async (t) => {
  const { open, store, told, user, first, second, grant, client, key } = await scene(t)
  const reader = await open()
  const before = await told(reader)
  const version = reader.lookups.version()
  await addSession(store, user)
  await addCode(store, grant, 1)
  await addCredential(store, { organization_id: first })
  await addGrant(store, client, user)
  await addUser(store)
  await store.transaction((trx) => trx.insertInto('settings').values({ name: 'a', value: 'b' }).execute())
  await store.transaction((trx) => trx.updateTable('users').set({ password_hash: 'x' }).execute())
  await store.transaction((trx) => trx.updateTable('organizations').set({ name: 'Renamed' }).execute())
  assert.notEqual(reader.lookups.version(), version)
  const after = await told(reader)
  for (const [index, record] of before.byHash.entries()) assert.equal(after.byHash[index], record)
  assert.deepEqual([after.client === before.client, after.grant === before.grant], [true, true])
  assert.equal(after.keys, before.keys)
  await store.transaction((trx) =>
    trx.updateTable('credentials').set({ revoked_at: 1 }).where('id', '=', key.id).execute(),
  )
  const revoked = await told(reader)
  assert.deepEqual(
    revoked.byHash.map((record, index) => record === before.byHash[index]),
    [false, true, true, true],
  )
  await store.transaction((trx) =>
    trx.updateTable('organizations').set({ tier: 'enterprise' }).where('id', '=', second).execute(),
  )
  assert.equal((await told(reader)).client, before.client, 'of another organization')
})

test('whoever looked away while more was changed than is kept, or than is read, begins anew', async (t) => {
  const { folder, open, told } = await scene(t)
  const by = anybody(t, folder)
  const numbers = (count: number) =>
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count}) SELECT 'token', 'of-' || n FROM numbers`
  for (const count of [10, 19_000, 19_000, 25_000, 120_000]) {
    const reader = await open()
    await told(reader)
    for (const suspended of ['1', 'NULL']) {
      by.exec(`BEGIN; UPDATE organizations SET suspended_at = ${suspended}; UPDATE users SET operator = 1 - operator;
        INSERT INTO changes (kind, id) ${numbers(count)}; COMMIT`)
      assert.deepEqual(await told(reader), await told(await open()), `${count} changes`)
    }
  }
  const { kept } = by.prepare('SELECT count(*) AS kept FROM changes').get() as { kept: number }
  assert.ok(kept <= 100_000, `${kept} kept`)
})
