// API keys from making to revoking, each change with effect at the next look-up; and who may do what to which.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { hashOf, hintOf, makePersonalAccessToken } from '../../src/credentials/format.ts'
import { formatTime } from '../../src/rfc3339.ts'
import { day, refused, scene } from './scene.ts'

const world = await scene()
const { app, call, find, actions, operate, person, clock } = world

/** An organization with an owner, an admin, a member and a viewer. */
const staffed = async () => {
  const owner = await person()
  const organization = await world.organization(owner.id)
  const [admin, member, viewer] = [
    await person({ of: organization, role: 'admin' }),
    await person({ of: organization, role: 'member' }),
    await person({ of: organization, role: 'viewer' }),
  ]
  return { owner, admin, member, viewer, organization, keys: `/organizations/${organization}/api-keys` }
}

const time = (milliseconds = 0): string => formatTime(clock.at + milliseconds)

test('a key is told once, kept as a hash, found at once, and listed by its hint', async () => {
  const { owner, organization, keys } = await staffed()
  const made = await call(owner.token, 'POST', keys, {
    name: '  Production  ',
    scopes: 'read write read',
    apis: ['embeddings'],
  })
  assert.equal(made.status, 201)
  assert.equal(made.headers['cache-control'], 'no-store')
  const { key, ...rest } = made.body
  assert.match(String(key), /^sk_[0-9a-f]{64}$/)
  assert.deepEqual(rest, {
    id: made.body.id,
    name: 'Production',
    hint: hintOf(String(key)),
    organization_id: organization,
    environment: 'live',
    scopes: 'read write',
    apis: ['embeddings'],
    networks: null,
    created_by: owner.id,
    created_by_name: 'Ada',
    created_at: time(),
    last_used_at: null,
    expires_at: null,
    revoked_at: null,
    state: 'active',
    replaces: null,
    rotated_to: null,
  })
  const found = await find(String(key))
  assert.equal(found?.id, made.body.id)
  assert.equal(found?.lineageId, made.body.id)
  assert.deepEqual(found?.scopes, ['read', 'write'])
  const listed = await call(owner.token, 'GET', keys)
  assert.deepEqual(listed.body.data, [rest])
  assert.deepEqual((await call(owner.token, 'GET', `/api-keys/${made.body.id}`)).body, rest)
  const stored = await app.store.db
    .selectFrom('credentials')
    .select('hash')
    .where('id', '=', String(made.body.id))
    .executeTakeFirstOrThrow()
  assert.equal(stored.hash, hashOf(String(key)))
  const trail = JSON.stringify(await app.store.db.selectFrom('audit').selectAll().execute())
  assert.ok(!trail.includes(String(key)) && !trail.includes(stored.hash), 'the trail holds no value')
  assert.deepEqual(await actions(String(made.body.id)), ['api_key.created'])
})

test('a key names its environment where one is asked for, and the unmarked belong to the first', async () => {
  const { owner, keys } = await staffed()
  for (const [environment, form] of [
    [undefined, /^sk_[0-9a-f]{64}$/],
    ['live', /^sk_live_[0-9a-f]{64}$/],
    ['test', /^sk_test_[0-9a-f]{64}$/],
  ] as const) {
    const { body } = await call(owner.token, 'POST', keys, { name: 'Key', ...(environment && { environment }) })
    assert.match(String(body.key), form)
    assert.equal(body.environment, environment ?? 'live')
  }
  refused(
    await call(owner.token, 'POST', keys, { name: 'Key', environment: 'staging' }),
    'invalid_request',
    /live, test/,
  )
  const { body } = await call(owner.token, 'GET', `${keys}?environment=test`)
  assert.equal(body.data.length, 1)
})

test('expiry: seconds or a time, not both, in the future, at most ten years by seconds', async () => {
  const { owner, keys } = await staffed()
  const make = (fields: object) => call(owner.token, 'POST', keys, { name: 'Key', ...fields })
  assert.equal((await make({ expires_in: 90 })).body.expires_at, time(90_000))
  assert.equal((await make({ expires_at: '2030-02-01T00:00:00+01:00' })).body.expires_at, '2030-01-31T23:00:00.000Z')
  for (const wrong of [
    { expires_in: 90, expires_at: '2030-02-01T00:00:00Z' },
    { expires_in: 0 },
    { expires_in: -1 },
    { expires_in: 1.5 },
    { expires_in: '90' },
    { expires_in: 10 * 366 * 86_400 },
    { expires_at: time() },
    { expires_at: '2020-01-01T00:00:00Z' },
    { expires_at: '2028-02-30T00:00:00Z' },
    { expires_at: '2028-01-01' },
    { expires_at: 'soon' },
  ]) {
    refused(await make(wrong), 'invalid_request')
  }
})

test('malformed bodies are refused', async () => {
  const { owner, keys } = await staffed()
  for (const wrong of [
    {},
    { name: '' },
    { name: '   ' },
    { name: 'line\nbreak' },
    { name: 'x'.repeat(201) },
    { name: 'Key', unknown: 1 },
    { name: 'Key', scopes: '' },
    { name: 'Key', scopes: 'read  write' },
    { name: 'Key', scopes: ['read'] },
    { name: 'Key', scopes: 'constructor' },
    { name: 'Key', apis: [] },
    { name: 'Key', apis: ['nothing'] },
    { name: 'Key', apis: 'embeddings' },
    { name: 'Key', environment: '__proto__' },
    { name: 'Key', user_id: 'x' },
  ]) {
    refused(await call(owner.token, 'POST', keys, wrong), 'invalid_request')
  }
  refused(
    await call(owner.token, 'POST', keys, { name: 'Key', scopes: 'read delete' }),
    'invalid_request',
    /no scope "delete".*read write reports:export/,
  )
  refused(
    await call(owner.token, 'POST', keys, { name: 'Key', scopes: 'reports:export', apis: ['embeddings'] }),
    'invalid_request',
  )
})

test('renaming and narrowing hold from the next look-up on', async () => {
  const { owner, keys } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Key', scopes: 'read write' })
  const [id, value] = [String(body.id), String(body.key)]
  assert.deepEqual((await find(value))?.scopes, ['read', 'write'])
  const narrowed = await call(owner.token, 'PATCH', `${keys}/${id}`, { name: 'New', scopes: 'read' })
  assert.equal(narrowed.status, 200)
  assert.equal(narrowed.body.scopes, 'read')
  assert.deepEqual((await find(value))?.scopes, ['read'])
  assert.equal((await find(value))?.name, 'New')
  assert.equal(
    (await call(owner.token, 'PATCH', `/api-keys/${id}`, { scopes: 'read write' })).body.scopes,
    'read write',
  )
  assert.deepEqual((await find(value))?.scopes, ['read', 'write'])
  assert.equal((await call(owner.token, 'PATCH', `/api-keys/${id}`, { name: 'New', scopes: 'read write' })).status, 200)
  assert.deepEqual(await actions(id), ['api_key.created', 'api_key.narrowed', 'api_key.renamed', 'api_key.widened'])
  refused(await call(owner.token, 'PATCH', `/api-keys/${id}`, {}), 'invalid_request')
})

test('revoking holds from the next look-up on, and again it changes nothing', async () => {
  const { owner, keys } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Key' })
  const [id, value] = [String(body.id), String(body.key)]
  assert.equal((await find(value))?.revoked, false)
  const revoked = await call(owner.token, 'DELETE', `${keys}/${id}`)
  assert.equal((await find(value))?.revoked, true)
  assert.equal(revoked.body.revoked_at, time())
  clock.advance(1000)
  assert.deepEqual((await call(owner.token, 'DELETE', `/api-keys/${id}`)).body, revoked.body)
  assert.deepEqual(await actions(id), ['api_key.created', 'api_key.revoked'])
  refused(await call(owner.token, 'PATCH', `/api-keys/${id}`, { name: 'New' }), 'conflict')
  refused(await call(owner.token, 'POST', `/api-keys/${id}/rotate`), 'conflict')
  assert.equal((await call(owner.token, 'GET', keys)).body.data[0]?.revoked_at, revoked.body.revoked_at)
  assert.equal((await call(owner.token, 'GET', `${keys}?status=active`)).body.data.length, 0)
  assert.equal((await call(owner.token, 'GET', `${keys}?status=revoked`)).body.data.length, 1)
})

test('rotation keeps everything but the value; the old one ends after the overlap', async () => {
  const { owner, keys } = await staffed()
  const fields = { name: 'Key', environment: 'test', scopes: 'read', apis: ['embeddings'], expires_in: 10 * 86_400 }
  const { body: old } = await call(owner.token, 'POST', keys, fields)
  const rotated = await call(owner.token, 'POST', `${keys}/${old.id}/rotate`, { overlap_seconds: 3600 })
  assert.equal(rotated.status, 201)
  assert.equal(rotated.headers['cache-control'], 'no-store')
  const { id, key, hint, replaces, ...rest } = rotated.body
  assert.notEqual(id, old.id)
  assert.match(String(key), /^sk_test_/)
  assert.equal(hint, hintOf(String(key)))
  assert.equal(replaces, old.id)
  const { id: _id, key: _key, hint: _hint, replaces: _replaces, ...before } = old
  assert.deepEqual(rest, before)
  const [first, second] = [await find(String(old.key)), await find(String(key))]
  assert.equal(second?.lineageId, old.id)
  assert.equal(first?.lineageId, old.id)
  assert.equal(first?.expiresAt, clock.at + 3_600_000)
  assert.equal(second?.expiresAt, clock.at + 10 * day)
  assert.deepEqual(await actions(String(old.id)), ['api_key.created', 'api_key.rotated'])

  refused(await call(owner.token, 'POST', `${keys}/${old.id}/rotate`), 'conflict', new RegExp(String(id)))
  const again = await call(owner.token, 'POST', `/api-keys/${id}/rotate`, { overlap_seconds: 0 })
  assert.equal((await find(String(key)))?.revoked, true)
  assert.equal((await find(String(again.body.key)))?.lineageId, old.id)
  // an overlap does not make a key live longer than it would have
  const last = await call(owner.token, 'POST', `/api-keys/${again.body.id}/rotate`, { overlap_seconds: 30 * 86_400 })
  assert.equal((await find(String(again.body.key)))?.expiresAt, clock.at + 10 * day)
  clock.advance(10 * day)
  refused(await call(owner.token, 'POST', `/api-keys/${last.body.id}/rotate`), 'conflict', /expired/)
})

test('without a body the overlap is a day, and an unmarked key stays unmarked', async () => {
  const { owner, keys } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Key' })
  const rotated = await call(owner.token, 'POST', `${keys}/${body.id}/rotate`)
  assert.match(String(rotated.body.key), /^sk_[0-9a-f]{64}$/)
  assert.equal((await find(String(body.key)))?.expiresAt, clock.at + day)
  for (const overlap_seconds of [-1, 0.5, '60', 91 * 86_400])
    refused(
      await call(owner.token, 'POST', `${keys}/${rotated.body.id}/rotate`, { overlap_seconds }),
      'invalid_request',
    )
})

test('of many rotations of one key at once, one succeeds', async () => {
  const { owner, keys, organization } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Key' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call(owner.token, 'POST', `${keys}/${body.id}/rotate`)),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, ...Array.from({ length: 19 }, () => 409)],
  )
  const { length } = await app.store.db
    .selectFrom('credentials')
    .select('id')
    .where('organization_id', '=', organization)
    .execute()
  assert.equal(length, 2)
})

test('viewers read; members make keys and change their own; admins change all', async () => {
  const { admin, member, viewer, keys, organization } = await staffed()
  refused(await call(viewer.token, 'POST', keys, { name: 'Key' }), 'forbidden', /role member/)
  const own = (await call(member.token, 'POST', keys, { name: 'Own', apis: ['embeddings'] })).body
  const other = (await call(admin.token, 'POST', keys, { name: 'Other' })).body
  for (const reader of [viewer, member, admin])
    assert.equal((await call(reader.token, 'GET', keys)).body.data.length, 2)
  assert.equal((await call(viewer.token, 'GET', `/api-keys/${own.id}`)).status, 200)
  for (const path of [`${keys}/${other.id}`, `/api-keys/${other.id}`]) {
    for (const { token } of [viewer, member]) {
      refused(await call(token, 'PATCH', path, { name: 'New' }), 'forbidden')
      refused(await call(token, 'DELETE', path), 'forbidden')
      refused(await call(token, 'POST', `${path}/rotate`), 'forbidden')
    }
  }
  assert.equal((await find(String(other.key)))?.revoked, false)
  refused(await call(viewer.token, 'DELETE', `${keys}/${own.id}`), 'forbidden')
  assert.equal((await call(member.token, 'PATCH', `${keys}/${own.id}`, { name: 'New' })).status, 200)
  const rotated = await call(member.token, 'POST', `${keys}/${own.id}/rotate`)
  assert.equal(rotated.status, 201)
  assert.equal((await call(member.token, 'DELETE', `${keys}/${rotated.body.id}`)).status, 200)
  assert.equal((await call(admin.token, 'DELETE', `${keys}/${own.id}`)).status, 200)
  // a member who becomes a viewer only reads, even what is theirs; one who leaves sees nothing, and the keys stay
  const kept = (await call(member.token, 'POST', keys, { name: 'Kept', apis: ['embeddings'] })).body
  await operate('PATCH', `/organizations/${organization}/members/${member.id}`, { role: 'viewer' })
  refused(await call(member.token, 'DELETE', `/api-keys/${kept.id}`), 'forbidden')
  await operate('DELETE', `/organizations/${organization}/members/${member.id}`)
  refused(await call(member.token, 'GET', keys), 'organization_forbidden')
  refused(await call(member.token, 'DELETE', `/api-keys/${kept.id}`), 'not_found')
  assert.equal((await find(String(kept.key)))?.revoked, false)
})

test('strangers cannot tell whether a key or an organization exists', async () => {
  const { owner, keys, organization } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Key' })
  const stranger = await person()
  await call(stranger.token, 'POST', '/organizations', { name: 'Elsewhere' })
  const key = (await call(owner.token, 'POST', keys, { name: 'Caller', scopes: 'read' })).body
  const elsewhere = await person()
  const foreign = (await call(elsewhere.token, 'POST', '/organizations', { name: 'Foreign' })).body
  const foreignKey = (await call(elsewhere.token, 'POST', `/organizations/${foreign.id}/api-keys`, { name: 'Key' }))
    .body
  for (const as of [stranger.token, String(foreignKey.key)]) {
    for (const [method, tail, content] of [
      ['GET', ''],
      ['PATCH', '', { name: 'New' }],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      const real = await call(as, method, `/api-keys/${body.id}${tail}`, content)
      const made = await call(as, method, `/api-keys/${randomUUIDv7()}${tail}`, content)
      refused(real, 'not_found')
      assert.deepEqual({ ...real.body, request_id: '', instance: '' }, { ...made.body, request_id: '', instance: '' })
      const within = await call(as, method, `${keys}/${body.id}${tail}`, content)
      const unknown = await call(as, method, `/organizations/${randomUUIDv7()}/api-keys/${body.id}${tail}`, content)
      refused(within, 'organization_forbidden')
      assert.deepEqual(
        { ...within.body, request_id: '', instance: '' },
        { ...unknown.body, request_id: '', instance: '' },
      )
    }
    refused(await call(as, 'GET', keys), 'organization_forbidden')
    refused(await call(as, 'POST', keys, { name: 'Key' }), 'organization_forbidden')
  }
  // a key of the organization itself, without the scope to manage keys
  refused(await call(String(key.key), 'GET', keys), 'insufficient_scope')
  refused(await call(String(key.key), 'DELETE', `/api-keys/${body.id}`), 'insufficient_scope')
  // one's own organization's path with another organization's key
  refused(await call(elsewhere.token, 'DELETE', `/organizations/${foreign.id}/api-keys/${body.id}`), 'not_found')
  assert.equal((await find(String(body.key)))?.revoked, false)
  assert.equal((await call(owner.token, 'GET', `/organizations/${organization}/api-keys/${foreignKey.id}`)).status, 404)
  assert.equal((await call(makePersonalAccessToken(), 'GET', keys)).status, 401)
})

test('an operator names the author, who must be an owner or admin', async () => {
  const { organization, admin, member, owner, keys } = await staffed()
  const attempt = (fields: object) => operate('POST', keys, { name: 'Key', ...fields })
  await assert.rejects(attempt({}), /400 .*user_id/)
  await assert.rejects(attempt({ user_id: member.id }), /403 .*owner or admin/)
  await assert.rejects(attempt({ user_id: (await person()).id }), /403 .*owner or admin/)
  await assert.rejects(attempt({ user_id: randomUUIDv7() }), /403 .*owner or admin/)
  assert.equal((await attempt({ user_id: admin.id })).created_by, admin.id)
  assert.equal((await attempt({ user_id: owner.id })).created_by, owner.id)
  await assert.rejects(
    operate('POST', `/organizations/${randomUUIDv7()}/api-keys`, { name: 'Key', user_id: owner.id }),
    /404/,
  )
  await assert.rejects(operate('GET', `/organizations/${randomUUIDv7()}/api-keys`), /404/)
  refused(await call(owner.token, 'POST', keys, { name: 'Key', user_id: admin.id }), 'forbidden', /operators/)
  assert.equal((await call(owner.token, 'POST', keys, { name: 'Key', user_id: owner.id })).status, 201)
  assert.equal((await call(owner.token, 'GET', `/organizations/${organization}/audit`)).status, 200)
})

test('a suspended organization gets no new keys, and its keys can still be revoked', async () => {
  const { organization, owner, keys } = await staffed()
  const made = await operate<{ id: string }>('POST', keys, { name: 'Key', user_id: owner.id })
  await operate('PATCH', `/organizations/${organization}`, { suspended: true })
  await assert.rejects(operate('POST', keys, { name: 'Key', user_id: owner.id }), /409 .*suspended/)
  await assert.rejects(operate('POST', `/api-keys/${made.id}/rotate`, {}), /409 .*suspended/)
  refused(await call(owner.token, 'POST', keys, { name: 'Key' }), 'organization_forbidden')
  assert.ok((await operate('DELETE', `/api-keys/${made.id}`)).revoked_at)
})

test('last use is told; 10,000 keys are listed page by page without a gap, newest first', async () => {
  const { owner, keys } = await staffed()
  const { body } = await call(owner.token, 'POST', keys, { name: 'Used' })
  await app.store.recordLastUse(new Map([[String(body.id), clock.at - 3_600_000]]))
  assert.equal((await call(owner.token, 'GET', `${keys}/${body.id}`)).body.last_used_at, time(-3_600_000))
  assert.equal((await call(owner.token, 'GET', keys)).body.data[0]?.last_used_at, time(-3_600_000))
  const template = await app.store.db
    .selectFrom('credentials')
    .selectAll()
    .where('id', '=', String(body.id))
    .executeTakeFirstOrThrow()
  const rows = Array.from({ length: 9_999 }, () => randomUUIDv7()).map((id) => ({
    ...template,
    id,
    lineage_id: id,
    hash: hashOf(id),
  }))
  await app.store.transaction(async (trx) => {
    for (let from = 0; from < rows.length; from += 500)
      await trx
        .insertInto('credentials')
        .values(rows.slice(from, from + 500))
        .execute()
  })
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page = await call(owner.token, 'GET', `${keys}?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`)
    ids.push(...page.body.data.map(({ id }) => String(id)))
    cursor = page.body.next_cursor
  } while (cursor !== null)
  assert.deepEqual(ids, [...rows.map(({ id }) => id), String(body.id)].toSorted().toReversed())
  for (const query of ['limit=0', 'limit=201', 'cursor=x', 'status=lost', 'unknown=1'])
    refused(await call(owner.token, 'GET', `${keys}?${query}`), 'invalid_request')
})
