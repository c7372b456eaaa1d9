// Organizations: made by people for themselves and by operators for others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addClient, addCredential } from '../store/rows.ts'
import { codeOf, keyOf, local, openAccounts } from './fixture.ts'

interface Listing {
  data: { id: string; role: string | null }[]
  next_cursor: string | null
}

test('a person makes an organization, owns it, and it is free', async (t) => {
  const { ask, user, person } = await openAccounts(t)
  const id = await user()
  const { status, body } = await ask(await person(id), 'POST', '/organizations', { name: ' Acme ' })
  assert.equal(status, 201)
  assert.deepEqual([body.name, body.tier, body.role, body.suspended_at], ['Acme', 'free', 'owner', null])
  const listed = await ask<Listing>(await person(id), 'GET', '/organizations')
  assert.deepEqual(listed.body, { data: [body], next_cursor: null })
})

test('an operator names the owner and the tier, nobody else does', async (t) => {
  const { ask, user, person } = await openAccounts(t)
  const [owner, other] = [await user(), await user()]
  const made = await ask(local, 'POST', '/organizations', { name: 'Acme', owner, tier: 'pro' })
  assert.deepEqual([made.status, made.body.tier, made.body.role], [201, 'pro', null])
  const asOther = await person(other)
  for (const fields of [{ tier: 'pro' }, { tier: 'free' }, { owner }, { owner: other }]) {
    assert.equal(
      codeOf(await ask(asOther, 'POST', '/organizations', { name: 'Acme', ...fields })),
      '403 forbidden',
      JSON.stringify(fields),
    )
  }
  assert.equal(codeOf(await ask(local, 'POST', '/organizations', { name: 'Acme' })), '400 invalid_request')
  assert.equal(
    codeOf(await ask(local, 'POST', '/organizations', { name: 'Acme', owner: '0193a7b2-1111-7abc-8def-0123456789ab' })),
    '400 invalid_request',
  )
  assert.equal(
    codeOf(await ask(local, 'POST', '/organizations', { name: 'Acme', owner, tier: 'gold' })),
    '400 invalid_request',
  )
  const id = String(made.body.id)
  assert.equal(
    codeOf(await ask(keyOf(id, 'manage:organizations'), 'POST', '/organizations', { name: 'Acme' })),
    '403 forbidden',
  )
})

test('a key or client sees exactly its own organization, with no scope needed', async (t) => {
  const { ask, user, organization } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  await organization(owner)
  const { body } = await ask<Listing>(keyOf(id), 'GET', '/organizations')
  assert.deepEqual(
    body.data.map((entry) => [entry.id, entry.role]),
    [[id, null]],
  )
  assert.equal(codeOf(await ask(keyOf(id, 'manage:organizations'), 'GET', '/organizations?all=true')), '403 forbidden')
})

test('operators list all, others do not', async (t) => {
  const { ask, operate, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const made = [await organization(owner), await organization(await user()), await organization(await user())]
  const ids = made.toSorted().toReversed()
  const first = (await ask<Listing>(local, 'GET', '/organizations?all=true&limit=2')).body
  assert.deepEqual(
    first.data.map((entry) => entry.id),
    ids.slice(0, 2),
  )
  const rest = (await ask<Listing>(local, 'GET', `/organizations?all=true&limit=2&cursor=${first.next_cursor}`)).body
  assert.deepEqual([rest.data.map((entry) => entry.id), rest.next_cursor], [ids.slice(2), null])
  const operator = await user({ operator: true })
  const own = await organization(operator)
  await organization(operator).then((id) => operate('PATCH', `/organizations/${id}`, { suspended: true }))
  const roles = (await ask<Listing>(await person(operator), 'GET', '/organizations?all=true')).body.data
  assert.deepEqual(
    roles.filter(({ role }) => role !== null).map(({ id, role }) => [id, role]),
    [[own, 'owner']],
  )
  assert.equal(codeOf(await ask(await person(owner), 'GET', '/organizations?all=true')), '403 forbidden')
  assert.deepEqual(
    (await ask<Listing>(await person(owner), 'GET', '/organizations?all=false')).body.data.map((entry) => entry.id),
    [made[0]],
  )
})

test('5,000 organizations of one person are listed page by page', async (t) => {
  const { ask, user, person, store } = await openAccounts(t)
  const owner = await user()
  const ids = Array.from({ length: 5000 }, (_, index) => `0193a7b2-1111-7abc-8def-${String(index).padStart(12, '0')}`)
  await store.transaction(async (trx) => {
    for (let from = 0; from < ids.length; from += 500) {
      const some = ids.slice(from, from + 500)
      await trx
        .insertInto('organizations')
        .values(some.map((id) => ({ id, name: 'Acme', tier: 'free', suspended_at: null, created_at: 0 })))
        .execute()
      await trx
        .insertInto('members')
        .values(some.map((id) => ({ organization_id: id, user_id: owner, role: 'viewer', created_at: 0 })))
        .execute()
    }
  })
  const actor = await person(owner)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const answer: Listing = (
      await ask<Listing>(actor, 'GET', `/organizations?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`)
    ).body
    seen.push(...answer.data.map((entry) => entry.id))
    cursor = answer.next_cursor
  } while (cursor !== null)
  assert.deepEqual(seen, ids.toReversed())
})

test('admins rename; tier and suspension are the operators’', async (t) => {
  const { ask, user, organization, member, person, store } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const admin = await person(await member(id, 'admin'))
  assert.equal((await ask(admin, 'PATCH', `/organizations/${id}`, { name: 'Renamed' })).body.name, 'Renamed')
  for (const actor of [admin, await person(owner), keyOf(id, 'manage:organizations')]) {
    for (const fields of [
      { tier: 'enterprise' },
      { tier: 'free' },
      { suspended: true },
      { suspended: false },
      { name: 'Sly', tier: 'pro' },
    ]) {
      assert.equal(
        codeOf(await ask(actor, 'PATCH', `/organizations/${id}`, fields)),
        '403 forbidden',
        JSON.stringify(fields),
      )
    }
  }
  const { body } = await ask(local, 'PATCH', `/organizations/${id}`, { tier: 'enterprise', suspended: true })
  assert.deepEqual([body.name, body.tier, body.suspended_at], ['Renamed', 'enterprise', '2026-11-22T12:00:00.000Z'])
  const trail = await store.db
    .selectFrom('audit')
    .select('detail')
    .where('action', '=', 'organization.updated')
    .execute()
  assert.deepEqual(trail.map(({ detail }) => String(detail)).toSorted(), [
    '{"name":"Renamed"}',
    '{"tier":"enterprise","suspended":true}',
  ])
})

test('a deleted organization takes keys, clients and memberships with it, its audit trail stays', async (t) => {
  const { ask, user, organization, person, store } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const key = await addCredential(store, { organization_id: id, user_id: owner })
  const client = await addClient(store, id)
  assert.notEqual(await store.lookups.credentialByHash(key.hash), undefined)
  assert.deepEqual((await ask(await person(owner), 'DELETE', `/organizations/${id}`)).body, { id, deleted: true })
  assert.equal(await store.lookups.credentialByHash(key.hash), undefined)
  assert.equal(await store.lookups.clientById(client), undefined)
  assert.deepEqual(await store.db.selectFrom('members').selectAll().execute(), [])
  const trail = await store.db.selectFrom('audit').select('action').where('organization_id', '=', id).execute()
  assert.deepEqual(trail.map(({ action }) => action).toSorted(), ['organization.created', 'organization.deleted'])
  assert.equal(codeOf(await ask(local, 'GET', `/organizations/${id}`)), '404 not_found')
})
