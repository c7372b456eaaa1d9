// Users: made, listed, changed and deleted by operators.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyPassword } from '../../src/accounts/password.ts'
import { codeOf, keyOf, local, openAccounts } from './fixture.ts'

const password = 'correct horse battery'

test('a user is made with a normalised address and a hashed password', async (t) => {
  const { ask, store } = await openAccounts(t)
  const { status, body } = await ask<Record<string, string>>(local, 'POST', '/users', {
    email: '  Ada@Example.COM ',
    name: ' Ada Lovelace ',
    password,
  })
  assert.equal(status, 201)
  assert.deepEqual(body, {
    id: body.id,
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    operator: false,
    created_at: '2026-11-22T12:00:00.000Z',
    email_verified: false,
    suspended_at: null,
  })
  const row = await store.db.selectFrom('users').selectAll().where('id', '=', String(body.id)).executeTakeFirstOrThrow()
  assert.match(String(row.password_hash), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await verifyPassword(row.password_hash, password), true)
  const trail = await store.db.selectFrom('audit').selectAll().where('action', '=', 'user.created').execute()
  assert.equal(trail.length, 1)
  assert.ok(!JSON.stringify(trail).includes(password))
})

test('an address belongs to one user, whatever its case', async (t) => {
  const { ask } = await openAccounts(t)
  await ask(local, 'POST', '/users', { email: 'ada@example.com', name: 'Ada' })
  assert.equal(codeOf(await ask(local, 'POST', '/users', { email: 'ADA@example.com ', name: 'Other' })), '409 conflict')
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) => ask(local, 'POST', '/users', { email: 'Bob@example.com', name: `Bob ${n}` })),
  )
  assert.deepEqual(
    answers.map((answer) => answer.status).toSorted((a, b) => a - b),
    [201, 409, 409, 409],
  )
})

test('what is no address, name or password is refused', async (t) => {
  const { ask, store } = await openAccounts(t)
  const good = { email: 'ada@example.com', name: 'Ada' }
  const wrong: Record<string, unknown>[] = [
    { ...good, email: 'ada' },
    { ...good, email: 'ada@' },
    { ...good, email: 'a da@example.com' },
    { ...good, email: 'ada@example.com\nbcc: x@example.com' },
    { ...good, email: `${'a'.repeat(65)}@example.com` },
    { ...good, email: `ada@${'a'.repeat(64)}.com` },
    { ...good, email: 'ada@-example.com' },
    { ...good, name: '' },
    { ...good, name: '   ' },
    { ...good, name: 'a'.repeat(201) },
    { ...good, name: 'Ada\u001b[31m' },
    { ...good, name: 'Ada\u202eecila' },
    { ...good, password: 'too short' },
    { ...good, password: 'a'.repeat(12) },
    { ...good, password: 'a'.repeat(129) },
    { ...good, password: 'ADA@example.com' },
    { ...good, operator: 'yes' },
    { ...good, id: '0193a7b2-1111-7abc-8def-0123456789ab' },
    { email: 'ada@example.com' },
    { name: 'Ada' },
  ]
  for (const body of wrong)
    assert.equal(codeOf(await ask(local, 'POST', '/users', body)), '400 invalid_request', JSON.stringify(body))
  assert.deepEqual(await store.db.selectFrom('users').selectAll().execute(), [])
})

test('users are listed newest first, page by page, each once', async (t) => {
  const { ask, user } = await openAccounts(t)
  const made: string[] = []
  for (let count = 0; count < 5; count++) made.push(await user())
  const seen: unknown[] = []
  let cursor: string | null = null
  do {
    const path: string = cursor === null ? '/users?limit=2' : `/users?limit=2&cursor=${cursor}`
    const { body } = await ask<{ data: { id: string }[]; next_cursor: string | null }>(local, 'GET', path)
    assert.ok(body.data.length <= 2)
    seen.push(...body.data.map(({ id }) => id))
    cursor = body.next_cursor
  } while (cursor !== null)
  assert.deepEqual(seen, made.toSorted().toReversed())
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=2&limit=3', 'cursor=x', 'page=2']) {
    assert.equal(codeOf(await ask(local, 'GET', `/users?${query}`)), '400 invalid_request', query)
  }
})

test('a user is renamed, suspended and resumed; what is the same already is no change', async (t) => {
  const { ask, user, store, clock } = await openAccounts(t)
  const id = await user()
  assert.equal((await ask(local, 'PATCH', `/users/${id}`, { name: 'New' })).body.name, 'New')
  clock.at += 1000
  assert.equal(
    (await ask(local, 'PATCH', `/users/${id}`, { suspended: true })).body.suspended_at,
    '2026-11-22T12:00:01.000Z',
  )
  clock.at += 1000
  assert.equal(
    (await ask(local, 'PATCH', `/users/${id}`, { suspended: true })).body.suspended_at,
    '2026-11-22T12:00:01.000Z',
  )
  assert.equal((await ask(local, 'PATCH', `/users/${id}`, { suspended: false })).body.suspended_at, null)
  const trail = await store.db
    .selectFrom('audit')
    .select('detail')
    .where('action', '=', 'user.updated')
    .orderBy('at')
    .execute()
  assert.deepEqual(
    trail.map(({ detail }) => detail),
    ['{"name":"New"}', '{"suspended":true}', '{"suspended":false}'],
  )
  assert.equal(codeOf(await ask(local, 'PATCH', `/users/${id}`, {})), '400 invalid_request')
  assert.equal(codeOf(await ask(local, 'PATCH', `/users/${id}`, { email: 'x@example.com' })), '400 invalid_request')
  assert.equal(
    codeOf(await ask(local, 'PATCH', '/users/0193a7b2-1111-7abc-8def-0123456789ab', { name: 'X' })),
    '404 not_found',
  )
})

test('the last active operator is neither demoted, suspended nor deleted', async (t) => {
  const { ask, user } = await openAccounts(t)
  const first = await user({ operator: true })
  const changes = [{ operator: false }, { suspended: true }]
  for (const change of changes)
    assert.equal(codeOf(await ask(local, 'PATCH', `/users/${first}`, change)), '409 conflict')
  assert.equal(codeOf(await ask(local, 'DELETE', `/users/${first}`)), '409 conflict')
  const second = await user({ operator: true })
  const answers = await Promise.all(
    [first, second].map((id) => ask(local, 'PATCH', `/users/${id}`, { suspended: true })),
  )
  assert.deepEqual(
    answers.map((answer) => answer.status).toSorted((a, b) => a - b),
    [200, 409],
  )
})

test('the last owner of an organization is not deleted, and the refusal names it', async (t) => {
  const { ask, user, organization, member } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  await member(id, 'admin')
  const refused = await ask(local, 'DELETE', `/users/${owner}`)
  assert.equal(codeOf(refused), '409 conflict')
  assert.match(String(refused.body.detail), new RegExp(`"Acme" \\(${id}\\)`))
  const other = await member(id, 'owner')
  assert.deepEqual((await ask(local, 'DELETE', `/users/${owner}`)).body, { id: owner, deleted: true })
  assert.equal(codeOf(await ask(local, 'GET', `/users/${owner}`)), '404 not_found')
  assert.equal(codeOf(await ask(local, 'DELETE', `/users/${other}`)), '409 conflict')
})

test('a link is made for a user, told once, kept as a hash', async (t) => {
  const { ask, user, store } = await openAccounts(t)
  const id = await user()
  const { status, body, headers } = await ask<{ url: string; expires_at: string }>(local, 'POST', `/users/${id}/link`)
  assert.equal(status, 201)
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(body.url, /^http:\/\/localhost:8000\/setup\?token=su_[\w-]{43}$/)
  assert.equal(body.expires_at, '2026-11-23T12:00:00.000Z')
  const token = body.url.split('token=')[1] ?? ''
  const kept = JSON.stringify([
    await store.db.selectFrom('links').selectAll().execute(),
    await store.db.selectFrom('audit').selectAll().execute(),
  ])
  assert.ok(token.length > 40 && !kept.includes(token))
  assert.equal(codeOf(await ask(local, 'POST', '/users/0193a7b2-1111-7abc-8def-0123456789ab/link')), '404 not_found')
})

test('every caller learns who it is', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  const asPerson = (await ask(await person(owner), 'GET', '/users/me')).body
  assert.equal(asPerson.kind, 'personal_access_token')
  assert.equal(asPerson.subject, owner)
  assert.equal((asPerson.user as { id: string }).id, owner)
  assert.deepEqual([asPerson.organization_id, asPerson.organization_ids, asPerson.operator], [null, [id], false])
  const asKey = (await ask(keyOf(id, 'read', 'write'), 'GET', '/users/me')).body
  assert.deepEqual(asKey, {
    kind: 'api_key',
    id: 'a-key',
    subject: 'a-key',
    name: null,
    user: null,
    organization_id: id,
    organization_ids: [id],
    scopes: ['read', 'write'],
    environment: 'live',
    operator: false,
    expires_at: null,
  })
})
