// What is suspended, removed or deleted has no access from the next look-up on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addCredential, chooseOrganization } from '../store/rows.ts'
import { local, openAccounts } from './fixture.ts'

test('a suspended user’s tokens stop, and go on once resumed; API keys go on', async (t) => {
  const { ask, user, organization, store } = await openAccounts(t)
  const id = await user()
  const owned = await organization(id)
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: id, all_organizations: 1 })
  const legacy = await addCredential(store, { kind: 'legacy_token', user_id: id, all_organizations: 1 })
  const key = await addCredential(store, { user_id: id, organization_id: owned })
  const active = async (hash: string) => (await store.lookups.credentialByHash(hash))?.userActive
  assert.deepEqual([await active(token.hash), await active(legacy.hash), await active(key.hash)], [true, true, true])
  await ask(local, 'PATCH', `/users/${id}`, { suspended: true })
  assert.deepEqual([await active(token.hash), await active(legacy.hash), await active(key.hash)], [false, false, true])
  await ask(local, 'PATCH', `/users/${id}`, { suspended: false })
  assert.equal(await active(token.hash), true)
})

test('a demoted operator’s token is no operator’s any more', async (t) => {
  const { ask, user, store } = await openAccounts(t)
  await user({ operator: true })
  const id = await user({ operator: true })
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: id, all_organizations: 1 })
  assert.equal((await store.lookups.credentialByHash(token.hash))?.operator, true)
  await ask(local, 'PATCH', `/users/${id}`, { operator: false })
  assert.equal((await store.lookups.credentialByHash(token.hash))?.operator, false)
})

test('a deleted user’s tokens and links are gone; API keys belong to the organization and stay', async (t) => {
  const { ask, user, organization, member, store } = await openAccounts(t)
  const owned = await organization(await user())
  const id = await member(owned, 'admin')
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: id })
  await chooseOrganization(store, token.id, owned)
  const legacy = await addCredential(store, { kind: 'legacy_token', user_id: id, organization_id: owned })
  const key = await addCredential(store, { user_id: id, organization_id: owned })
  await ask(local, 'POST', `/users/${id}/link`)
  assert.equal((await ask(local, 'DELETE', `/users/${id}`)).status, 200)
  assert.equal(await store.lookups.credentialByHash(token.hash), undefined)
  assert.equal(await store.lookups.credentialByHash(legacy.hash), undefined)
  assert.equal((await store.lookups.credentialByHash(key.hash))?.organization?.id, owned)
  assert.deepEqual(await store.db.selectFrom('links').selectAll().execute(), [])
  assert.deepEqual(await store.db.selectFrom('credential_organizations').selectAll().execute(), [])
  assert.deepEqual(await store.db.selectFrom('members').select('user_id').where('user_id', '=', id).execute(), [])
})

test('a removed member’s tokens no longer reach the organization, a new role counts at once', async (t) => {
  const { ask, user, organization, member, store } = await openAccounts(t)
  const owned = await organization(await user())
  const id = await member(owned, 'admin')
  const all = await addCredential(store, { kind: 'personal_access_token', user_id: id, all_organizations: 1 })
  const chosen = await addCredential(store, { kind: 'personal_access_token', user_id: id })
  await chooseOrganization(store, chosen.id, owned)
  const roles = async () =>
    Promise.all(
      [all, chosen].map(async ({ hash }) => (await store.lookups.credentialByHash(hash))?.memberships.get(owned)?.role),
    )
  assert.deepEqual(await roles(), ['admin', 'admin'])
  await ask(local, 'PATCH', `/organizations/${owned}/members/${id}`, { role: 'viewer' })
  assert.deepEqual(await roles(), ['viewer', 'viewer'])
  await ask(local, 'DELETE', `/organizations/${owned}/members/${id}`)
  assert.deepEqual(await roles(), [undefined, undefined])
})

test('a suspended organization is reached by nobody’s token, and its keys say so', async (t) => {
  const { ask, user, organization, store } = await openAccounts(t)
  const id = await user()
  const owned = await organization(id)
  const token = await addCredential(store, { kind: 'personal_access_token', user_id: id, all_organizations: 1 })
  const key = await addCredential(store, { user_id: id, organization_id: owned })
  await ask(local, 'PATCH', `/organizations/${owned}`, { suspended: true })
  assert.equal((await store.lookups.credentialByHash(token.hash))?.memberships.size, 0)
  assert.equal((await store.lookups.credentialByHash(key.hash))?.organization?.suspended, true)
  await ask(local, 'PATCH', `/organizations/${owned}`, { suspended: false, tier: 'pro' })
  assert.equal((await store.lookups.credentialByHash(token.hash))?.memberships.get(owned)?.tier, 'pro')
})
