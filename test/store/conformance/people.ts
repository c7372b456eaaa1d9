// People at a store that several processes share: their sessions, and the applications that they have connected.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { actorWith } from '../../../src/accounts/actor.ts'
import { listApplications } from '../../../src/accounts/applications/list.ts'
import { revokeApplication } from '../../../src/accounts/applications/revoke.ts'
import { endSession, findSession, startSession } from '../../../src/accounts/sessions.ts'
import { updateUser } from '../../../src/accounts/users/update.ts'
import { buildConfig } from '../../../src/config/config.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import { addClient, addGrant, addOrganization, addUser, at } from '../rows.ts'

const operator = actorWith({ kind: 'local', id: 'local', operator: true })
const config = buildConfig({}, { apis: { multi: { scopes: { read: 'Read', write: 'Write' } } } })

const consent = (store: Store, user_id: string, client_id: string, organization_id: string, scopes: string) =>
  store.transaction((trx) =>
    trx
      .insertInto('consents')
      .values({ id: randomUUIDv7(), user_id, client_id, organization_id, api: 'multi', scopes, created_at: at - 5 })
      .execute(),
  )

export const people: readonly Requirement[] = [
  [
    'a session is found by every process until it ends, by anybody',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const user = await addUser(one, { operator: 0 })
      const start = () => startSession(one, user, { ip: '192.0.2.1', userAgent: 'x'.repeat(5_000) }, at)
      const { value, session } = await start()
      assert.deepEqual(await findSession(other, value, at), session)
      assert.equal(await findSession(other, value, session.expiresAt), undefined)
      await endSession(other, session.id)
      assert.equal(await findSession(one, value, at), undefined)
      const again = await start()
      await updateUser(other, operator, user, { suspended: true }, at)
      assert.equal(await findSession(one, again.value, at), undefined)
      await updateUser(other, operator, user, { suspended: false }, at)
      assert.equal(await findSession(one, again.value, at), undefined)
    },
  ],
  [
    'applications are those of the person alone, and what is revoked is so at every process',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const [user, neighbour] = [await addUser(one), await addUser(one)]
      const organization = await addOrganization(one)
      const [client, second] = [await addClient(one, organization), await addClient(one, organization)]
      const held = { organization_id: organization, all_organizations: 0 }
      const grants = [
        await addGrant(one, client, user, { ...held, created_at: at - 3 }),
        await addGrant(one, client, user, { ...held, created_at: at - 2 }),
        await addGrant(one, client, user, { scopes: 'write', created_at: at - 1 }),
      ]
      const kept = [
        await addGrant(one, second, user, { expires_at: at }),
        await addGrant(one, client, neighbour, held),
        await addGrant(one, second, neighbour, held),
      ]
      await consent(one, user, client, organization, 'write')
      await consent(one, neighbour, client, organization, 'read')
      const list = (store: Store, user_id: string) => listApplications({ store, config }, operator, { user_id }, at)
      const [listed, ...others] = (await list(one, user)).data
      assert.deepEqual(others, [])
      assert.equal(listed?.client_id, client)
      assert.equal(listed?.connected_at, new Date(at - 5).toISOString())
      assert.deepEqual(
        listed?.access
          .map(
            ({ organization_name, all_organizations, scopes }) => `${organization_name} ${all_organizations} ${scopes}`,
          )
          .toSorted((a, b) => a.localeCompare(b)),
        ['Acme false read write', 'null true write'],
      )
      assert.equal((await list(other, neighbour)).data.length, 2)

      assert.deepEqual(await revokeApplication(other, operator, { user_id: user, client_id: client }, at), {
        client_id: client,
        revoked: true,
      })
      for (const id of grants) assert.equal((await one.lookups.grantById(id))?.revoked, true)
      for (const id of kept) assert.equal((await one.lookups.grantById(id))?.revoked, false)
      assert.deepEqual((await list(one, user)).data, [])
      assert.equal((await list(one, neighbour)).data.length, 2)
      await assert.rejects(revokeApplication(one, operator, { user_id: user, client_id: client }, at), {
        code: 'not_found',
      })
    },
  ],
]
