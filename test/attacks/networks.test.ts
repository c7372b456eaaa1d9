// A stolen key that is held to networks: every way to use it from elsewhere, and to free it or what comes from it of its list.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, world } from '../harness.ts'

const file: LatchkeyConfig = {
  apis: {
    shop: { hosts: ['shop.test'], upstream: 'echo', limits: [], accepts: ['api_key', 'jwt', 'cwt'] },
  },
  defaultApi: 'shop',
}

const exchange = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
}

/** Injected requests come from 127.0.0.1. */
const proxied = (address: string) => ({ 'x-forwarded-for': address })

test('what strangers write into X-Forwarded-For lets nobody in', async (t) => {
  const launched = await launch(t, { file, env: { LATCHKEY_TRUSTED_PROXIES: '10.9.0.0/16' } })
  const { key } = await (await world(launched)).key({ networks: ['203.0.113.0/24'] })
  const call = (headers: Record<string, string>) => launched.ask('GET', '/', { host: 'shop.test', as: key, headers })
  const spoofs: Record<string, string>[] = [
    {},
    proxied('203.0.113.1'),
    proxied('203.0.113.1, 127.0.0.1'),
    { forwarded: 'for=203.0.113.1', 'x-real-ip': '203.0.113.1', 'cf-connecting-ip': '203.0.113.1' },
  ]
  for (const headers of spoofs) {
    const { statusCode, body } = await call(headers)
    assert.equal(statusCode, 403, JSON.stringify(headers))
    assert.equal((JSON.parse(body) as { code: string }).code, 'forbidden')
  }
  const asked = await launched.ask('GET', '/forward-auth?api=shop', {
    as: key,
    headers: { ...proxied('203.0.113.1'), 'x-forwarded-uri': '/', 'x-forwarded-method': 'GET' },
  })
  assert.equal(asked.statusCode, 403, 'nor from a proxy that is not trusted')
})

test('behind a trusted proxy the address next to it counts, whatever the caller wrote before', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { key } = await people.key({ networks: ['203.0.113.0/24', '2001:db8::/32'] })
  const ways = [
    (headers: Record<string, string>) => launched.ask('GET', '/', { host: 'shop.test', as: key, headers }),
    (headers: Record<string, string>) => launched.ask('GET', '/forward-auth?api=shop', { as: key, headers }),
  ]
  for (const way of ways) {
    for (const good of [
      '203.0.113.1',
      '192.0.2.1, 203.0.113.1',
      '203.0.113.1, 127.0.0.1',
      '::ffff:203.0.113.1',
      '2001:DB8::9',
    ])
      assert.equal((await way(proxied(good))).statusCode, 200, good)
    for (const bad of [
      '192.0.2.1',
      '203.0.113.1, 192.0.2.1',
      '203.0.113.1, ::ffff:192.0.2.1',
      '203.0.113.1, unknown',
      '203.0.113.1, 203.0.113.1:443',
      '203.0.113.1;',
    ])
      assert.equal((await way(proxied(bad))).statusCode, 403, bad)
  }
})

test('a proxy that does not say where a request came from does not lend it its own address', async (t) => {
  const launched = await launch(t, { file })
  const { key } = await (await world(launched)).key({ networks: ['127.0.0.0/8'] })
  const direct = await launched.ask('GET', '/', { host: 'shop.test', as: key })
  assert.equal(direct.statusCode, 200, 'directly, the address is the caller’s')
  assert.equal((await launched.ask('GET', '/forward-auth?api=shop', { as: key })).statusCode, 403)
  assert.equal(
    (await launched.ask('GET', '/forward-auth?api=shop', { as: key, headers: proxied('127.0.0.1') })).statusCode,
    200,
  )
})

test('a key cannot be exchanged from outside, and what was exchanged inside stays inside', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { id, key } = await people.key({ networks: ['203.0.113.0/24'] })
  const swap = (from: string, type: string) =>
    launched.ask('POST', '/oauth/token', {
      headers: proxied(from),
      form: { ...exchange, subject_token: key, requested_token_type: type },
    })
  const types = ['urn:ietf:params:oauth:token-type:jwt', 'urn:latchkey:params:oauth:token-type:cwt']
  for (const type of types) {
    const outside = await swap('192.0.2.1', type)
    assert.equal(outside.statusCode, 400)
    assert.deepEqual(outside.json(), {
      error: 'invalid_request',
      error_description: 'The subject_token may not be used from this address',
    })
    const token = (await swap('203.0.113.1', type)).json<{ access_token: string }>().access_token
    const call = (from: string) =>
      launched
        .ask('GET', '/', { host: 'shop.test', as: token, headers: proxied(from) })
        .then((answer) => answer.statusCode)
    assert.deepEqual([await call('203.0.113.200'), await call('192.0.2.1')], [200, 403])
    const verify = (ip?: string) =>
      launched.operate<{ code: string }>('POST', '/verify', { credential: token, ip }).then(({ code }) => code)
    assert.deepEqual(
      [await verify('203.0.113.1'), await verify('192.0.2.1'), await verify()],
      ['valid', 'forbidden', 'forbidden'],
    )
    // narrowed later, the token made before is held to the new list
    await launched.operate('PATCH', `/api-keys/${id}`, { networks: ['203.0.113.1'] })
    assert.deepEqual([await call('203.0.113.200'), await call('203.0.113.1')], [403, 200])
    await launched.operate('PATCH', `/api-keys/${id}`, { networks: ['203.0.113.0/24'] })
  }
})

test('introspection tells of a key with a list only to who says where it came from (RFC 7662 §2.1)', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { key } = await people.key({ networks: ['203.0.113.0/24'] })
  const asker = await people.key({ scopes: 'introspect' })
  const introspect = async (ip?: string) => {
    const answer = await launched.ask('POST', '/oauth/introspect', {
      as: asker.key,
      form: { token: key, ...(ip !== undefined && { ip }) },
    })
    return answer.statusCode === 200 ? answer.json<{ active: boolean }>().active : answer.statusCode
  }
  assert.deepEqual(
    [await introspect(), await introspect('192.0.2.1'), await introspect('203.0.113.9'), await introspect('nowhere')],
    [false, false, true, 400],
  )
})

test('the list holds at the management API, introspection and metrics too', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { key } = await people.key({
    networks: ['203.0.113.0/24'],
    scopes: 'manage:api-keys verify introspect metrics',
  })
  const ways = [
    (headers: Record<string, string>) =>
      launched.ask('GET', `/api/v1/organizations/${people.organization}/api-keys`, { as: key, headers }),
    (headers: Record<string, string>) =>
      launched.ask('POST', '/api/v1/verify', { as: key, headers, body: { credential: 'x' } }),
    (headers: Record<string, string>) =>
      launched.ask('POST', '/oauth/introspect', { as: key, headers, form: { token: 'x' } }),
    (headers: Record<string, string>) => launched.ask('GET', '/metrics', { as: key, headers }),
  ]
  for (const [index, way] of ways.entries()) {
    assert.equal((await way(proxied('203.0.113.1'))).statusCode, 200, `${index}`)
    const { statusCode } = await way(proxied('192.0.2.1'))
    assert.ok([401, 403].includes(statusCode), `${index}: ${statusCode}`)
  }
})

test('a key with a list makes nothing that works elsewhere, and cannot free itself', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { id, key } = await people.key({
    networks: ['203.0.113.0/24', '2001:db8::/32'],
    scopes: 'read manage:api-keys manage:clients',
  })
  const other = await people.key({ scopes: 'read' })
  const held = await people.key({ scopes: 'read', networks: ['203.0.113.9'] })
  const keys = `/organizations/${people.organization}/api-keys`
  const ask = async (method: string, path: string, body: object) => {
    const answer = await launched.ask(method, `/api/v1${path}`, { as: key, headers: proxied('203.0.113.1'), body })
    return { status: answer.statusCode, ...answer.json<{ networks?: string[] | null; id?: string }>() }
  }
  const made = await ask('POST', keys, { name: 'Made', scopes: 'read' })
  assert.deepEqual(made.networks, ['203.0.113.0/24', '2001:db8::/32'], 'not named, it is the maker’s')
  assert.equal((await ask('POST', keys, { name: 'Made', scopes: 'read', networks: ['203.0.113.9'] })).status, 201)
  for (const networks of [['0.0.0.0/0'], ['203.0.113.9', '192.0.2.1'], ['203.0.112.0/23'], ['::/0']])
    assert.equal((await ask('POST', keys, { name: 'Made', scopes: 'read', networks })).status, 403, String(networks))
  assert.equal((await ask('PATCH', `/api-keys/${id}`, { networks: null })).status, 403)
  assert.equal((await ask('PATCH', `/api-keys/${id}`, { networks: ['0.0.0.0/0'] })).status, 403)
  assert.equal((await ask('PATCH', `/api-keys/${made.id}`, { networks: null })).status, 403)
  assert.equal((await ask('PATCH', `/api-keys/${held.id}`, { networks: null })).status, 403)
  assert.equal((await ask('PATCH', `/api-keys/${held.id}`, { networks: ['192.0.2.1'] })).status, 403)
  assert.equal((await ask('PATCH', `/api-keys/${held.id}`, { networks: ['203.0.113.0/24'] })).status, 200)
  assert.equal((await ask('POST', `/api-keys/${other.id}/rotate`, {})).status, 403, 'the new value would work anywhere')
  assert.equal((await ask('POST', `/api-keys/${held.id}/rotate`, {})).status, 201)
  assert.equal(
    (await ask('POST', `/organizations/${people.organization}/clients`, { name: 'Client', scopes: 'read' })).status,
    403,
    'a client’s tokens work anywhere',
  )
  assert.equal((await ask('POST', `/api-keys/${id}/rotate`, {})).networks?.length, 2, 'itself, with its own list')
})

test('only who may manage a key changes its list', async (t) => {
  const launched = await launch(t, { file })
  const people = await world(launched)
  const { id } = await people.key({ networks: ['203.0.113.0/24'] })
  for (const role of ['viewer', 'member']) {
    const user = await launched.operate<{ id: string }>('POST', '/users', { email: `${role}@example.com`, name: role })
    await launched.operate('POST', `/organizations/${people.organization}/members`, { user_id: user.id, role })
    const { token } = await launched.operate<{ token: string }>('POST', `/users/${user.id}/tokens`, {
      name: 'Token',
      all_organizations: true,
    })
    for (const networks of [null, ['203.0.113.7']])
      assert.equal(
        (await launched.ask('PATCH', `/api/v1/api-keys/${id}`, { as: token, body: { networks } })).statusCode,
        403,
      )
  }
})
