// What happens to organizations as a whole: handed over, weighed before they end, and not by a browser that somebody left open.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../src/accounts/actor.ts'
import { addClient, addCredential } from '../store/rows.ts'
import { codeOf, keyOf, local, openAccounts } from './fixture.ts'

/** The person at a browser, who last proved who they are at `authenticatedAt`. */
const atBrowser = (person: Actor, authenticatedAt: number): Actor => ({ ...person, kind: 'session', authenticatedAt })

test('an owner hands an organization over and stays as admin', async (t) => {
  const { ask, user, organization, member, person, store } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const next = await member(id, 'viewer')
  const url = `/organizations/${id}/transfer`
  const { status, body } = await ask(await person(owner), 'POST', url, { user_id: next })
  assert.deepEqual([status, body.role], [200, 'admin'])
  const roles = await store.db.selectFrom('members').select(['user_id', 'role']).execute()
  assert.deepEqual(
    new Map(roles.map(({ user_id, role }) => [user_id, role])),
    new Map([
      [owner, 'admin'],
      [next, 'owner'],
    ]),
  )
  assert.equal(codeOf(await ask(await person(owner), 'POST', url, { user_id: owner })), '403 forbidden')
  const entry = await store.db
    .selectFrom('audit')
    .select(['detail', 'organization_id'])
    .where('action', '=', 'organization.transferred')
    .executeTakeFirstOrThrow()
  assert.deepEqual([JSON.parse(String(entry.detail)), entry.organization_id], [{ to: next, from: owner }, id])
})

test('it is handed over to members alone, and to nobody twice', async (t) => {
  const { ask, user, organization, member, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const url = `/organizations/${id}/transfer`
  const asOwner = await person(owner)
  assert.equal(codeOf(await ask(asOwner, 'POST', url, { user_id: await user() })), '404 not_found')
  assert.equal(codeOf(await ask(asOwner, 'POST', url, { user_id: owner })), '400 invalid_request')
  const admin = await member(id, 'admin')
  for (const actor of [await person(admin), keyOf(id, 'manage:organizations')])
    assert.equal(codeOf(await ask(actor, 'POST', url, { user_id: admin })), '403 forbidden')
  // an operator makes another owner, and demotes nobody
  assert.equal((await ask(local, 'POST', url, { user_id: admin })).status, 200)
  assert.equal((await ask(asOwner, 'PATCH', `/organizations/${id}/members/${admin}`, { role: 'admin' })).status, 200)
})

test('what would stop working is counted', async (t) => {
  const { ask, user, organization, member, person, store, clock } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const other = await organization(owner)
  await member(id, 'member')
  await addCredential(store, { organization_id: id, user_id: owner })
  await addCredential(store, { organization_id: id, user_id: owner, expires_at: clock.at })
  await addCredential(store, { organization_id: id, user_id: owner, revoked_at: clock.at - 1 })
  await addCredential(store, { organization_id: other, user_id: owner })
  await addCredential(store, { kind: 'legacy_token', organization_id: id, user_id: owner })
  await addClient(store, id)
  const bucket = Math.floor(clock.at / 3_600_000) * 3_600_000
  const counted = { owner_id: id, width: 'hour' as const, api: 'default', environment: 'live', count: 7, units: 7 }
  await store.activity
    .insertInto('usage_totals')
    .values([
      { ...counted, bucket, code: 'valid' },
      { ...counted, bucket: bucket - 30 * 3_600_000, code: 'valid' },
      { ...counted, bucket, code: 'rate_limit_exceeded' },
    ])
    .execute()
  const { body } = await ask(await person(owner), 'GET', `/organizations/${id}/impact`)
  assert.deepEqual(body, {
    api_keys: 1,
    clients: 1,
    members: 2,
    tokens: 1,
    applications: 0,
    webhooks: 0,
    calls_24h: 7,
  })
})

test('a browser that was left open ends, hands over and appoints nothing', async (t) => {
  const { ask, user, organization, member, person, clock } = await openAccounts(t)
  const owner = await user({ operator: true })
  const id = await organization(owner)
  const next = await member(id, 'member')
  const minute = 60_000
  const at = async (ago: number): Promise<Actor> => atBrowser(await person(owner), clock.at - ago)
  for (const [method, path, body] of [
    ['DELETE', `/organizations/${id}`],
    ['POST', `/organizations/${id}/transfer`, { user_id: next }],
    ['POST', '/users', { email: 'new@example.com', name: 'New', operator: true }],
    ['PATCH', `/users/${next}`, { operator: true }],
    ['POST', `/users/${next}/link`],
    ['DELETE', `/users/${next}`],
  ] as const)
    assert.equal(
      codeOf(await ask(await at(16 * minute), method, path, body)),
      '403 reauthentication_required',
      `${method} ${path}`,
    )
  assert.equal((await ask(await at(14 * minute), 'DELETE', `/organizations/${id}`)).status, 200)
})

test('people and organizations are searched by a part of their name, whatever its case', async (t) => {
  const { ask, user, organization, person, operate } = await openAccounts(t)
  const ada = await user({ email: 'ada@example.com', name: 'Ada Lovelace' })
  await user({ email: 'charles@example.com', name: 'Charles 100%' })
  const id = await organization(ada)
  await operate('PATCH', `/organizations/${id}`, { name: 'Ärzte & Söhne' })
  await organization(ada)
  const names = async (actor: Actor, path: string): Promise<string[]> =>
    (await ask<{ data: { name: string }[] }>(actor, 'GET', path)).body.data.map(({ name }) => name)
  assert.deepEqual(await names(local, '/users?q=LOVE'), ['Ada Lovelace'])
  assert.deepEqual(await names(local, '/users?q=ada%40'), ['Ada Lovelace'])
  assert.deepEqual(await names(local, '/users?q=%25'), ['Charles 100%'])
  assert.deepEqual(await names(await person(ada), `/organizations?q=${encodeURIComponent('ÄRZTE')}`), ['Ärzte & Söhne'])
  assert.deepEqual(await names(local, '/organizations?all=true&q=acme'), ['Acme'])
  assert.deepEqual(await names(await person(await user()), '/organizations?q=acme'), [])
})
