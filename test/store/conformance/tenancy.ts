// What goes with an organization or a user when it is deleted, and what stays.
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import {
  addClient,
  addClientSecret,
  addCredential,
  addLink,
  addMember,
  addOrganization,
  addUser,
  chooseOrganization,
} from '../rows.ts'

const tables = [
  'users',
  'organizations',
  'members',
  'credentials',
  'credential_organizations',
  'clients',
  'client_secrets',
  'links',
] as const

const counts = async (store: Store): Promise<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const table of tables) found[table] = (await store.db.selectFrom(table).selectAll().execute()).length
  return found
}

/** Two organizations with the same in each, and one user who is in both. */
const furnish = async (store: Store) => {
  const user = await addUser(store)
  const organizations: string[] = []
  for (let i = 0; i < 2; i++) {
    const organization = await addOrganization(store)
    organizations.push(organization)
    await addMember(store, organization, user, 'owner')
    await addCredential(store, { user_id: user, organization_id: organization })
    await addCredential(store, { kind: 'legacy_token', user_id: user, organization_id: organization })
    await addClientSecret(store, await addClient(store, organization, { created_by: user }), `secret-${i}`)
  }
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: user })
  for (const organization of organizations) await chooseOrganization(store, token.id, organization)
  await addLink(store, { kind: 'user', user_id: user })
  return { user, organizations, token }
}

const furnished = {
  users: 1,
  organizations: 2,
  members: 2,
  credentials: 5,
  credential_organizations: 2,
  clients: 2,
  client_secrets: 2,
  links: 1,
}

export const tenancy: readonly Requirement[] = [
  [
    'an organization takes its credentials, clients and members with it, and nothing of another',
    async (database) => {
      const store = await database.open()
      const { organizations } = await furnish(store)
      assert.deepEqual(await counts(store), furnished)
      await store.transaction((trx) =>
        trx
          .deleteFrom('organizations')
          .where('id', '=', organizations[0] as string)
          .execute(),
      )
      assert.deepEqual(await counts(store), {
        users: 1,
        organizations: 1,
        members: 1,
        credentials: 3,
        credential_organizations: 1,
        clients: 1,
        client_secrets: 1,
        links: 1,
      })
      for (const table of ['members', 'clients'] as const) {
        assert.deepEqual(
          (await store.db.selectFrom(table).select('organization_id').execute()).map((row) => row.organization_id),
          [organizations[1]],
        )
      }
    },
  ],
  [
    'a user takes memberships and links, and leaves every credential and client as it is',
    async (database) => {
      const store = await database.open()
      const { user } = await furnish(store)
      const before = [
        await store.db.selectFrom('credentials').selectAll().orderBy('id').execute(),
        await store.db.selectFrom('clients').selectAll().orderBy('id').execute(),
      ]
      await store.transaction((trx) => trx.deleteFrom('users').where('id', '=', user).execute())
      assert.deepEqual(await counts(store), { ...furnished, users: 0, members: 0, links: 0 })
      assert.deepEqual(
        [
          await store.db.selectFrom('credentials').selectAll().orderBy('id').execute(),
          await store.db.selectFrom('clients').selectAll().orderBy('id').execute(),
        ],
        before,
      )
    },
  ],
  [
    'a member of an organization or user that is not there cannot be made',
    async (database) => {
      const store = await database.open()
      const user = await addUser(store)
      const organization = await addOrganization(store)
      await assert.rejects(addMember(store, 'nowhere', user))
      await assert.rejects(addMember(store, organization, 'nobody'))
      await assert.rejects(addMember(store, organization, user, 'emperor' as never))
    },
  ],
]
