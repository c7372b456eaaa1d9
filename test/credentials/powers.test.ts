// No credential makes one that can do more, reach further or outlive it: every way to try, with keys and with people's tokens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTime } from '../../src/rfc3339.ts'
import { day, refused, scene } from './scene.ts'

const world = await scene()
const { call, find, operate, person, clock } = world

const owner = await person()
const organization = await world.organization(owner.id)
const keys = `/organizations/${organization}/api-keys`
const member = await person({ of: organization, role: 'member' })
const admin = await person({ of: organization, role: 'admin' })

/** A key that only an operator can make. */
const granted = async (fields: Record<string, unknown>) => {
  const made = await operate<{ id: string; key: string }>('POST', keys, {
    name: 'Granted',
    user_id: owner.id,
    ...fields,
  })
  return { id: made.id, key: made.key }
}

test('only operators grant reserved scopes, and only those that exist', async () => {
  for (const scope of [
    'verify',
    'introspect',
    'metrics',
    'manage:api-keys',
    'manage:clients',
    'manage:members',
    'manage:audit',
    'manage:usage',
    'manage:organizations',
  ]) {
    for (const { token } of [owner, admin])
      refused(await call(token, 'POST', keys, { name: 'Key', scopes: `read ${scope}` }), 'forbidden', /operators/)
    assert.equal((await find((await granted({ scopes: `read ${scope}` })).key))?.scopes?.includes(scope), true)
  }
  await assert.rejects(granted({ scopes: 'manage:everything' }), /400/)
  const { id } = await granted({ scopes: 'read' })
  refused(await call(owner.token, 'PATCH', `/api-keys/${id}`, { scopes: 'read verify' }), 'forbidden', /operators/)
  assert.equal((await operate('PATCH', `/api-keys/${id}`, { scopes: 'read verify' })).scopes, 'read verify')
  // what an operator granted stays when others take something else away
  assert.equal((await call(owner.token, 'PATCH', `/api-keys/${id}`, { scopes: 'verify' })).body.scopes, 'verify')
})

test('a key that makes keys passes on its own scopes at most, named one by one', async () => {
  const { id, key } = await granted({ scopes: 'read manage:api-keys verify', apis: ['embeddings', 'latchkey'] })
  const make = (fields: object) => call(key, 'POST', keys, { name: 'Made', ...fields })
  const made = await make({ scopes: 'read' })
  assert.equal(made.status, 201)
  assert.equal(made.body.created_by, id)
  assert.deepEqual(made.body.apis, ['embeddings', 'latchkey'])
  refused(await make({}), 'forbidden', /scopes read/)
  refused(await make({ scopes: 'read write' }), 'forbidden', /scopes read/)
  refused(await make({ scopes: 'manage:api-keys' }), 'forbidden', /operators/)
  refused(await make({ scopes: 'verify' }), 'forbidden', /operators/)
  refused(await make({ scopes: 'read', apis: ['reports'] }), 'forbidden', /embeddings/)
  refused(await make({ scopes: 'read', apis: ['embeddings', 'reports'] }), 'forbidden', /embeddings/)
  refused(await make({ scopes: 'read', user_id: owner.id }), 'forbidden', /operators/)
  // what it made has no way to go on
  refused(await call(String(made.body.key), 'POST', keys, { name: 'Key', scopes: 'read' }), 'insufficient_scope')
  const nothing = await granted({ scopes: 'manage:api-keys' })
  refused(await call(nothing.key, 'POST', keys, { name: 'Key', scopes: 'read' }), 'forbidden', /no scopes/)
})

test('a key that makes keys stays in its environment and its organization', async () => {
  const { key } = await granted({ scopes: 'read manage:api-keys', environment: 'test' })
  const made = await call(key, 'POST', keys, { name: 'Made', scopes: 'read' })
  assert.equal(made.body.environment, 'test')
  assert.match(String(made.body.key), /^sk_test_/)
  refused(
    await call(key, 'POST', keys, { name: 'Made', scopes: 'read', environment: 'live' }),
    'forbidden',
    /environment test/,
  )
  const other = await world.organization((await person()).id)
  refused(
    await call(key, 'POST', `/organizations/${other}/api-keys`, { name: 'Made', scopes: 'read' }),
    'organization_forbidden',
  )
  refused(await call(key, 'GET', `/organizations/${other}/api-keys`), 'organization_forbidden')
  refused(await call(key, 'POST', '/account/tokens', { name: 'Token', all_organizations: true }), 'forbidden', /person/)
  refused(await call(key, 'GET', '/account/tokens'), 'forbidden')
  refused(await call(key, 'GET', `/tokens/${owner.tokenId}`), 'forbidden')
  refused(await call(key, 'GET', '/account/legacy-tokens'), 'forbidden')
})

test('nothing outlives what made it: keys and tokens, asked for or not', async () => {
  const end = clock.at + 5 * day
  const brief = await granted({ scopes: 'read manage:api-keys', expires_at: formatTime(end) })
  const briefOwner = (
    await operate<{ token: string }>('POST', `/users/${owner.id}/tokens`, {
      name: 'Brief',
      all_organizations: true,
      expires_at: formatTime(end),
    })
  ).token
  const attempts = [
    (fields: object) => call(brief.key, 'POST', keys, { name: 'Made', scopes: 'read', ...fields }),
    (fields: object) => call(briefOwner, 'POST', keys, { name: 'Made', ...fields }),
    (fields: object) =>
      call(briefOwner, 'POST', '/account/tokens', { name: 'Made', all_organizations: true, ...fields }),
  ]
  for (const attempt of attempts) {
    assert.equal((await attempt({})).body.expires_at, formatTime(end))
    assert.equal((await attempt({ expires_at: formatTime(end) })).body.expires_at, formatTime(end))
    assert.equal((await attempt({ expires_in: 60 })).body.expires_at, formatTime(clock.at + 60_000))
    refused(await attempt({ expires_at: formatTime(end + 1) }), 'forbidden', /ends later/)
    refused(await attempt({ expires_in: 6 * 86_400 }), 'forbidden', /ends later/)
  }
  // nor does a rotation or a wider scope, which would put the power of the brief one into one that stays
  const lasting = await granted({ scopes: 'read' })
  for (const as of [brief.key, briefOwner]) {
    refused(await call(as, 'POST', `/api-keys/${lasting.id}/rotate`), 'forbidden', /ends later/)
    refused(await call(as, 'PATCH', `/api-keys/${lasting.id}`, { scopes: 'read write' }), 'forbidden')
    assert.equal((await call(as, 'PATCH', `/api-keys/${lasting.id}`, { name: 'Renamed' })).status, 200)
  }
  refused(await call(briefOwner, 'POST', `/tokens/${owner.tokenId}/rotate`), 'forbidden', /ends later/)
  // an operator's credential is no exception
  const operator = await person()
  await operate('PATCH', `/users/${operator.id}`, { operator: true })
  const briefOperator = (
    await operate<{ token: string }>('POST', `/users/${operator.id}/tokens`, {
      name: 'Brief',
      all_organizations: true,
      expires_at: formatTime(end),
    })
  ).token
  refused(
    await call(briefOperator, 'POST', keys, { name: 'Made', user_id: owner.id, expires_at: formatTime(end + 1) }),
    'forbidden',
    /ends later/,
  )
  assert.equal(
    (await call(briefOperator, 'POST', keys, { name: 'Made', user_id: owner.id })).body.expires_at,
    formatTime(end),
  )
})

test('rotating is no way to a key that can do more', async () => {
  const weak = await granted({ scopes: 'read manage:api-keys' })
  const strong = [
    await granted({ scopes: 'read write' }),
    await granted({}),
    await granted({ scopes: 'verify' }),
    await granted({ scopes: 'read', environment: 'test' }),
    await granted({ scopes: 'manage:api-keys' }),
  ]
  for (const { id, key } of strong) {
    refused(await call(weak.key, 'POST', `/api-keys/${id}/rotate`, { overlap_seconds: 0 }), 'forbidden')
    assert.equal((await find(key))?.revoked, false)
  }
  const equal = await granted({ scopes: 'read' })
  assert.equal((await call(weak.key, 'POST', `/api-keys/${equal.id}/rotate`)).status, 201)
  refused(await call(owner.token, 'POST', `/api-keys/${strong[2]?.id}/rotate`), 'forbidden', /operators/)
  assert.equal((await operate('POST', `/api-keys/${strong[2]?.id}/rotate`)).scopes, 'verify')
  // itself it may rotate, with all that it has
  const itself = await call(weak.key, 'POST', `/api-keys/${weak.id}/rotate`, { overlap_seconds: 0 })
  assert.equal(itself.body.scopes, 'read manage:api-keys')
  assert.equal((await call(weak.key, 'GET', keys)).status, 401)
  assert.equal((await call(String(itself.body.key), 'GET', keys)).status, 200)
})

test('a key that manages keys narrows any, widens only to what it has', async () => {
  const manager = await granted({ scopes: 'read manage:api-keys' })
  const { id, key } = await granted({ scopes: 'write reports:export' })
  refused(await call(manager.key, 'PATCH', `/api-keys/${id}`, { scopes: 'write reports:export verify' }), 'forbidden')
  assert.equal((await call(manager.key, 'PATCH', `/api-keys/${id}`, { scopes: 'write' })).status, 200)
  refused(await call(manager.key, 'PATCH', `/api-keys/${id}`, { scopes: 'write reports:export' }), 'forbidden')
  refused(
    await call(manager.key, 'PATCH', `/api-keys/${manager.id}`, { scopes: 'read write manage:api-keys' }),
    'forbidden',
  )
  assert.equal((await call(manager.key, 'PATCH', `/api-keys/${id}`, { scopes: 'write read' })).status, 200)
  assert.deepEqual((await find(key))?.scopes, ['write', 'read'])
  // narrowed, a key loses the right at once
  await operate('PATCH', `/api-keys/${manager.id}`, { scopes: 'read' })
  refused(await call(manager.key, 'GET', keys), 'insufficient_scope')
})

test('a member’s keys can do what the role covers at every API that they are for', async () => {
  const make = (fields: object) => call(member.token, 'POST', keys, { name: 'Key', ...fields })
  assert.equal((await make({})).body.scopes, 'read')
  assert.equal((await make({ apis: ['reports'] })).body.scopes, 'read')
  assert.equal((await make({ apis: ['embeddings'] })).body.scopes, null)
  assert.equal((await make({ apis: ['embeddings'], scopes: 'write' })).status, 201)
  refused(await make({ apis: ['reports'], scopes: 'write' }), 'forbidden', /role member does not cover the scope write/)
  refused(await make({ apis: ['reports'], scopes: 'reports:export' }), 'forbidden')
  // write at one API must not become write at the other
  refused(await make({ scopes: 'write' }), 'forbidden')
  refused(await make({ apis: ['embeddings', 'reports'], scopes: 'read write' }), 'forbidden')
  assert.equal((await call(admin.token, 'POST', keys, { name: 'Key' })).body.scopes, null)
  const own = (await make({ scopes: 'read' })).body
  refused(await call(member.token, 'PATCH', `/api-keys/${own.id}`, { scopes: 'read write' }), 'forbidden')
  // what an admin adds to a member's key, the member cannot rotate into their own hands
  assert.equal((await call(admin.token, 'PATCH', `/api-keys/${own.id}`, { scopes: 'read write' })).status, 200)
  refused(await call(member.token, 'POST', `/api-keys/${own.id}/rotate`), 'forbidden')
})

test('a client of the organization makes keys within its scopes', async () => {
  const store = world.app.store
  const actor = {
    kind: 'oauth_token',
    id: 'client',
    userId: undefined,
    everywhere: false,
    operator: false,
    roles: new Map(),
    organizationId: organization,
    scopes: ['manage:api-keys', 'read'],
    expiresAt: clock.at + 3_600_000,
    environment: 'live',
    apis: undefined,
    networks: undefined,
    ip: undefined,
    requestId: undefined,
    authenticatedAt: undefined,
  }
  const { createApiKey } = await import('../../src/credentials/create-api-key.ts')
  const make = (fields: object) =>
    createApiKey(store, world.config, actor, { organization_id: organization, name: 'Made', ...fields }, clock.at)
  assert.equal((await make({ scopes: 'read' })).expires_at, formatTime(clock.at + 3_600_000))
  await assert.rejects(make({ scopes: 'write' }), { code: 'forbidden' })
  await assert.rejects(make({}), { code: 'forbidden' })
  // a JWT that was exchanged from an admin's token with the scope read is not the admin
  const exchanged = {
    ...actor,
    kind: 'jwt',
    id: admin.tokenId,
    userId: admin.id,
    organizationId: undefined,
    roles: new Map([[organization, 'admin' as const]]),
    scopes: ['read'],
  }
  const exchange = (fields: object) =>
    createApiKey(store, world.config, exchanged, { organization_id: organization, name: 'Made', ...fields }, clock.at)
  await assert.rejects(exchange({}), { code: 'forbidden' })
  await assert.rejects(exchange({ scopes: 'read write' }), { code: 'forbidden' })
  assert.equal((await exchange({ scopes: 'read' })).scopes, 'read')
  const { createToken } = await import('../../src/credentials/create-token.ts')
  await assert.rejects(
    createToken(store, world.config, exchanged, { name: 'Made', organization_ids: [organization] }, clock.at),
    { code: 'forbidden' },
  )
  const { rotateApiKey } = await import('../../src/credentials/rotate.ts')
  const itself = await granted({ scopes: 'read write manage:api-keys', expires_at: formatTime(clock.at + 60_000) })
  const ofKey = { ...actor, kind: 'jwt', id: itself.id }
  await assert.rejects(rotateApiKey(store, world.config, ofKey, { key_id: itself.id }, clock.at), { code: 'forbidden' })
})
