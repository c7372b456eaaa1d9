// Members and roles: admins manage up to admins, owners everybody, and an owner always stays.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeMember } from '../../src/accounts/members/remove.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { codeOf, keyOf, local, openAccounts } from './fixture.ts'

test('members are added with a role and listed with address and name', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const [owner, other] = [await user(), await user()]
  const id = await organization(owner)
  const added = await ask(await person(owner), 'POST', `/organizations/${id}/members`, {
    user_id: other,
    role: 'viewer',
  })
  assert.equal(added.status, 201)
  assert.deepEqual(added.body, {
    user_id: other,
    email: 'person-2@example.com',
    name: 'Person 2',
    role: 'viewer',
    created_at: '2026-11-22T12:00:00.000Z',
  })
  const listed = await ask<{ data: { user_id: string; role: string }[] }>(
    await person(other),
    'GET',
    `/organizations/${id}/members`,
  )
  assert.deepEqual(
    listed.body.data.map((entry) => `${entry.user_id} ${entry.role}`),
    [`${owner} owner`, `${other} viewer`].toSorted().toReversed(),
  )
  assert.equal(
    codeOf(await ask(local, 'POST', `/organizations/${id}/members`, { user_id: other, role: 'admin' })),
    '409 conflict',
  )
  assert.equal(
    codeOf(await ask(local, 'POST', `/organizations/${id}/members`, { user_id: id, role: 'admin' })),
    '400 invalid_request',
  )
  assert.equal(
    codeOf(await ask(local, 'POST', `/organizations/${id}/members`, { user_id: other, role: 'root' })),
    '400 invalid_request',
  )
  assert.equal(
    codeOf(await ask(local, 'POST', `/organizations/${owner}/members`, { user_id: other, role: 'viewer' })),
    '404 not_found',
  )
  assert.equal(codeOf(await ask(local, 'GET', `/organizations/${owner}/members`)), '404 not_found')
})

test('an admin adds up to admins, touches no owner and gives no other roles; keys of manage:members are admins', async (t) => {
  const { ask, user, organization, member, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const admin = await member(id, 'admin')
  const viewer = await member(id, 'viewer')
  for (const actor of [await person(admin), keyOf(id, 'manage:members')]) {
    const newcomer = await user()
    assert.equal(
      (await ask(actor, 'POST', `/organizations/${id}/members`, { user_id: newcomer, role: 'admin' })).status,
      201,
    )
    assert.equal(
      codeOf(await ask(actor, 'POST', `/organizations/${id}/members`, { user_id: await user(), role: 'owner' })),
      '403 forbidden',
    )
    assert.equal(
      codeOf(await ask(actor, 'PATCH', `/organizations/${id}/members/${viewer}`, { role: 'owner' })),
      '403 forbidden',
    )
    assert.equal(
      codeOf(await ask(actor, 'PATCH', `/organizations/${id}/members/${admin}`, { role: 'owner' })),
      '403 forbidden',
    )
    assert.equal(
      codeOf(await ask(actor, 'PATCH', `/organizations/${id}/members/${owner}`, { role: 'viewer' })),
      '403 forbidden',
    )
    assert.equal(codeOf(await ask(actor, 'DELETE', `/organizations/${id}/members/${owner}`)), '403 forbidden')
    assert.equal(
      codeOf(await ask(actor, 'PATCH', `/organizations/${id}/members/${viewer}`, { role: 'member' })),
      '403 forbidden',
    )
    assert.equal((await ask(actor, 'DELETE', `/organizations/${id}/members/${newcomer}`)).status, 200)
  }
})

test('everybody may leave, with nothing more than a membership', async (t) => {
  const { ask, user, organization, member, person, store } = await openAccounts(t)
  const id = await organization(await user())
  const viewer = await member(id, 'viewer')
  const other = await member(id, 'viewer')
  assert.equal(
    codeOf(await ask(await person(viewer), 'DELETE', `/organizations/${id}/members/${other}`)),
    '403 forbidden',
  )
  const actor = await person(viewer)
  assert.deepEqual((await ask(actor, 'DELETE', `/organizations/${id}/members/${viewer}`)).body, {
    id: viewer,
    deleted: true,
  })
  assert.equal(codeOf(await ask(actor, 'DELETE', `/organizations/${id}/members/${viewer}`)), '404 not_found')
  assert.equal(
    codeOf(await ask(await person(viewer), 'DELETE', `/organizations/${id}/members/${viewer}`)),
    '403 organization_forbidden',
  )
  const trail = await store.db
    .selectFrom('audit')
    .select('actor_id')
    .where('target_id', '=', viewer)
    .where('action', '=', 'member.left')
    .execute()
  assert.deepEqual(
    trail.map((row) => row.actor_id),
    [actor.id],
  )
})

test('the last owner is neither demoted nor removed, not even by an operator', async (t) => {
  const { ask, user, organization, member, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  for (const actor of [await person(owner), local]) {
    assert.equal(
      codeOf(await ask(actor, 'PATCH', `/organizations/${id}/members/${owner}`, { role: 'admin' })),
      '409 conflict',
    )
    assert.equal(codeOf(await ask(actor, 'DELETE', `/organizations/${id}/members/${owner}`)), '409 conflict')
  }
  const second = await member(id, 'owner')
  assert.equal(
    (await ask(await person(second), 'PATCH', `/organizations/${id}/members/${owner}`, { role: 'member' })).body.role,
    'member',
  )
  assert.equal(
    codeOf(await ask(await person(second), 'DELETE', `/organizations/${id}/members/${second}`)),
    '409 conflict',
  )
})

test('an owner who is suspended is none that could stay', async (t) => {
  const { ask, user, organization, member } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const second = await member(id, 'owner')
  await ask(local, 'PATCH', `/users/${second}`, { suspended: true })
  assert.equal(codeOf(await ask(local, 'DELETE', `/organizations/${id}/members/${owner}`)), '409 conflict')
  assert.equal(codeOf(await ask(local, 'DELETE', `/users/${owner}`)), '409 conflict')
  await ask(local, 'PATCH', `/users/${second}`, { suspended: false })
  assert.equal((await ask(local, 'DELETE', `/users/${owner}`)).status, 200)
})

test('of two owners who leave at once, one stays: in one process and in two', async (t) => {
  const { ask, store, folder, clock, user, organization, member, person } = await openAccounts(t)
  const elsewhere = await openSqlite(folder)
  t.after(() => elsewhere.close())
  for (let round = 0; round < 10; round++) {
    const first = await user()
    const id = await organization(first)
    const second = await member(id, 'owner')
    const [one, two] = [await person(first), await person(second)]
    const leaving =
      round % 2 === 0
        ? [
            ask(one, 'DELETE', `/organizations/${id}/members/${first}`),
            ask(two, 'DELETE', `/organizations/${id}/members/${second}`),
          ]
        : [removeMember(store, one, id, first, clock.at), removeMember(elsewhere, two, id, second, clock.at)]
    const outcomes = (await Promise.allSettled<unknown>(leaving)).map((outcome) =>
      outcome.status === 'rejected'
        ? (outcome.reason as { status: number }).status
        : ((outcome.value as { status?: number }).status ?? 200),
    )
    assert.deepEqual(
      outcomes.toSorted((a, b) => a - b),
      [200, 409],
    )
    const owners = await store.db
      .selectFrom('members')
      .select('user_id')
      .where('organization_id', '=', id)
      .where('role', '=', 'owner')
      .execute()
    assert.equal(owners.length, 1)
  }
})
