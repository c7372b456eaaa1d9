// 10,000 malformed credentials, headers and bodies: never a 5xx, never a stack, never an entry in the store.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Launched, launch, world } from '../harness.ts'

const runs = 2500

const hosts = [
  'localhost',
  'api.smoxy.localhost',
  'api.multi.localhost',
  'api.smoo.localhost',
  'api.example.localhost',
  'auth.smoo.localhost',
]
const paths = [
  '/v1/embeddings',
  '/api/zones',
  '/v1/users',
  '/organizations',
  '/api/v1/users/me',
  '/token',
  '/oauth/token',
  '/oauth/par',
  '/oauth/device_authorization',
  '/forward-auth',
  '/api/v1/verify',
  '/',
  '/nowhere',
]

/** The dashboard's, which look at no credential but its own cookie and lead to where people sign in. */
const dashboardPaths = new Set(['/', '/organizations'])

/** Text that a header may hold: visible ASCII, with what parsers trip over. */
const headerText = fc.string({
  unit: fc.constantFrom(...'abcXYZ019 ._-~+/=,;:"\'\\%&#{}[]()<>@!?$^*|`\t'),
  maxLength: 300,
})

const credential = fc.oneof(
  headerText,
  fc.stringMatching(/^[0-9a-f]{64}$/),
  fc
    .tuple(
      fc.constantFrom('sk_', 'sk_live_', 'sk_test_', 'pat_', 'cs_', 'rt_', 'sk__', 'SK_'),
      fc.stringMatching(/^[0-9a-f]{0,70}$/),
    )
    .map(([prefix, body]) => prefix + body),
  fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((parts) => `eyJ${parts.join('.')}`),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => `0oRD${Buffer.from(bytes).toString('base64url')}`),
  fc
    .json()
    .map(
      (json) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(json).toString('base64url')}.`,
    ),
)

const rowCounts = async ({ app: { store } }: Launched): Promise<number[]> => {
  const count = async (rows: Promise<{ n: string | number | bigint }>): Promise<number> => Number((await rows).n)
  return Promise.all([
    count(
      store.db
        .selectFrom('credentials')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.db
        .selectFrom('clients')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.db
        .selectFrom('users')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.db
        .selectFrom('audit')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.db
        .selectFrom('links')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.activity
        .selectFrom('counters')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
    count(
      store.activity
        .selectFrom('last_used')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow(),
    ),
  ])
}

const prepare = async (t: TestContext) => {
  const launched = await launch(t)
  const { key } = await (await world(launched)).key({ scopes: 'verify' })
  // its own first use, so that counting begins after it
  await launched.ask('POST', '/api/v1/verify', { as: key, body: { credential: 'x', api: 'multi' } })
  return { launched, key, before: await rowCounts(launched) }
}

const refused = (status: number, body: string, what: string): void => {
  assert.ok(status >= 400 && status < 500, `${status} for ${what}: ${body}`)
  assert.doesNotMatch(body, /\bat [\w.<>]+ \(|node:internal|\.ts:\d+|SQLITE|Error:/, `a stack or a fault for ${what}`)
}

test(`${runs} malformed credentials at every host and path`, { timeout: 200_000 }, async (t) => {
  const { launched, before } = await prepare(t)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...hosts),
      fc.constantFrom(...paths),
      fc.constantFrom('authorization', 'x-api-token'),
      fc.constantFrom('', 'Bearer ', 'bearer  ', 'Basic ', 'DPoP '),
      credential,
      async (host, path, header, scheme, value) => {
        const { statusCode, body } = await launched.ask('GET', path, { host, headers: { [header]: scheme + value } })
        if (host === 'localhost' && dashboardPaths.has(path) && [302, 303].includes(statusCode)) return
        if (path === '/' && statusCode === 404) return
        refused(statusCode, body, JSON.stringify({ host, path, header, scheme, value }))
      },
    ),
    { numRuns: runs },
  )
  assert.deepEqual(await rowCounts(launched), before)
})

test(`${runs} malformed credentials in verify`, { timeout: 200_000 }, async (t) => {
  const { launched, key, before } = await prepare(t)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('smoo', 'smally', 'example', 'smoxy', 'multi'),
      fc.oneof(credential, fc.string({ unit: 'binary', maxLength: 200 })),
      async (api, value) => {
        const { statusCode, body } = await launched.ask('POST', '/api/v1/verify', {
          as: key,
          body: { credential: value, api },
        })
        if (statusCode === 200) {
          const { valid, code } = JSON.parse(body) as { valid: boolean; code: string }
          assert.equal(valid, false)
          assert.equal(code, 'invalid_api_key')
        } else refused(statusCode, body, JSON.stringify(value))
      },
    ),
    { numRuns: runs },
  )
  assert.deepEqual(await rowCounts(launched), before)
})

test(`${runs} malformed bodies at management routes`, { timeout: 200_000 }, async (t) => {
  const { launched, key, before } = await prepare(t)
  const organization = '01890000-0000-7000-8000-000000000000'
  const routes = [
    '/verify',
    '/explain',
    '/inspect',
    '/users',
    '/organizations',
    `/organizations/${organization}/api-keys`,
    `/organizations/${organization}/members`,
    `/organizations/${organization}/clients`,
    '/account/tokens',
    '/legacy-tokens/import',
    '/signing-keys/rotate',
  ]
  const text = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.constantFrom(
      '{',
      '{"a":',
      '[]',
      'null',
      '"x"',
      '1e999',
      '{"__proto__":{"operator":true}}',
      '{"constructor":{"prototype":{}}}',
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      fc.constantFrom(
        'application/json',
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json; charset=utf-16',
      ),
      text,
      async (route, type, payload) => {
        const { statusCode, body } = await launched.ask('POST', `/api/v1${route}`, {
          as: key,
          headers: { 'content-type': type },
          body: payload,
        })
        refused(statusCode, body, JSON.stringify({ route, type, payload }))
      },
    ),
    { numRuns: runs },
  )
  assert.deepEqual(await rowCounts(launched), before)
})

test(`${runs} malformed token requests`, { timeout: 200_000 }, async (t) => {
  const { launched, before } = await prepare(t)
  const name = fc.constantFrom(
    'grant_type',
    'client_id',
    'client_secret',
    'scope',
    'resource',
    'audience',
    'subject_token',
    'subject_token_type',
    'requested_token_type',
    'x',
  )
  const value = fc.oneof(
    fc.constantFrom(
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:latchkey:params:oauth:token-type:api-key',
      'urn:latchkey:params:oauth:token-type:cwt',
      '%',
      '%zz',
      '%00',
      '+',
    ),
    fc.string({ unit: 'binary', maxLength: 60 }).map(encodeURIComponentSafely),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('/oauth/token', '/token'),
      fc.constantFrom('localhost', 'auth.smoo.localhost', 'api.example.localhost'),
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      fc.option(
        headerText.map((basic) => `Basic ${basic}`),
        { nil: undefined },
      ),
      async (path, host, pairs, authorization) => {
        const { statusCode, body } = await launched.ask('POST', path, {
          host,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            ...(authorization !== undefined && { authorization }),
          },
          body: pairs.map(([key, text]) => `${key}=${text}`).join('&'),
        })
        refused(statusCode, body, JSON.stringify({ path, host, pairs, authorization }))
        assert.equal(typeof (JSON.parse(body) as { error: unknown }).error, 'string')
      },
    ),
    { numRuns: runs },
  )
  assert.deepEqual(await rowCounts(launched), before)
})

/** Lone surrogates have no percent-encoding: they are sent as they are. */
function encodeURIComponentSafely(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}
