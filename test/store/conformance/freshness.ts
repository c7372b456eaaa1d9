// Revocation is immediate: what one process has committed, another sees at its very next look-up.
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import { addClient, addClientSecret, addCredential, addMember, addOrganization, addUser, at } from '../rows.ts'

const revoke = (store: Store, id: string, revoked: boolean): Promise<unknown> =>
  store.transaction((trx) =>
    trx
      .updateTable('credentials')
      .set({ revoked_at: revoked ? at : null })
      .where('id', '=', id)
      .execute(),
  )

export const freshness: readonly Requirement[] = [
  [
    'a change through one store is seen by the very next look-up of another, 200 times in both directions',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      const organization = await addOrganization(stores[0])
      const { id, hash } = await addCredential(stores[0], { organization_id: organization })
      for (let round = 0; round < 200; round++) {
        const [writer, reader] = round % 2 === 0 ? stores : ([stores[1], stores[0]] as const)
        assert.equal((await reader.lookups.credentialByHash(hash))?.revoked, false)
        await revoke(writer, id, true)
        assert.equal((await reader.lookups.credentialByHash(hash))?.revoked, true, `round ${round}: the other store`)
        assert.equal((await writer.lookups.credentialById(id))?.revoked, true, `round ${round}: its own`)
        await revoke(writer, id, false)
      }
    },
  ],
  [
    'so is every other change that a record depends on',
    async (database) => {
      const [writer, reader] = [await database.open(), await database.open()] as const
      const user = await addUser(writer)
      const organization = await addOrganization(writer)
      const token = await addCredential(writer, { kind: 'personal_access_token', user_id: user, all_organizations: 1 })
      const client = await addClient(writer, organization)
      const lookUp = async () => {
        const record = await reader.lookups.credentialById(token.id)
        const { secrets, organization: paying } = (await reader.lookups.clientById(client)) ?? {}
        return [
          record?.userActive,
          record?.memberships.get(organization)?.role,
          record?.memberships.get(organization)?.tier,
          secrets?.length,
          paying?.tier,
        ]
      }
      assert.deepEqual(await lookUp(), [true, undefined, undefined, 0, 'free'])
      await addMember(writer, organization, user, 'admin')
      assert.deepEqual(await lookUp(), [true, 'admin', 'free', 0, 'free'])
      await addClientSecret(writer, client, 'hash')
      assert.deepEqual(await lookUp(), [true, 'admin', 'free', 1, 'free'])
      await writer.transaction((trx) => trx.updateTable('organizations').set({ tier: 'pro' }).execute())
      assert.deepEqual(await lookUp(), [true, 'admin', 'pro', 1, 'pro'])
      await writer.transaction((trx) => trx.deleteFrom('members').execute())
      assert.deepEqual(await lookUp(), [true, undefined, undefined, 1, 'pro'])
      await writer.transaction((trx) => trx.deleteFrom('users').execute())
      assert.deepEqual(await lookUp(), [false, undefined, undefined, 1, 'pro'])
    },
  ],
  [
    'the version differs after a commit of any store, and not after counting or reading',
    async (database) => {
      const [writer, reader] = [await database.open(), await database.open()] as const
      if (reader.lookups.version() === undefined)
        return assert.equal(reader.kind, 'postgres', 'where asking costs as much as looking up')
      const before = reader.lookups.version()
      await writer.counters.take({ counter: 'a', period: 60_000, limit: 10, needed: 1, wanted: 1 }, at)
      await writer.recordLastUse(new Map([['somebody', at]]))
      await writer.db.selectFrom('users').selectAll().execute()
      await database.open()
      assert.equal(reader.lookups.version(), before)
      await addUser(writer)
      const after = reader.lookups.version()
      assert.notEqual(after, before)
      await addUser(reader)
      assert.notEqual(reader.lookups.version(), after)
    },
  ],
]
