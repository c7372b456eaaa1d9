// RFC 6750 §3, RFC 9728 §5.1: the challenge of each refusal, at each kind of API; and what looks like no credential of ours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const file: LatchkeyConfig = {
  apis: {
    books: {
      hosts: ['books.test'],
      path: '/v1',
      upstream: 'echo',
      requiredScopes: [{ methods: ['POST'], scopes: ['write', 'read'] }],
      limits: [{ name: 'window', per: 'credential', limit: 1, period: 60 }],
    },
    zones: {
      profile: 'smoxy',
      hosts: ['zones.test'],
      upstream: 'echo',
      accepts: ['api_key'],
      requiredScopes: [{ scopes: ['write'] }],
    },
    managed: { hosts: ['managed.test'], upstream: 'management' },
  },
  defaultApi: 'books',
}

const metadata = 'resource_metadata="http://books.test:8000/.well-known/oauth-protected-resource/v1"'

test('each refusal has its challenge', async (t) => {
  const clock = stoppedClock('2026-05-05T00:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const { ask } = launched
  const acme = await world(launched)
  const reader = await acme.key({ scopes: 'read' })
  const ended = await acme.key({ expires_in: 1 })
  clock.advance(1000)
  const challenge = async (
    status: number,
    method: string,
    url: string,
    options: { host?: string; as?: string; headers?: Record<string, string>; body?: object },
  ) => {
    const { statusCode, headers, body } = await ask(method, url, options)
    assert.equal(statusCode, status, body)
    return headers['www-authenticate']
  }
  const at = { host: 'books.test' }
  assert.equal(await challenge(401, 'GET', '/v1', at), `Bearer realm="books", ${metadata}`, 'none was sent')
  for (const as of ['nonsense', ended.key])
    assert.equal(
      await challenge(401, 'GET', '/v1', { ...at, as }),
      `Bearer realm="books", error="invalid_token", ${metadata}`,
    )
  assert.equal(
    await challenge(403, 'POST', '/v1', { ...at, as: reader.key }),
    `Bearer realm="books", error="insufficient_scope", scope="write", ${metadata}`,
    'the scope that is missing',
  )
  assert.equal(await challenge(200, 'GET', '/v1', { ...at, as: reader.key }), undefined)
  assert.equal(await challenge(429, 'GET', '/v1', { ...at, as: reader.key }), undefined)
  assert.equal(
    await challenge(400, 'GET', '/v1', { ...at, headers: { authorization: 'Bearer a, Bearer b' } }),
    undefined,
  )

  for (const headers of [{}, { 'x-api-token': 'nonsense' }] as Record<string, string>[])
    assert.equal(await challenge(401, 'GET', '/', { host: 'zones.test', headers }), 'ApiKey header="X-API-TOKEN"')
  assert.equal(
    await challenge(403, 'GET', '/', { host: 'zones.test', headers: { 'x-api-token': reader.key } }),
    'ApiKey header="X-API-TOKEN"',
  )

  // the management API, on its own host and on an API's
  const lacking =
    /^Bearer realm="(latchkey|managed)", error="insufficient_scope", scope="manage:api-keys", resource_metadata="http:/
  const keys = `/organizations/${acme.organization}/api-keys`
  assert.match(String(await challenge(403, 'GET', `/api/v1${keys}`, { as: reader.key })), lacking)
  assert.match(String(await challenge(403, 'GET', keys, { host: 'managed.test', as: reader.key })), lacking)
  assert.match(
    String(await challenge(403, 'POST', '/api/v1/verify', { as: reader.key, body: { credential: 'x' } })),
    /error="insufficient_scope", scope="verify"/,
  )
  assert.match(
    String(await challenge(401, 'GET', '/api/v1/users/me', {})),
    /^Bearer realm="latchkey", resource_metadata="/,
  )
  assert.match(String(await challenge(401, 'GET', '/api/v1/nothing', {})), /^Bearer realm="latchkey"/)
})

test('missing, malformed, unknown and revoked credentials look alike; only two of them, or one twice, are 400', async (t) => {
  const launched = await launch(t)
  const { ask, operate } = launched
  const acme = await world(launched)
  const revoked = await acme.key()
  const revokedToken = await acme.token()
  await operate('DELETE', `/api-keys/${revoked.id}`)
  await operate('DELETE', `/tokens/${revokedToken.id}`)
  const hex = 'a'.repeat(64)
  const bad = [
    'x',
    'sk_',
    `sk_${hex}`,
    `sk_live_${hex}`,
    `pat_${hex}`,
    `${revoked.key} `,
    `${revoked.key}0`,
    revoked.key.toUpperCase(),
    revoked.key.slice(0, -1),
    'two words',
    'a,b',
    '"quoted"',
    'k\u00e9y',
    'sk_' + 'b'.repeat(9000),
    'eyJhbGciOiJub25lIn0.e30.',
    '../../etc/passwd',
    "' OR 1=1 --",
    revoked.key,
    revokedToken.token,
  ]
  for (const [host, url, headerOf] of [
    ['localhost', '/v1/embeddings', (value: string) => ({ authorization: `Bearer ${value}` })],
    ['api.multi.localhost', '/v1/users', (value: string) => ({ authorization: `Bearer ${value}` })],
    ['api.example.localhost', '/api/v1/users/me', (value: string) => ({ authorization: `Bearer ${value}` })],
    ['api.smoo.localhost', '/organizations', (value: string) => ({ authorization: `Bearer ${value}` })],
    ['api.smoxy.localhost', '/api/zones', (value: string) => ({ 'x-api-token': value })],
  ] as const) {
    const missing = await ask('GET', url, { host })
    assert.equal(missing.statusCode, 401)
    for (const value of bad) {
      const { statusCode, body, headers } = await ask('GET', url, { host, headers: headerOf(value) })
      assert.equal(statusCode, 401, `${host}: ${value}`)
      assert.equal(body, missing.body, `${host}: ${value}`)
      assert.ok(!Object.keys(headers).some((name) => name.includes('ratelimit')), 'a 401 tells no limits')
    }
    for (const value of ['one, two', 'one, Bearer two'])
      assert.equal((await ask('GET', url, { host, headers: headerOf(value) })).statusCode, 400, value)
    for (const query of [`?access_token=${revoked.key}`, `?X-API-TOKEN=${revokedToken.token}`, '?key=x'])
      assert.equal((await ask('GET', url + query, { host })).body, missing.body, 'a query is never read')
  }
})
