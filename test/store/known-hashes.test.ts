// Unknown credentials cost the store no work beyond a fixed amount, and no known one is ever taken for unknown.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { addCredential, addOrganization } from './rows.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const unknown = (): string => randomBytes(32).toString('hex')

test('100,000 unknown hashes are answered from memory, the same one at once, and every known one is found', async (t) => {
  const folder = temporaryFolder(t)
  const [store, other] = [await openSqlite(folder), await openSqlite(folder)]
  t.after(() => Promise.all([store.close(), other.close()]))
  const organization_id = await addOrganization(other)
  const hashes: string[] = []
  for (let i = 0; i < 300; i++) {
    const hash = unknown()
    hashes.push(hash)
    await addCredential(other, { hash, organization_id })
  }
  const { lookups } = store
  const one = unknown()
  for (let i = 0; i < 1000; i++) assert.equal(await lookups.credentialByHash(one), undefined)
  assert.equal(lookups.asked(), 1)
  await addCredential(other, { hash: one, organization_id })
  assert.ok(await lookups.credentialByHash(one), 'what was unknown is found once it is made')
  const before = lookups.asked()
  for (let i = 0; i < 100_000; i++) {
    assert.equal(await lookups.credentialByHash(unknown()), undefined)
    if (i % 500 === 0) {
      // while the filter is made, and afterwards
      await turn()
      const hash = unknown()
      await addCredential(i % 1000 === 0 ? other : store, { hash, organization_id })
      hashes.push(hash)
      assert.ok(await lookups.credentialByHash(hash), 'what is made is found at once')
    }
  }
  const asked = lookups.asked() - before - 200
  assert.ok(asked >= 1_000 && asked < 4_000, `the store was asked ${asked} times`)
  for (const hash of hashes) assert.ok(await lookups.credentialByHash(hash))
})

test('more credentials than the filter has room for are found, and so are those of a large import', async (t) => {
  const folder = temporaryFolder(t)
  const [store, other] = [await openSqlite(folder), await openSqlite(folder)]
  t.after(() => Promise.all([store.close(), other.close()]))
  const { lookups } = store
  const flood = async (): Promise<number> => {
    const before = lookups.asked()
    for (let i = 0; i < 3_000; i++) {
      assert.equal(await lookups.credentialByHash(unknown()), undefined)
      if (i % 100 === 0) await turn()
    }
    return lookups.asked() - before
  }
  await flood()
  assert.ok((await flood()) < 100)
  const hashes = Array.from({ length: 30_000 }, unknown)
  for (let from = 0; from < hashes.length; from += 1_000)
    await other.transaction(async (trx) => {
      await trx
        .insertInto('credentials')
        .values(
          hashes.slice(from, from + 1_000).map((hash) => ({
            id: hash.slice(0, 36),
            kind: 'legacy_token' as const,
            hash,
            hint: '',
            name: '',
            user_id: 'nobody',
            organization_id: null,
            all_organizations: 0,
            environment: 'live',
            scopes: null,
            apis: null,
            lineage_id: hash,
            replaces: null,
            created_at: 0,
            expires_at: null,
            revoked_at: null,
            networks: null,
          })),
        )
        .execute()
      if (from === 5_000) assert.ok(await lookups.credentialByHash(hashes[4_000] as string))
    })
  for (const hash of hashes) assert.ok(await lookups.credentialByHash(hash))
  await flood()
  assert.ok((await flood()) < 100)
  for (const hash of hashes.toReversed().slice(0, 5_000)) assert.ok(await lookups.credentialByHash(hash))
})
