// The audit trail: who, what, when and from where; read with filters, by those who may.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, keyOf, local, openAccounts } from '../accounts/fixture.ts'

interface Listing {
  data: Record<string, unknown>[]
  next_cursor: string | null
}

test('an entry tells all of it', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  await ask(await person(owner), 'PATCH', `/organizations/${id}`, { name: 'New' })
  const { body } = await ask<Listing>(
    await person(owner),
    'GET',
    `/organizations/${id}/audit?action=organization.updated`,
  )
  assert.deepEqual(body, {
    data: [
      {
        id: body.data[0]?.id,
        at: '2026-11-22T12:00:00.000Z',
        actor_kind: 'personal_access_token',
        actor_id: `token-of-${owner}`,
        action: 'organization.updated',
        target_kind: 'organization',
        target_id: id,
        organization_id: id,
        ip: '192.0.2.7',
        request_id: 'a-request',
        detail: { name: 'New' },
        user_id: owner,
      },
    ],
    next_cursor: null,
  })
})

test('filters by action, actor, target and time', async (t) => {
  const { ask, operate, user, organization, person, clock } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  clock.at += 60_000
  const other = await user()
  await ask(await person(owner), 'POST', `/organizations/${id}/members`, { user_id: other, role: 'viewer' })
  clock.at += 60_000
  await operate('PATCH', `/organizations/${id}/members/${other}`, { role: 'member' })
  const actions = async (path: string) =>
    (await ask<Listing>(local, 'GET', path)).body.data.map((entry) => String(entry.action)).toSorted()
  assert.deepEqual(await actions('/audit'), [
    'member.added',
    'member.role_changed',
    'organization.created',
    'user.created',
    'user.created',
  ])
  assert.deepEqual(await actions(`/organizations/${id}/audit`), [
    'member.added',
    'member.role_changed',
    'organization.created',
  ])
  assert.deepEqual(await actions('/audit?action=member.added'), ['member.added'])
  assert.deepEqual(await actions(`/audit?actor_id=token-of-${owner}`), ['member.added'])
  assert.deepEqual(await actions(`/audit?target_id=${other}&actor_id=local`), ['member.role_changed', 'user.created'])
  assert.deepEqual(await actions('/audit?since=2026-11-22T12:01:00Z&until=2026-11-22T12:02:00Z'), [
    'member.added',
    'user.created',
  ])
  assert.deepEqual(await actions('/audit?since=2026-11-22T13:02:00%2B01:00'), ['member.role_changed'])
  assert.deepEqual(await actions('/audit?action=%27OR(1=1)--'), [])
  for (const query of [
    'since=yesterday',
    'until=2026-02-31T00:00:00Z',
    'since=2026-11-22',
    'actor=x',
    `action=${'x'.repeat(101)}`,
    'action=',
    'action=%00',
    'target_id=a%20b',
  ]) {
    assert.equal(codeOf(await ask(local, 'GET', `/audit?${query}`)), '400 invalid_request', query)
  }
})

test('pages follow each other without a gap, newest first', async (t) => {
  const { ask, user } = await openAccounts(t)
  for (let count = 0; count < 7; count++) await user()
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const { body }: { body: Listing } = await ask<Listing>(
      local,
      'GET',
      `/audit?action=user.created&limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
    )
    seen.push(...body.data.map((entry) => String(entry.id)))
    cursor = body.next_cursor
  } while (cursor !== null)
  assert.equal(seen.length, 7)
  assert.deepEqual(seen, [...new Set(seen)].toSorted().toReversed())
})

test('no organization reads another’s trail, whatever it filters by', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const [mine, other] = [await organization(owner), await organization(await user())]
  const { data } = (await ask<Listing>(await person(owner), 'GET', `/organizations/${mine}/audit?target_id=${other}`))
    .body
  assert.deepEqual(data, [])
  assert.equal(
    codeOf(await ask(keyOf(mine, 'manage:audit'), 'GET', `/organizations/${other}/audit`)),
    '403 organization_forbidden',
  )
  assert.equal(codeOf(await ask(keyOf(mine, 'manage:audit'), 'GET', '/audit')), '403 forbidden')
  assert.equal((await ask(keyOf(mine, 'manage:audit'), 'GET', `/organizations/${mine}/audit`)).status, 200)
})

test('nothing changes or deletes an entry', async (t) => {
  const { app, user } = await openAccounts(t)
  await user()
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
    assert.equal((await app.inject({ method, url: '/api/v1/audit' })).statusCode, 404)
})
