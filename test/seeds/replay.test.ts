// Every request of the five documents, over real HTTP, in the documents' own words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, world } from '../harness.ts'
import { scene } from './scene.ts'

const unix = (clock: Clock, seconds: number): string => String(Math.ceil((clock.at + seconds * 1000) / 1000))

const headerOf = (token: string, part: 0 | 1): unknown =>
  JSON.parse(Buffer.from(token.split('.')[part] as string, 'base64url').toString())

test('000 Smoo AI: client credentials, an HS256 bearer token, its organizations', async (t) => {
  const { curl, clock, operate } = await scene(t)
  const acme = await world({ operate })
  const stranger = await world({ operate })
  const { client_id, client_secret } = await acme.client({ apis: ['smoo'] })
  const ask = () =>
    curl(
      'http://auth.smoo.localhost/token',
      {},
      `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`,
    )

  const answer = await ask()
  assert.equal(answer.status, 200)
  const token = String(answer.body.access_token)
  assert.deepEqual(answer.body, { access_token: token, token_type: 'Bearer', expires_in: 3600 })
  assert.match(token, /^eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\./, 'the document shows this beginning')
  assert.equal(answer.headers['cache-control'], 'no-store')

  const organizations = await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${token}` })
  assert.equal(organizations.status, 200)
  assert.deepEqual(
    (organizations.body.data as { id: string }[]).map(({ id }) => id),
    [acme.organization],
  )
  assert.notEqual(acme.organization, stranger.organization)
  assert.equal(organizations.headers['x-ratelimit-limit'], '100')
  assert.equal(organizations.headers['x-ratelimit-remaining'], '99')
  assert.equal(organizations.headers['x-ratelimit-reset'], unix(clock, 60))

  // "100 requests per 60 seconds per authenticated token": another token of the same client has its own
  for (let i = 1; i < 100; i++)
    assert.equal(
      (await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${token}` })).status,
      200,
    )
  const limited = await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${token}` })
  assert.equal(limited.status, 429)
  assert.equal(limited.body.error, 'rate_limit_exceeded')
  assert.equal(typeof limited.body.message, 'string')
  assert.equal(limited.headers['retry-after'], '60')
  assert.equal(limited.headers['x-ratelimit-remaining'], '0')
  const second = String((await ask()).body.access_token)
  assert.equal(
    (await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${second}` })).status,
    200,
  )
  clock.at = Number(limited.headers['x-ratelimit-reset']) * 1000
  assert.equal(
    (await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${token}` })).status,
    200,
    'at the reset time it is over',
  )

  // "Tokens expire after 1 hour"; "all API requests require a valid Bearer token"
  clock.advance(3600_000)
  const expired = await curl('http://api.smoo.localhost/organizations', { authorization: `Bearer ${token}` })
  assert.equal(expired.status, 401)
  assert.deepEqual(Object.keys(expired.body), ['error', 'message'])
  assert.equal((await curl('http://api.smoo.localhost/organizations')).status, 401)
  assert.equal(
    (
      await curl(
        'http://auth.smoo.localhost/token',
        {},
        `grant_type=client_credentials&client_id=${client_id}&client_secret=wrong`,
      )
    ).status,
    401,
  )
})

test('001 Smally: organization keys with or without Bearer, a month’s quota by tier, errors that look alike', async (t) => {
  const { curl, clock, operate } = await scene(t)
  const acme = await world({ operate }, 'pro')
  const { id, key } = await acme.key({ name: 'Production API Key' })
  assert.match(key, /^sk_[0-9a-f]{64}$/)
  const url = 'http://localhost/v1/embeddings'

  for (const [used, authorization] of [`Bearer ${key}`, key].entries()) {
    const answer = await curl(url, { authorization })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-ratelimit-limit'], '100000')
    assert.equal(answer.headers['x-ratelimit-remaining'], String(100_000 - used - 1))
    assert.equal(answer.headers['x-ratelimit-reset'], '2026-02-01T00:00:00Z')
  }

  const invalid = { error: 'invalid_api_key', message: 'Invalid API key' }
  const expiring = await acme.key({ expires_at: new Date(clock.at + 1000).toISOString() })
  const revoked = await acme.key()
  await operate('DELETE', `/api-keys/${revoked.id}`)
  clock.advance(1000)
  const typo = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  for (const headers of [
    {},
    { authorization: 'Bearer nonsense' },
    { authorization: `Bearer ${typo}` },
    { authorization: revoked.key },
    { authorization: expiring.key },
  ] as Record<string, string>[]) {
    const answer = await curl(url, headers)
    assert.equal(answer.status, 401)
    assert.deepEqual(answer.body, invalid)
    assert.equal(answer.headers['x-ratelimit-limit'], undefined, 'limits are never told with a 401')
  }

  // the quota belongs to the organization: a second key spends the same; a tier change keeps the count
  const other = await acme.key({ name: 'Second' })
  await operate('PATCH', `/organizations/${acme.organization}`, { tier: 'free' })
  const free = await curl(url, { authorization: other.key })
  assert.equal(free.headers['x-ratelimit-limit'], '10000')
  assert.equal(free.headers['x-ratelimit-remaining'], '9997')
  const verifier = await acme.key({ scopes: 'verify' })
  const burn = await curl(url, { authorization: key })
  assert.equal(burn.headers['x-ratelimit-remaining'], '9996')
  const spent = await operate<{ valid: boolean }>('POST', '/verify', { credential: key, api: 'smally', cost: 9996 })
  assert.equal(spent.valid, true, `cost spends at once (${verifier.id})`)
  const exhausted = await curl(url, { authorization: key })
  assert.equal(exhausted.status, 429)
  assert.deepEqual(exhausted.body, { error: 'rate_limit_exceeded', message: 'Monthly quota exhausted' })
  assert.equal(exhausted.headers['x-ratelimit-reset'], '2026-02-01T00:00:00Z')
  assert.equal(
    exhausted.headers['retry-after'],
    String(Math.ceil((Date.parse('2026-02-01T00:00:00Z') - clock.at) / 1000)),
  )
  await operate('PATCH', `/organizations/${acme.organization}`, { tier: 'enterprise' })
  const unlimited = await curl(url, { authorization: key })
  assert.equal(unlimited.status, 200)
  assert.equal(unlimited.headers['x-ratelimit-limit'], undefined)
  await operate('PATCH', `/organizations/${acme.organization}`, { tier: 'free' })
  clock.at = Date.parse('2026-02-01T00:00:00Z')
  const february = await curl(url, { authorization: key })
  assert.equal(february.status, 200)
  assert.equal(february.headers['x-ratelimit-remaining'], '9999')
  assert.equal(february.headers['x-ratelimit-reset'], '2026-03-01T00:00:00Z')

  await operate('DELETE', `/api-keys/${id}`)
  assert.deepEqual((await curl(url, { authorization: `Bearer ${key}` })).body, invalid)
})

test('001 Smally: a key exchanged for a CBOR Web Token that holds key_id, org_id, tier and exp', async (t) => {
  const { curl, clock, operate, ask } = await scene(t)
  const acme = await world({ operate }, 'pro')
  const { id, key } = await acme.key()
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: key,
    subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
    requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
  })
  const exchanged = await curl('http://localhost/oauth/token', {}, form.toString())
  assert.equal(exchanged.status, 200)
  assert.equal(exchanged.body.issued_token_type, 'urn:latchkey:params:oauth:token-type:cwt')
  assert.equal(exchanged.body.expires_in, 300)
  const cwt = String(exchanged.body.access_token)
  const inspected = await operate<{ claims: Record<string, unknown> }>('POST', '/inspect', { token: cwt })
  assert.equal(inspected.claims.key_id, id)
  assert.equal(inspected.claims.org_id, acme.organization)
  assert.equal(inspected.claims.tier, 'pro')
  assert.equal(inspected.claims.exp, Math.floor(clock.at / 1000) + 300)
  const used = await curl('http://localhost/v1/embeddings', { authorization: `Bearer ${cwt}` })
  assert.equal(used.status, 200)
  assert.equal(used.headers['x-ratelimit-remaining'], '99999', 'it spends the quota of its organization')
  assert.equal((used.body.principal as { derived_from: { id: string } }).derived_from.id, id)
  clock.advance(300_000)
  assert.deepEqual((await curl('http://localhost/v1/embeddings', { authorization: `Bearer ${cwt}` })).body, {
    error: 'invalid_api_key',
    message: 'Invalid API key',
  })
  assert.equal((await ask('GET', '/v1/embeddings', { as: key })).statusCode, 200)
})

test('002: an API key at /api/v1/users/me, client credentials with scope, the invalid_client body', async (t) => {
  const { curl, clock, operate } = await scene(t)
  const acme = await world({ operate })
  const { id, key } = await acme.key()
  const me = await curl('http://api.example.localhost/api/v1/users/me', { authorization: `Bearer ${key}` })
  assert.equal(me.status, 200)
  assert.equal(me.body.id, id)
  assert.equal(me.headers['x-ratelimit-limit'], '100')
  assert.equal(me.headers['x-ratelimit-remaining'], '99')
  assert.equal(me.headers['x-ratelimit-reset'], unix(clock, 60))

  const { client_id, client_secret } = await acme.client({ apis: ['example'], scopes: 'read write' })
  const url = 'http://api.example.localhost/oauth/token'
  const answer = await curl(
    url,
    {},
    `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`,
  )
  assert.equal(answer.status, 200)
  assert.match(String(answer.body.access_token), /^eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\./)
  assert.deepEqual(
    { ...answer.body, access_token: '' },
    { access_token: '', token_type: 'bearer', expires_in: 3600, scope: 'read write' },
  )
  const narrowed = await curl(
    url,
    {},
    `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}&scope=read`,
  )
  assert.equal(narrowed.body.scope, 'read')
  assert.equal(
    (
      await curl('http://api.example.localhost/api/v1/users/me', {
        authorization: `Bearer ${String(answer.body.access_token)}`,
      })
    ).status,
    200,
  )

  const refused = await curl(
    url,
    {},
    `grant_type=client_credentials&client_id=YOUR_CLIENT_ID&client_secret=YOUR_CLIENT_SECRET`,
  )
  assert.equal(refused.status, 401)
  assert.deepEqual(refused.body, { error: 'invalid_client', error_description: 'Client authentication failed' })

  const missing = await curl('http://api.example.localhost/api/v1/users/me')
  assert.equal(missing.status, 401)
  assert.deepEqual(Object.keys(missing.body), ['error', 'error_description'])
  await operate('DELETE', `/api-keys/${id}`)
  assert.equal(
    (await curl('http://api.example.localhost/api/v1/users/me', { authorization: `Bearer ${key}` })).status,
    401,
  )
})

test('003 smoxy: personal and legacy tokens in X-API-TOKEN', async (t) => {
  const { curl, clock, operate } = await scene(t)
  const acme = await world({ operate })
  const url = 'http://api.smoxy.localhost/api/zones'
  const { id, token } = await acme.token({ name: 'CI/CD pipeline' })
  const listed = async () =>
    (await operate<{ data: Record<string, unknown>[] }>('GET', `/users/${acme.owner}/tokens`)).data[0]
  assert.equal((await listed())?.last_used_at, null, 'never used')
  assert.equal((await listed())?.expires_at, null, 'never expires')
  assert.equal(JSON.stringify(await listed()).includes(token), false, 'the value is shown once only')

  const answer = await curl(url, { 'X-API-TOKEN': token })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['x-ratelimit-remaining'], '99')
  assert.equal(answer.headers.deprecation, undefined)
  assert.equal(
    (await curl(url, { authorization: `Bearer ${token}` })).status,
    401,
    'only the documented header is read',
  )
  const challenge = await curl(url)
  assert.equal(challenge.status, 401)
  assert.match(String(challenge.headers['www-authenticate']), /^ApiKey .*header="X-API-TOKEN"/)

  const held = await acme.token({
    name: 'Held',
    all_organizations: undefined,
    organization_ids: [acme.organization],
    expires_at: new Date(clock.at + 60_000).toISOString(),
  })
  assert.equal((await curl(url, { 'x-api-token': held.token })).status, 200)

  const imported = await operate('POST', '/legacy-tokens/import', {
    lines: [
      { line: 2, name: 'Old', owner: acme.owner, organization: acme.organization, token: 'an-old-opaque-value-0001' },
    ],
  })
  assert.deepEqual(imported, { imported: 1, skipped: 0, failed: [] })
  const legacy = await curl(url, { 'x-api-token': 'an-old-opaque-value-0001' })
  assert.equal(legacy.status, 200)
  assert.match(String(legacy.headers.deprecation), /^@\d+$/)
  assert.ok(legacy.headers.sunset)
  assert.match(String(legacy.headers.link), /rel="deprecation"/)
  assert.equal((legacy.body.principal as { deprecated: boolean }).deprecated, true)
  const [row] = (await operate<{ data: { id: string }[] }>('GET', '/legacy-tokens')).data
  await operate('DELETE', `/legacy-tokens/${row?.id}`)
  assert.equal(
    (await curl(url, { 'x-api-token': 'an-old-opaque-value-0001' })).status,
    401,
    'deleting takes effect immediately',
  )

  clock.advance(60_000)
  assert.equal((await curl(url, { 'x-api-token': held.token })).status, 401)
  await operate('DELETE', `/tokens/${id}`)
  assert.equal((await curl(url, { 'x-api-token': token })).status, 401, 'a revoked token is denied on its next request')
})

test('004: live and test keys with an upstream each, and errors as typed objects', async (t) => {
  const { curl, operate } = await scene(t)
  const acme = await world({ operate })
  const url = 'http://api.multi.localhost/v1/users'
  const live = await acme.key({ environment: 'live' })
  const sandbox = await acme.key({ environment: 'test' })
  assert.match(live.key, /^sk_live_[0-9a-f]{64}$/)
  assert.match(sandbox.key, /^sk_test_[0-9a-f]{64}$/)
  for (const [key, upstream] of [
    [live.key, 'live'],
    [sandbox.key, 'test'],
  ] as const) {
    const answer = await curl(url, { authorization: `Bearer ${key}` })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.upstream, upstream)
    assert.equal(answer.headers['x-ratelimit-remaining'], '99', 'each environment has its own counters')
  }
  const invalid = {
    error: { type: 'authentication_error', code: 'invalid_api_key', message: 'The API key provided is invalid' },
  }
  for (const headers of [
    {},
    { authorization: 'Bearer sk_live_1234567890abcdef' },
    { authorization: 'Bearer sk_test_1234567890abcdef' },
  ] as Record<string, string>[]) {
    const answer = await curl(url, headers)
    assert.equal(answer.status, 401)
    assert.deepEqual(answer.body, invalid)
  }
  // a swapped environment fails its checksum
  assert.equal((await curl(url, { authorization: `Bearer ${live.key.replace('_live_', '_test_')}` })).status, 401)
  for (let i = 1; i < 100; i++) await curl(url, { authorization: `Bearer ${live.key}` })
  const limited = await curl(url, { authorization: `Bearer ${live.key}` })
  assert.equal(limited.status, 429)
  assert.deepEqual(
    { ...(limited.body.error as object), message: '' },
    { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: '' },
  )
  assert.equal(
    (await curl(url, { authorization: `Bearer ${sandbox.key}` })).status,
    200,
    'the test key is not limited by it',
  )
  const elsewhere = await curl('http://api.multi.localhost/elsewhere', { authorization: `Bearer ${sandbox.key}` })
  assert.equal(elsewhere.status, 404)
  assert.equal((elsewhere.body.error as { type: string }).type, 'invalid_request_error')
  assert.equal((await curl('http://api.multi.localhost/elsewhere')).status, 401, 'authentication comes before 404')
  assert.equal(
    (await curl('http://localhost/v1/embeddings', { authorization: sandbox.key })).status,
    403,
    'a test key where there is no test upstream',
  )
})

test('tokens of the documented header form hold their claims', async (t) => {
  const { curl, clock, operate } = await scene(t)
  const acme = await world({ operate })
  const { client_id, client_secret } = await acme.client({ apis: ['example'] })
  const answer = await curl(
    'http://api.example.localhost/oauth/token',
    {},
    `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`,
  )
  const token = String(answer.body.access_token)
  assert.deepEqual(headerOf(token, 0), { alg: 'HS256', typ: 'JWT' })
  const claims = headerOf(token, 1) as Record<string, unknown>
  assert.equal(claims.sub, client_id)
  assert.equal(claims.iat, Math.floor(clock.at / 1000))
  assert.equal(claims.exp, Math.floor(clock.at / 1000) + 3600)
  assert.equal(claims.scope, 'read write')
})
