// Forward-auth: which API a proxy asks about, what it is told, and what a caller behind it cannot pretend.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { send, serve } from './wire.ts'

const file: LatchkeyConfig = {
  apis: {
    shop: { profile: 'multi', limits: [{ name: 'window', per: 'credential', limit: 2, period: 60 }] },
    routed: {
      hosts: ['api.test'],
      path: '/v1',
      upstream: 'echo',
      limits: [],
      requiredScopes: [
        { methods: ['POST'], scopes: ['write'] },
        { path: '/v1/admin', scopes: ['write'] },
      ],
      organization: { query: 'organization' },
    },
    managed: { hosts: ['api.test'], path: '/manage', upstream: 'management', limits: [] },
  },
  defaultApi: 'shop',
}

test('forward-auth', async (t) => {
  const clock = stoppedClock('2026-05-05T00:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const people = await world(launched, 'pro')
  const stranger = await world(launched)
  const reader = await people.key({ scopes: 'read' })
  const port = await serve(t, launched)
  const ask = (
    path: string,
    headers: Record<string, string> = {},
    {
      as = reader.key,
      method = 'GET',
      host = 'proxy.internal',
    }: { as?: string | null; method?: string; host?: string } = {},
  ) => launched.ask(method, path, { host, headers, ...(as !== null && { as }) })
  const forwarded = (uri: string, method = 'GET', host = 'api.test') => ({
    'x-forwarded-method': method,
    'x-forwarded-host': host,
    'x-forwarded-uri': uri,
  })
  const original = (url: string, method = 'GET') => ({ 'x-original-method': method, 'x-original-url': url })

  await t.test('200 tells who calls; what is absent is empty', async () => {
    const { statusCode, headers, body } = await ask('/forward-auth', forwarded('/v1/things'))
    assert.equal(statusCode, 200)
    assert.equal(body, '')
    assert.equal(headers['x-latchkey-subject'], reader.id)
    assert.equal(headers['x-latchkey-organization'], people.organization)
    assert.equal(headers['x-latchkey-scopes'], 'read')
    assert.equal(headers['x-latchkey-token'], '')
    assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/)
    const { token } = await people.token()
    const other = await people.client({ grants: ['client_credentials'] }).catch(() => undefined)
    assert.ok(other)
    const second = (
      await launched.operate<{ id: string }>('POST', '/organizations', { name: 'Second', owner: people.owner })
    ).id
    const several = await ask('/forward-auth', forwarded('/v1/things'), { as: token })
    assert.equal(several.headers['x-latchkey-organization'], '')
    assert.equal(several.headers['x-latchkey-tier'], '')
    assert.deepEqual(
      String(several.headers['x-latchkey-organizations']).split(',').toSorted(),
      [people.organization, second].toSorted(),
    )
  })

  await t.test('each way to say what is asked about', async () => {
    assert.equal((await ask('/forward-auth', original('http://api.test/v1/things?x=1'))).statusCode, 200)
    assert.equal((await ask('/forward-auth', original('https://API.test:443/v1'))).statusCode, 200)
    assert.equal((await ask('/forward-auth/v1/things?api=shop&deny=403', {}, { host: 'api.test' })).statusCode, 200)
    assert.equal((await ask('/forward-auth?api=shop')).statusCode, 200)
    assert.equal((await ask('/forward-auth', forwarded('/manage/users'))).statusCode, 200)
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND']) {
      const answer = await send(port, {
        method,
        path: '/forward-auth',
        body: 'ignored',
        headers: [
          'Host',
          'x.test',
          'Authorization',
          `Bearer ${reader.key}`,
          'Content-Type',
          ';;',
          'X-Forwarded-Uri',
          '/v1',
          'X-Forwarded-Method',
          'GET',
          'X-Forwarded-Host',
          'api.test',
        ],
      })
      assert.equal(answer.status, 200, method)
    }
  })

  await t.test('no API matched: 403', async () => {
    for (const [path, headers, host] of [
      ['/forward-auth', {}, undefined],
      ['/forward-auth', forwarded('/v2'), undefined],
      ['/forward-auth', forwarded('/v1', 'GET', 'other.test'), undefined],
      ['/forward-auth?api=none', {}, undefined],
      ['/forward-auth/v2', {}, 'api.test'],
      ['/forward-auth/', {}, 'api.test'],
    ] as const) {
      assert.equal((await ask(path, headers, host ? { host } : {})).statusCode, 403, path)
    }
  })

  await t.test('scopes and organization are those that the described request needs', async () => {
    assert.equal((await ask('/forward-auth', forwarded('/v1/things', 'POST'))).statusCode, 403)
    assert.equal((await ask('/forward-auth', original('http://api.test/v1/admin/x'))).statusCode, 403)
    assert.equal((await ask('/forward-auth/v1/things', {}, { host: 'api.test', method: 'POST' })).statusCode, 403)
    assert.equal((await ask('/forward-auth?api=routed', forwarded('/v1/things', 'POST'))).statusCode, 403)
    assert.equal((await ask('/forward-auth', forwarded(`/v1?organization=${stranger.organization}`))).statusCode, 403)
    assert.equal((await ask('/forward-auth', forwarded(`/v1?organization=${people.organization}`))).statusCode, 200)
    // a proxy that says too little is refused, not believed
    assert.equal((await ask('/forward-auth?api=routed')).statusCode, 400)
    assert.equal(
      (await ask('/forward-auth', { 'x-forwarded-host': 'api.test', 'x-forwarded-uri': '/v1' })).statusCode,
      400,
    )
  })

  await t.test('a path that could be read in two ways is refused', async () => {
    for (const path of ['/v1/%2e%2e/x', '/v1/a%2fb', '/v1\\..\\x', '/v1/%zz', '//v1', 'v1', '']) {
      assert.equal((await ask('/forward-auth', forwarded(path))).statusCode, 400, path)
      if (path.startsWith('/'))
        assert.equal((await ask('/forward-auth', original(`http://api.test${path}`))).statusCode, 400, path)
    }
    assert.equal((await send(port, { path: '/forward-auth/v1/%2e%2e/x', headers: ['Host', 'api.test'] })).status, 400)
  })

  await t.test('ambiguous descriptions are 400', async () => {
    const raw = (headers: string[], path = '/forward-auth') =>
      send(port, { path, headers: ['Host', 'api.test', 'Authorization', `Bearer ${reader.key}`, ...headers] })
    const whole = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Host', 'api.test', 'X-Forwarded-Uri', '/v1']
    assert.equal((await raw(whole)).status, 200)
    for (const more of [
      ['X-Forwarded-Uri', '/v1'],
      ['x-forwarded-host', 'api.test'],
      ['X-Forwarded-Method', 'GET'],
      ['X_Forwarded_Uri', '/v1'],
      ['X-Original-URL', 'http://api.test/v1/admin'],
      ['X-Original-URL', 'http://api.test/v1', 'X-Original-Method', 'POST'],
    ]) {
      assert.equal((await raw([...whole, ...more])).status, 400, more.join())
    }
    assert.equal(
      (await raw([...whole, 'X-Original-URL', 'http://api.test/v1', 'X-Original-Method', 'GET'])).status,
      200,
      'both say the same',
    )
    assert.equal(
      (await raw(['X-Forwarded-Method', 'GET', 'X-Forwarded-Host', 'api.test, evil.test', 'X-Forwarded-Uri', '/v1']))
        .status,
      400,
    )
    assert.equal((await raw(['X-Forwarded-Uri', '/v1', 'X-Forwarded-Method', 'get'])).status, 400)
    assert.equal(
      (await raw(['X-Forwarded-Uri', '/v1', 'X-Forwarded-Method', 'GET'], '/forward-auth/v1/admin')).status,
      400,
      'the path asked at is another',
    )
    assert.equal((await raw(['Authorization', 'Bearer again', ...whole])).status, 400)
  })

  await t.test('the caller’s own query names neither the API nor the form of the refusal', async () => {
    assert.equal(
      (await ask('/forward-auth/v1/admin?api=shop&deny=403', {}, { host: 'api.test' })).headers['x-latchkey-status'],
      undefined,
    )
    assert.equal((await ask('/forward-auth/v1/admin?api=shop', {}, { host: 'api.test' })).statusCode, 403)
    assert.equal((await ask('/forward-auth?api=shop&api=routed')).statusCode, 400)
    assert.equal((await ask('/forward-auth?api=shop&deny=200')).statusCode, 400)
    assert.equal((await ask('/forward%2Dauth?api=shop', {}, { host: 'localhost' })).statusCode, 400)
  })

  await t.test('refusals have the profile’s form, and with deny=403 a status that nginx passes on', async () => {
    clock.advance(120_000)
    const missing = await ask('/forward-auth?api=shop', {}, { as: null })
    assert.equal(missing.statusCode, 401)
    assert.deepEqual(missing.json(), {
      error: { type: 'authentication_error', code: 'invalid_api_key', message: 'The API key provided is invalid' },
    })
    assert.equal((await ask('/forward-auth?api=shop&deny=403', {}, { as: null })).statusCode, 401)
    for (let i = 0; i < 2; i += 1) assert.equal((await ask('/forward-auth?api=shop')).statusCode, 200)
    const limited = await ask('/forward-auth?api=shop')
    assert.equal(limited.statusCode, 429)
    const denied = await ask('/forward-auth?api=shop&deny=403')
    assert.equal(denied.statusCode, 403)
    assert.equal(denied.headers['x-latchkey-status'], '429')
    for (const name of ['retry-after', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'ratelimit'])
      assert.equal(denied.headers[name], limited.headers[name], name)
    assert.deepEqual(denied.json(), limited.json())
    assert.equal((await ask('/forward-auth?api=none&deny=403')).headers['x-latchkey-status'], '403')
    const unreadable = await ask('/forward-auth?api=shop&deny=403', forwarded('/%2f'))
    assert.deepEqual([unreadable.statusCode, unreadable.headers['x-latchkey-status']], [403, '400'])
  })
})

test('header fields that describe a request count from trusted proxies only', async (t) => {
  const launched = await launch(t, { file, env: { LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' } })
  const { key } = await (await world(launched)).key()
  const headers = { 'x-forwarded-method': 'GET', 'x-forwarded-host': 'api.test', 'x-forwarded-uri': '/v1' }
  assert.equal((await launched.ask('GET', '/forward-auth', { host: 'x.test', as: key, headers })).statusCode, 403)
  assert.equal((await launched.ask('GET', '/forward-auth/v2', { host: 'api.test', as: key, headers })).statusCode, 403)
  assert.equal((await launched.ask('GET', '/forward-auth/v1', { host: 'api.test', as: key, headers })).statusCode, 200)
  const untold = await launched.ask('GET', '/forward-auth?api=routed', { host: 'x.test', as: key, headers })
  assert.equal(untold.statusCode, 400)
  assert.match(untold.json<{ detail: string }>().detail, /LATCHKEY_TRUSTED_PROXIES/)
})

test('a store that cannot be asked closes the door', async (t) => {
  const launched = await launch(t, { file })
  const { key } = await (await world(launched)).key()
  t.mock.method(launched.app.store.lookups, 'credentialByHash', () => {
    throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
  })
  const denied = await launched.ask('GET', '/forward-auth?api=shop&deny=403', { as: key })
  assert.deepEqual(
    [denied.statusCode, denied.headers['x-latchkey-status'], denied.headers['retry-after']],
    [403, '503', '1'],
  )
  const gateway = await launched.ask('GET', '/v1', { host: 'api.test', as: key })
  assert.deepEqual([gateway.statusCode, gateway.headers['retry-after']], [503, '1'])
  assert.equal(gateway.json<{ code: string }>().code, 'temporarily_unavailable')
})
