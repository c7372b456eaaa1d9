// The management API on an API's host: who calls comes before what there is, and the API's profile, limits, scopes and origins hold there too.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const host = 'api.test'
const origin = 'https://app.example.com'

const file: LatchkeyConfig = {
  apis: {
    managed: {
      profile: 'multi',
      hosts: [host],
      path: '/manage',
      upstream: 'management',
      limits: [{ name: 'window', per: 'credential', limit: 12, period: 60 }],
      requiredScopes: [{ path: '/manage/account', scopes: ['write'] }],
      organization: { header: 'X-Organization' },
      cors: { origins: [origin], exposeHeaders: ['X-Total'] },
    },
    closed: { hosts: ['closed.test'], upstream: 'management' },
  },
}

const limitHeaders = [
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'ratelimit',
  'ratelimit-policy',
]

test('whatever is answered to a known caller carries the limits, in the profile’s form; nobody else learns what there is', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock('2026-05-05T00:00:00Z') })
  const { ask } = launched
  const acme = await world(launched)
  const other = await world(launched)
  const { key } = await acme.key()
  let remaining = 12
  for (const [status, type, method, url, more] of [
    [200, undefined, 'GET', '/manage/users/me', {}],
    [404, 'invalid_request_error', 'GET', '/manage/nothing', {}],
    [404, 'invalid_request_error', 'PUT', '/manage/users/me', {}],
    [404, 'invalid_request_error', 'PROPFIND', '/manage', {}],
    [404, 'invalid_request_error', 'GET', '/elsewhere', {}],
    [400, 'invalid_request_error', 'GET', '/manage/organizations/x', {}],
    [400, 'invalid_request_error', 'POST', '/manage/verify', { body: { nonsense: 1 } }],
    [
      400,
      'invalid_request_error',
      'POST',
      '/manage/verify',
      { body: '{', headers: { 'content-type': 'application/json' } },
    ],
    [403, 'authentication_error', 'GET', `/manage/organizations/${other.organization}`, {}],
    [403, 'authentication_error', 'GET', `/manage/organizations/${acme.organization}/api-keys`, {}],
  ] as const) {
    const { statusCode, headers, body } = await ask(method, url, { host, as: key, ...more })
    const what = `${method} ${url}: ${statusCode} ${body}`
    assert.equal(statusCode, status, what)
    remaining -= 1
    assert.equal(headers['x-ratelimit-remaining'], String(remaining), what)
    for (const name of limitHeaders) assert.ok(headers[name], `${what}: ${name}`)
    if (type !== undefined) assert.equal((JSON.parse(body) as { error: { type: string } }).error.type, type, what)
    const stranger = await ask(method, url, { host, ...more })
    assert.equal(stranger.statusCode, 401, what)
    assert.deepEqual(stranger.json(), {
      error: { type: 'authentication_error', code: 'invalid_api_key', message: 'The API key provided is invalid' },
    })
    for (const name of limitHeaders) assert.equal(stranger.headers[name], undefined, what)
  }
  await ask('GET', '/manage/users/me', { host, as: key })
  await ask('GET', '/manage/users/me', { host, as: key })
  const limited = await ask('GET', '/manage/nothing', { host, as: key })
  assert.equal(limited.statusCode, 429)
  assert.equal(limited.json<{ error: { type: string } }>().error.type, 'rate_limit_error')
  assert.equal(limited.headers['retry-after'], '60')
})

test('the scopes and the organization that the API asks for are asked for', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  const acme = await world(launched)
  const other = await world(launched)
  const { key } = await acme.key({ scopes: 'read' })
  const lacking = await ask('GET', '/manage/account/tokens', { host, as: key })
  assert.equal(lacking.statusCode, 403)
  assert.match(String(lacking.headers['www-authenticate']), /error="insufficient_scope", scope="write"/)
  const naming = (id: string) => ask('GET', '/manage/users/me', { host, as: key, headers: { 'x-organization': id } })
  assert.equal((await naming(acme.organization)).statusCode, 200)
  const foreign = await naming(other.organization)
  assert.equal(foreign.statusCode, 403)
  assert.equal(foreign.json<{ error: { code: string } }>().error.code, 'organization_forbidden')
})

test('browsers of the configured origins may call it; preflights are answered before anybody is known, and spend nothing', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  const { key } = await (await world(launched)).key()
  const preflight = (url: string, from: string, to = host) =>
    ask('OPTIONS', url, { host: to, headers: { origin: from, 'access-control-request-method': 'GET' } })
  for (const url of ['/manage/users/me', '/manage/nothing', '/manage']) {
    const { statusCode, headers, body } = await preflight(url, origin)
    assert.deepEqual([statusCode, body], [204, ''], url)
    assert.equal(headers['access-control-allow-origin'], origin)
    assert.equal(headers['access-control-allow-headers'], 'Authorization, DPoP, Content-Type')
    assert.match(String(headers['access-control-allow-methods']), /GET.*DELETE/)
    assert.equal(headers.vary, 'Origin')
  }
  for (const [from, to] of [
    ['https://evil.test', host],
    [origin, 'closed.test'],
  ] as const) {
    const { statusCode, headers } = await preflight('/manage/users/me', from, to)
    assert.equal(statusCode, 204)
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
  for (const [url, as, status] of [
    ['/manage/users/me', key, 200],
    ['/manage/nothing', key, 404],
    ['/manage/users/me', undefined, 401],
    ['/manage/%2f', key, 400],
  ] as const) {
    const { statusCode, headers } = await ask('GET', url, { host, headers: { origin }, ...(as && { as }) })
    assert.equal(statusCode, status)
    assert.equal(headers['access-control-allow-origin'], origin, url)
    assert.match(String(headers['access-control-expose-headers']), /X-RateLimit-Remaining.*X-Total/)
  }
  assert.equal(
    (await ask('GET', '/manage/users/me', { host, as: key })).headers['x-ratelimit-remaining'],
    '9',
    'three requests so far, preflights not counted',
  )
  // on the issuer's own host no other origin reads anything
  const own = await ask('GET', '/api/v1/users/me', { as: key, headers: { origin } })
  assert.equal(own.statusCode, 200)
  assert.equal(own.headers['access-control-allow-origin'], undefined)
  assert.equal((await ask('OPTIONS', '/manage/users/me', { host })).statusCode, 401, 'no preflight')
})
