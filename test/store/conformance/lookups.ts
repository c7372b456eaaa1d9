// The look-ups of the hot path: everything that judging a credential needs, in one answer.
import assert from 'node:assert/strict'
import type { CredentialRecord, Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
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
} from '../rows.ts'

const found = async (store: Store, hash: string): Promise<CredentialRecord> => {
  const record = await store.lookups.credentialByHash(hash)
  assert.ok(record)
  assert.deepEqual(await store.lookups.credentialById(record.id), record)
  return record
}

const reached = (record: CredentialRecord): [string, string, string][] =>
  [...record.memberships.values()]
    .map(({ organizationId, role, tier }): [string, string, string] => [organizationId, role, tier])
    .sort(([a], [b]) => (a < b ? -1 : 1))

const suspend = (
  store: Store,
  table: 'organizations' | 'users',
  id: string,
  suspended_at: number | null,
): Promise<unknown> =>
  store.transaction((trx) => trx.updateTable(table).set({ suspended_at }).where('id', '=', id).execute())

export const lookups: readonly Requirement[] = [
  [
    'what does not exist is undefined, whatever the key looks like',
    async (database) => {
      const { lookups } = await database.open()
      for (const key of ['', 'nothing', "' OR 1=1 --", 'a\0b', '\ud800', 'ä'.repeat(10_000)]) {
        assert.equal(await lookups.credentialByHash(key), undefined)
        assert.equal(await lookups.credentialById(key), undefined)
        assert.equal(await lookups.clientById(key), undefined)
      }
      assert.deepEqual(await lookups.signingKeys(), [])
    },
  ],
  [
    'an API key carries its organization, active or suspended, and nothing of its author',
    async (database) => {
      const store = await database.open()
      const author = await addUser(store, { operator: 1 })
      const organization = await addOrganization(store, 'pro')
      await addMember(store, organization, author, 'owner')
      const { id, hash } = await addCredential(store, {
        user_id: author,
        organization_id: organization,
        scopes: 'read write',
        apis: '["one","two"]',
        networks: '["10.0.0.0/8"]',
        expires_at: at + 1,
        environment: 'test',
      })
      assert.deepEqual(await found(store, hash), {
        id,
        kind: 'api_key',
        name: 'A key',
        environment: 'test',
        scopes: ['read', 'write'],
        apis: ['one', 'two'],
        networks: ['10.0.0.0/8'],
        createdAt: at,
        lineageId: id,
        expiresAt: at + 1,
        revoked: false,
        userId: author,
        userActive: true,
        operator: false,
        organization: { id: organization, tier: 'pro', suspended: false },
        memberships: new Map(),
        allOrganizations: false,
      } satisfies CredentialRecord)
      await suspend(store, 'organizations', organization, at)
      assert.equal((await found(store, hash)).organization?.suspended, true)
      await store.transaction((trx) => trx.updateTable('credentials').set({ revoked_at: at }).execute())
      assert.equal((await found(store, hash)).revoked, true)
    },
  ],
  [
    'an API key outlives its author',
    async (database) => {
      const store = await database.open()
      const author = await addUser(store)
      const organization = await addOrganization(store)
      const { hash } = await addCredential(store, { user_id: author, organization_id: organization })
      await suspend(store, 'users', author, at)
      assert.equal((await found(store, hash)).userActive, true)
      await store.transaction((trx) => trx.deleteFrom('users').execute())
      const record = await found(store, hash)
      assert.equal(record.userActive, true)
      assert.equal(record.userId, author)
      assert.equal(record.organization?.id, organization)
    },
  ],
  [
    "a token of all organizations has its owner's present memberships",
    async (database) => {
      const store = await database.open()
      const owner = await addUser(store)
      const stranger = await addUser(store)
      const first = await addOrganization(store, 'free')
      const second = await addOrganization(store, 'enterprise')
      const foreign = await addOrganization(store, 'pro')
      await addMember(store, foreign, stranger, 'owner')
      const { hash } = await addCredential(store, {
        kind: 'personal_access_token',
        user_id: owner,
        all_organizations: 1,
      })
      const none = await found(store, hash)
      assert.deepEqual(
        [none.organization, none.allOrganizations, none.userActive, none.operator, reached(none)],
        [null, true, true, false, []],
      )
      await addMember(store, first, owner, 'viewer')
      await addMember(store, second, owner, 'admin')
      assert.deepEqual(reached(await found(store, hash)), [
        [first, 'viewer', 'free'],
        [second, 'admin', 'enterprise'],
      ])
      await store.transaction((trx) =>
        trx.updateTable('members').set({ role: 'owner' }).where('organization_id', '=', first).execute(),
      )
      assert.deepEqual(reached(await found(store, hash)), [
        [first, 'owner', 'free'],
        [second, 'admin', 'enterprise'],
      ])
      await suspend(store, 'organizations', second, at)
      assert.deepEqual(reached(await found(store, hash)), [[first, 'owner', 'free']])
      await suspend(store, 'organizations', second, null)
      await store.transaction((trx) => trx.deleteFrom('members').where('organization_id', '=', first).execute())
      assert.deepEqual(reached(await found(store, hash)), [[second, 'admin', 'enterprise']])
    },
  ],
  [
    'a token of chosen organizations reaches those of them that its owner belongs to',
    async (database) => {
      const store = await database.open()
      const owner = await addUser(store)
      const chosen = await addOrganization(store)
      const left = await addOrganization(store)
      const other = await addOrganization(store)
      await addMember(store, chosen, owner, 'member')
      await addMember(store, other, owner, 'owner')
      const { id, hash } = await addCredential(store, { kind: 'personal_access_token', user_id: owner })
      assert.deepEqual(reached(await found(store, hash)), [])
      await chooseOrganization(store, id, chosen)
      await chooseOrganization(store, id, left)
      const record = await found(store, hash)
      assert.equal(record.allOrganizations, false)
      assert.deepEqual(reached(record), [[chosen, 'member', 'free']])
      await addMember(store, left, owner, 'viewer')
      assert.deepEqual(reached(await found(store, hash)), [
        [chosen, 'member', 'free'],
        [left, 'viewer', 'free'],
      ])
    },
  ],
  [
    'a legacy token held to one organization reaches no other',
    async (database) => {
      const store = await database.open()
      const owner = await addUser(store)
      const held = await addOrganization(store)
      const other = await addOrganization(store)
      await addMember(store, held, owner, 'admin')
      await addMember(store, other, owner, 'admin')
      const { hash } = await addCredential(store, { kind: 'legacy_token', user_id: owner, organization_id: held })
      const record = await found(store, hash)
      assert.equal(record.organization, null, 'a token belongs to its owner, not to an organization')
      assert.deepEqual(reached(record), [[held, 'admin', 'free']])
    },
  ],
  [
    "a token's owner is active, suspended or gone, an operator or not",
    async (database) => {
      const store = await database.open()
      const owner = await addUser(store, { operator: 1 })
      const { hash } = await addCredential(store, {
        kind: 'personal_access_token',
        user_id: owner,
        all_organizations: 1,
      })
      assert.deepEqual([(await found(store, hash)).userActive, (await found(store, hash)).operator], [true, true])
      await suspend(store, 'users', owner, at)
      assert.equal((await found(store, hash)).userActive, false)
      await store.transaction((trx) => trx.deleteFrom('users').execute())
      assert.deepEqual([(await found(store, hash)).userActive, (await found(store, hash)).operator], [false, false])
    },
  ],
  [
    'a client carries its organization and all its secrets',
    async (database) => {
      const store = await database.open()
      const organization = await addOrganization(store, 'pro')
      const id = await addClient(store, organization, {
        public: 1,
        pkce: 'optional',
        redirect_uris: '["https://a.example/cb"]',
        scopes: 'read',
        apis: '["one"]',
        environment: 'test',
      })
      const bare = await store.lookups.clientById(id)
      assert.deepEqual(bare, {
        id,
        name: 'A client',
        public: true,
        pkce: 'optional',
        redirectUris: ['https://a.example/cb'],
        scopes: ['read'],
        grants: ['client_credentials'],
        environment: 'test',
        apis: ['one'],
        organization: { id: organization, tier: 'pro', suspended: false },
        registration: 'managed',
        jwks: null,
        jwksUri: null,
        dpopBound: false,
        parRequired: false,
        subjectType: 'public',
        postLogoutRedirectUris: [],
        uri: null,
        staleAt: null,
        secrets: [],
      })
      await addClientSecret(store, id, 'old', at + 5)
      await addClientSecret(store, id, 'new')
      const secrets = (await store.lookups.clientById(id))?.secrets ?? []
      assert.deepEqual(
        [...secrets].sort((a, b) => (a.hash < b.hash ? -1 : 1)),
        [
          { hash: 'new', expiresAt: null },
          { hash: 'old', expiresAt: at + 5 },
        ],
      )
      await suspend(store, 'organizations', organization, at)
      assert.equal((await store.lookups.clientById(id))?.organization?.suspended, true)
      await store.transaction((trx) => trx.deleteFrom('clients').execute())
      assert.equal(await store.lookups.clientById(id), undefined)
    },
  ],
  [
    'signing keys come newest first, as the same array until one changes',
    async (database) => {
      const store = await database.open()
      const old = await addSigningKey(store, { retired_at: at, expires_at: at + 9 })
      const secret = await addSigningKey(store, {
        algorithm: 'HS256',
        api: 'one',
        public_jwk: null,
        created_at: at + 1,
      })
      const current = await addSigningKey(store, { created_at: at + 2, sealed: 'v1.y' })
      const keys = await store.lookups.signingKeys()
      assert.deepEqual(
        keys.map(({ id }) => id),
        [current, secret, old],
      )
      assert.deepEqual(keys[2], {
        id: old,
        algorithm: 'ES256',
        api: null,
        publicJwk: '{}',
        sealed: 'v1.x',
        createdAt: at,
        retiredAt: at,
        expiresAt: at + 9,
      })
      assert.equal(await store.lookups.signingKeys(), keys)
      for (const change of [{ retired_at: at + 3 }, { expires_at: at + 4 }, { sealed: 'v1.z' }]) {
        const before = await store.lookups.signingKeys()
        await store.transaction((trx) =>
          trx.updateTable('signing_keys').set(change).where('id', '=', current).execute(),
        )
        const after = await store.lookups.signingKeys()
        assert.notEqual(after, before)
        assert.equal(await store.lookups.signingKeys(), after)
      }
      await store.transaction((trx) => trx.deleteFrom('signing_keys').execute())
      assert.deepEqual(await store.lookups.signingKeys(), [])
    },
  ],
]
