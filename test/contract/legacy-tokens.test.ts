// Tokens made elsewhere: whatever they look like, where an API says so and nowhere else, and always with the word that they end.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const announced = {
  deprecatedAt: '2026-01-01',
  sunsetAt: '2027-06-30T12:00:00Z',
  link: 'https://docs.example.com/legacy',
}

const file: LatchkeyConfig = {
  apis: {
    old: {
      hosts: ['old.test'],
      path: '/v1',
      upstream: 'echo',
      accepts: ['api_key', 'personal_access_token', 'legacy_token'],
      legacyTokens: announced,
      requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
      organization: { header: 'X-Organization' },
      limits: [{ name: 'window', per: 'credential', limit: 3, period: 60 }],
    },
    down: {
      hosts: ['down.test'],
      upstream: 'http://127.0.0.1:1',
      accepts: ['legacy_token'],
      legacyTokens: announced,
    },
    managed: {
      hosts: ['managed.test'],
      upstream: 'management',
      accepts: ['legacy_token'],
      legacyTokens: announced,
    },
    present: { hosts: ['present.test'], upstream: 'echo' },
  },
}

/** Of other systems; some have the form of ours, a checksum that is not, or none. */
const foreign = [
  'short-id',
  `sk_live_${'4'.repeat(24)}`,
  `sk_${'a'.repeat(64)}`,
  `sk_test_${'0'.repeat(64)}`,
  `pat_${'b'.repeat(64)}`,
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  '0oRDoQEmoA',
  'AKIA+/=_~.:;,!$%&()*<>?@[]^`{|}',
  '0123456789abcdef'.repeat(256),
]

test('a token is taken whatever it looks like, and kept as a keyed hash', async (t) => {
  const secret = 'a secret of this deployment, at least 32 characters'
  const launched = await launch(t, { file, env: { LATCHKEY_SECRET: secret } })
  const acme = await world(launched)
  const lines = foreign.map((token, index) =>
    index % 2 === 0
      ? { line: index + 2, name: `Old ${index}`, owner: acme.owner, token }
      : {
          line: index + 2,
          name: `Old ${index}`,
          owner: acme.owner,
          sha256: createHash('sha256').update(token).digest('hex'),
        },
  )
  assert.deepEqual(await launched.operate('POST', '/legacy-tokens/import', { lines }), {
    imported: foreign.length,
    skipped: 0,
    failed: [],
  })
  for (const token of foreign) {
    assert.equal((await launched.ask('GET', '/v1', { host: 'old.test', as: token })).statusCode, 200, token)
    assert.equal((await launched.ask('GET', '/', { host: 'present.test', as: token })).statusCode, 401, token)
    assert.equal((await launched.ask('GET', '/api/v1/users/me', { as: token })).statusCode, 401, token)
    assert.equal((await launched.ask('GET', '/v1', { host: 'old.test', as: `${token.slice(0, -1)}~` })).statusCode, 401)
  }
  const kept = await launched.app.store.db.selectFrom('credentials').select('hash').execute()
  const hashes = foreign.map((token) =>
    createHmac('sha256', secret).update(createHash('sha256').update(token).digest()).digest('hex'),
  )
  assert.deepEqual(kept.map(({ hash }) => hash).toSorted(), hashes.toSorted())
  await launched.app.close()
  const bytes = readFileSync(join(launched.folder, 'latchkey.db'), 'latin1')
  for (const token of foreign.filter(({ length }) => length > 20))
    assert.ok(!bytes.includes(token) && !bytes.includes(createHash('sha256').update(token).digest('hex')), token)
})

test('every answer to one says since when it is deprecated, when it ends and where to read on', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock('2026-05-05T00:00:00Z') })
  const acme = await world(launched)
  const other = await world(launched)
  const viewer = await launched.operate<{ id: string }>('POST', '/users', { email: 'v@example.com', name: 'V' })
  await launched.operate('POST', `/organizations/${acme.organization}/members`, { user_id: viewer.id, role: 'viewer' })
  const token = 'an-opaque-value-of-another-system'
  await launched.operate('POST', '/legacy-tokens/import', {
    lines: [{ line: 2, name: 'Old', owner: viewer.id, organization: acme.organization, token }],
  })
  const { key } = await acme.key()
  for (const [status, method, host, url, headers] of [
    [200, 'GET', 'old.test', '/v1', {}],
    [403, 'DELETE', 'old.test', '/v1', {}],
    [403, 'GET', 'old.test', '/v1', { 'x-organization': other.organization }],
    [404, 'GET', 'old.test', '/nowhere', {}],
    [502, 'GET', 'down.test', '/', {}],
    [200, 'GET', 'managed.test', '/users/me', {}],
    [403, 'GET', 'managed.test', `/organizations/${other.organization}`, {}],
    [404, 'GET', 'managed.test', '/nowhere', {}],
    [200, 'GET', 'old.test', '/v1', {}],
    [429, 'GET', 'old.test', '/v1', {}],
    [429, 'GET', 'proxy.internal', '/forward-auth?api=old', {}],
    [403, 'GET', 'proxy.internal', '/forward-auth?api=old&deny=403', {}],
  ] as const) {
    const forwarded: Record<string, string> = url.startsWith('/forward-auth')
      ? { 'x-forwarded-method': 'GET', 'x-forwarded-host': 'old.test', 'x-forwarded-uri': '/v1' }
      : {}
    const answer = await launched.ask(method, url, { host, as: token, headers: { ...forwarded, ...headers } })
    const what = `${method} ${host}${url}: ${answer.statusCode} ${answer.body}`
    assert.equal(answer.statusCode, status, what)
    assert.equal(answer.headers.deprecation, `@${Date.parse('2026-01-01') / 1000}`, what) // RFC 9745
    assert.equal(answer.headers.sunset, 'Wed, 30 Jun 2027 12:00:00 GMT', what) // RFC 8594
    assert.equal(answer.headers.link, '<https://docs.example.com/legacy>; rel="deprecation"; type="text/html"', what)
  }
  // nobody else is told
  assert.equal((await launched.ask('GET', '/v1', { host: 'old.test', as: key })).headers.deprecation, undefined)
  assert.equal(
    (await launched.ask('GET', '/v1', { host: 'old.test', as: 'unknown-token' })).headers.deprecation,
    undefined,
  )
})

test('a deleted one is refused at the next request, and one that reaches nobody any more as well', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  await launched.operate('POST', '/legacy-tokens/import', {
    lines: [
      { line: 2, name: 'One', owner: acme.owner, token: 'the-first-of-two-tokens' },
      { line: 3, name: 'Two', owner: acme.owner, organization: acme.organization, token: 'the-second-of-two-tokens' },
    ],
  })
  const status = async (as: string) => (await launched.ask('GET', '/v1', { host: 'old.test', as })).statusCode
  assert.deepEqual([await status('the-first-of-two-tokens'), await status('the-second-of-two-tokens')], [200, 200])
  const { data } = await launched.operate<{ data: { id: string; name: string }[] }>('GET', '/legacy-tokens')
  await launched.operate('DELETE', `/legacy-tokens/${data.find(({ name }) => name === 'One')?.id}`)
  assert.deepEqual([await status('the-first-of-two-tokens'), await status('the-second-of-two-tokens')], [401, 200])
  await launched.operate('DELETE', `/organizations/${acme.organization}`)
  assert.notEqual(await status('the-second-of-two-tokens'), 200)
})
