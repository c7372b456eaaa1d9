// RFC 8628 §3.5, §5.1: device codes on a store that several processes share: decided once, used once, and asked about in turn.
import assert from 'node:assert/strict'
import {
  comesTooEarly,
  consume,
  decide,
  findDeviceCode,
  findWaiting,
  makeDeviceCode,
} from '../../../src/oauth/device/device-codes.ts'
import { SecretBox } from '../../../src/secret-box.ts'
import type { Requirement } from '../conformance.ts'
import { addClient, addGrant, addOrganization, addUser, at } from '../rows.ts'

const box = new SecretBox('a secret of at least thirty-two characters')

export const deviceCodes: readonly Requirement[] = [
  [
    'of everybody who decides at once one does, and then nobody waits; of everybody who collects at once one does',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const client = await addClient(one, await addOrganization(one))
      const user = await addUser(one)
      const grants = [await addGrant(one, client, user), await addGrant(one, client, user)] as const
      const asked = { client_id: client, api: 'multi', scopes: 'read', jkt: null, ip: null }
      const made = await makeDeviceCode(one, box, asked, at)
      assert.ok(made)
      const waiting = await findWaiting(other.db, box, made.userCode, at)
      assert.ok(waiting)
      assert.equal(await findWaiting(other.db, box, made.userCode, waiting.expires_at), undefined)
      assert.equal(await findWaiting(other.db, new SecretBox('x'.repeat(32)), made.userCode, at), undefined, 'keyed')
      const rows = JSON.stringify(await one.db.selectFrom('device_codes').selectAll().execute())
      assert.ok(!rows.includes(made.userCode) && !rows.includes(made.deviceCode), 'hashed at rest')

      const decisions = await Promise.all([
        one.transaction((trx) => decide(trx, waiting.hash, { grant_id: grants[0] }, at)),
        other.transaction((trx) => decide(trx, waiting.hash, { denied_at: at }, at)),
        other.transaction((trx) => decide(trx, waiting.hash, { grant_id: grants[1] }, at)),
      ])
      assert.deepEqual(decisions.toSorted(), [false, false, true])
      assert.equal(await findWaiting(one.db, box, made.userCode, at), undefined)
      assert.ok(await findDeviceCode(other, client, made.deviceCode))
      assert.equal(
        await findDeviceCode(other, await addClient(one, await addOrganization(one)), made.deviceCode),
        undefined,
      )
      const collected = await Promise.all(
        [one, other, one, other].map((store) => store.transaction((trx) => consume(trx, waiting.hash))),
      )
      assert.equal(collected.filter(Boolean).length, 1)
      assert.equal(await findDeviceCode(one, client, made.deviceCode), undefined)
    },
  ],
  [
    'a code is decided within its time alone',
    async (database) => {
      const store = await database.open()
      const client = await addClient(store, await addOrganization(store))
      const made = await makeDeviceCode(
        store,
        box,
        { client_id: client, api: 'multi', scopes: '', jkt: null, ip: null },
        at,
      )
      const code = await findDeviceCode(store, client, made?.deviceCode ?? '')
      assert.ok(code)
      assert.ok(code.expires_at - at >= 600_000 && code.expires_at - at <= 900_000)
      const late = (denied_at: number) => store.transaction((trx) => decide(trx, code.hash, { denied_at }, denied_at))
      assert.equal(await late(code.expires_at), false)
      assert.equal(await late(code.expires_at - 1), true)
    },
  ],
  [
    'a client may have 10,000 that wait',
    async (database) => {
      const store = await database.open()
      const client = await addClient(store, await addOrganization(store))
      const asked = { client_id: client, api: 'multi', scopes: '', jkt: null, ip: null }
      const rows = Array.from({ length: 9_999 }, (_, index) => ({
        ...asked,
        hash: `hash-${index}`,
        user_code_hash: `user-hash-${index}`,
        created_at: at,
        expires_at: at + 10_000,
        denied_at: null,
        grant_id: null,
      }))
      await store.transaction(async (trx) => {
        for (let start = 0; start < rows.length; start += 1_000)
          await trx
            .insertInto('device_codes')
            .values(rows.slice(start, start + 1_000))
            .execute()
      })
      assert.ok(await makeDeviceCode(store, box, asked, at))
      assert.equal(await makeDeviceCode(store, box, asked, at), undefined)
      assert.ok(await makeDeviceCode(store, box, asked, at + 10_000))
    },
  ],
  [
    'a poll before its time is slowed down by 5 seconds more, in whatever process; the first may come at once',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      let turn = 0
      const code = { hash: 'hash', expires_at: at + 600_000 }
      const poll = (now: number) => comesTooEarly(stores[turn++ % 2] as (typeof stores)[0], code, now)
      let now = at
      const after = async (seconds: number): Promise<boolean> => poll((now += seconds * 1000))
      assert.equal(await after(0), false)
      assert.equal(await after(5), false)
      assert.equal(await after(4), true)
      assert.equal(await after(9), true, '10 seconds now')
      assert.equal(await after(14), true, '15')
      assert.equal(await after(20), false)
      assert.equal(await after(19), true, 'it stays so')
      assert.equal(await after(25), false)
      for (let storm = 0; storm < 100; storm++) assert.equal(await after(0), true)
      assert.equal(await after(60), false, 'a storm costs a minute at most')
      assert.equal(await comesTooEarly(stores[0], { ...code, hash: 'another' }, now), false)
    },
  ],
  [
    'of fifty polls at once one is in time',
    async (database) => {
      const stores = [await database.open(), await database.open()]
      const code = { hash: 'hash', expires_at: at + 600_000 }
      const early = await Promise.all(
        Array.from({ length: 50 }, (_, index) => comesTooEarly(stores[index % 2] as (typeof stores)[0], code, at)),
      )
      assert.equal(early.filter((poll) => !poll).length, 1)
    },
  ],
]
