// POST /api/v1/verify: the body that it takes, and every field of what it answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'

const file: LatchkeyConfig = {
  apis: {
    window: { limits: [{ name: 'window', per: 'credential', limit: 10, period: 60 }], environments: ['live', 'test'] },
    quota: {
      accepts: ['api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt'],
      limits: [
        {
          name: 'month',
          per: 'organization',
          limit: { free: 10_000, pro: 100_000, enterprise: null },
          period: 'month',
        },
        { name: 'burst', per: 'credential', limit: 100, period: 60 },
      ],
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com/legacy' },
    },
  },
}

interface Outcome {
  valid: boolean
  code: string
  principal?: Record<string, unknown>
  limits?: { name: string; limit: number | null; remaining: number | null; reset: number | null }[]
  request_id: string
}

/** Asks as a key with the scope `verify`. */
const asking = async ({ ask }: Launched, { key }: Pick<Awaited<ReturnType<typeof world>>, 'key'>) => {
  const { key: checker } = await key({ name: 'Checker', scopes: 'verify' })
  return {
    send: (body: object) => ask('POST', '/api/v1/verify', { as: checker, body }),
    verify: async (credential: string, fields: object = {}): Promise<Outcome> => {
      const response = await ask('POST', '/api/v1/verify', { as: checker, body: { credential, ...fields } })
      assert.equal(response.statusCode, 200, response.body)
      return response.json()
    },
  }
}

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const clockStart = '2026-03-31T23:59:30.500Z'

test('the principal has the fields of its kind, and no others', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock(clockStart) })
  const acme = await world(launched, 'pro')
  const { verify } = await asking(launched, acme)
  const exchange = async (subject_token: string, kind: string, requested: string) =>
    (
      await launched.ask('POST', '/oauth/token', {
        form: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token,
          subject_token_type: `urn:latchkey:params:oauth:token-type:${kind}`,
          requested_token_type: requested,
          audience: 'quota',
        },
      })
    ).json<{ access_token: string }>().access_token

  const key = await acme.key({ name: 'Key', scopes: 'read' })
  const plain = await verify(key.key, { api: 'quota' })
  assert.deepEqual(Object.keys(plain).toSorted(), ['code', 'limits', 'principal', 'request_id', 'valid'])
  assert.deepEqual([plain.valid, plain.code], [true, 'valid'])
  assert.match(plain.request_id, uuid7)
  assert.deepEqual(plain.principal, {
    kind: 'api_key',
    id: key.id,
    subject: key.id,
    organization_id: acme.organization,
    tier: 'pro',
    environment: 'live',
    scopes: ['read'],
    name: 'Key',
  })

  const ending = await acme.key({ name: 'Ending', environment: 'test', expires_at: '2026-04-30T12:00:00+02:00' })
  assert.deepEqual((await verify(ending.key, { api: 'window' })).principal, {
    kind: 'api_key',
    id: ending.id,
    subject: ending.id,
    organization_id: acme.organization,
    tier: 'pro',
    environment: 'test',
    scopes: ['read', 'write'],
    name: 'Ending',
    expires_at: '2026-04-30T10:00:00.000Z',
  })

  const token = await acme.token({ name: 'Token' })
  const ofPerson = {
    subject: acme.owner,
    organization_id: acme.organization,
    organization_ids: [acme.organization],
    tier: 'pro',
    environment: 'live',
    scopes: ['read', 'write'],
  }
  assert.deepEqual((await verify(token.token, { api: 'quota' })).principal, {
    kind: 'personal_access_token',
    id: token.id,
    name: 'Token',
    ...ofPerson,
  })

  await launched.operate('POST', '/legacy-tokens/import', {
    lines: [{ line: 2, name: 'Old', owner: acme.owner, token: 'an-opaque-value-of-another-system' }],
  })
  const [legacy] = (await launched.operate<{ data: { id: string }[] }>('GET', '/legacy-tokens')).data
  assert.deepEqual((await verify('an-opaque-value-of-another-system', { api: 'quota' })).principal, {
    kind: 'legacy_token',
    id: legacy?.id,
    name: 'Old',
    ...ofPerson,
    deprecated: true,
  })

  const client = await acme.client({ name: 'Client', scopes: 'write' })
  const granted = await launched.ask('POST', '/oauth/token', {
    form: {
      grant_type: 'client_credentials',
      client_id: client.client_id,
      client_secret: client.client_secret,
      resource: launched.config.apis.get('quota')?.audience ?? '',
    },
  })
  const oauth = await verify(granted.json<{ access_token: string }>().access_token, { api: 'quota' })
  assert.match(String(oauth.principal?.id), uuid7)
  assert.deepEqual(oauth.principal, {
    kind: 'oauth_token',
    id: oauth.principal?.id,
    subject: client.client_id,
    client_id: client.client_id,
    organization_id: acme.organization,
    tier: 'pro',
    environment: 'live',
    scopes: ['write'],
    name: 'Client',
    expires_at: '2026-04-01T00:59:30.000Z',
  })

  for (const [from, kind, requested, made] of [
    [key.key, 'api-key', 'urn:latchkey:params:oauth:token-type:cwt', 'cwt'],
    [key.key, 'api-key', 'urn:ietf:params:oauth:token-type:jwt', 'jwt'],
    [token.token, 'personal-access-token', 'urn:ietf:params:oauth:token-type:jwt', 'jwt'],
  ] as const) {
    const { principal } = await verify(await exchange(from, kind, requested), { api: 'quota' })
    const ofKey = kind === 'api-key'
    assert.match(String(principal?.id), uuid7)
    assert.deepEqual(principal, {
      kind: made,
      id: principal?.id,
      ...(ofKey
        ? {
            subject: key.id,
            organization_id: acme.organization,
            tier: 'pro',
            environment: 'live',
            scopes: ['read'],
            name: 'Key',
          }
        : { ...ofPerson, name: 'Token' }),
      expires_at: '2026-04-01T00:04:30.000Z',
      derived_from: { kind: ofKey ? 'api_key' : 'personal_access_token', id: ofKey ? key.id : token.id },
    })
  }
})

test('limits: every policy with its reset in Unix seconds, rounded up; null where the tier is unlimited', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock(clockStart) })
  const acme = await world(launched)
  const { verify } = await asking(launched, acme)
  const { key } = await acme.key()
  const april = Date.parse('2026-04-01T00:00:00Z') / 1000
  const window = Math.ceil(Date.parse(clockStart) / 1000 + 60)
  assert.deepEqual((await verify(key, { api: 'quota' })).limits, [
    { name: 'month', limit: 10_000, remaining: 9_999, reset: april },
    { name: 'burst', limit: 100, remaining: 99, reset: window },
  ])
  await launched.operate('PATCH', `/organizations/${acme.organization}`, { tier: 'enterprise' })
  assert.deepEqual((await verify(key, { api: 'quota' })).limits, [
    { name: 'month', limit: null, remaining: null, reset: null },
    { name: 'burst', limit: 100, remaining: 98, reset: window },
  ])
})

test('cost is spent whole or not at all; a dry run spends nothing and leaves no last use', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock(clockStart) })
  const acme = await world(launched)
  const { send, verify } = await asking(launched, acme)
  const { id, key } = await acme.key()
  const remaining = async (fields: object) => (await verify(key, { api: 'window', ...fields })).limits?.[0]?.remaining
  assert.equal(await remaining({ cost: 7, dry_run: true }), 10)
  const looked = await verify(key, { api: 'window', cost: 11, dry_run: true })
  assert.deepEqual([looked.valid, looked.code], [false, 'rate_limit_exceeded'])
  assert.equal(await remaining({ cost: 7 }), 3)
  const refused = await verify(key, { api: 'window', cost: 4 })
  assert.deepEqual([refused.valid, refused.code, refused.limits?.[0]?.remaining], [false, 'rate_limit_exceeded', 3])
  assert.equal(refused.principal?.id, id, 'who was refused is known')
  assert.equal(await remaining({ cost: 3 }), 0)
  assert.equal((await verify(key, { api: 'window', cost: 1_000_000 })).code, 'rate_limit_exceeded')
  for (const cost of [0, -1, 1.5, '1', 1_000_001, null])
    assert.equal((await send({ credential: key, api: 'window', cost })).statusCode, 400, String(cost))

  const untouched = await acme.key()
  for (const fields of [{ dry_run: true }, { scopes: ['write', 'admin'] }, { organization_id: 'another' }])
    await verify(untouched.key, { api: 'window', ...fields })
  await launched.app.close()
  const reopened = await launch(t, { file, folder: launched.folder })
  const lastUsed = async (keyId: string) =>
    (await reopened.operate<{ last_used_at: string | null }>('GET', `/api-keys/${keyId}`)).last_used_at
  assert.equal(await lastUsed(untouched.id), null, 'neither a dry run nor a refusal is a use')
  assert.equal(await lastUsed(id), new Date(clockStart).toISOString())
})

test('without an api the default one is meant, and where there is none it must be named', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock(clockStart) })
  const acme = await world(launched)
  const { send } = await asking(launched, acme)
  const { key } = await acme.key()
  assert.equal((await send({ credential: key })).statusCode, 400)
  assert.equal((await send({ credential: key, api: 'none' })).statusCode, 400)
  const other = await launch(t, { file: { ...file, defaultApi: 'window' } })
  const elsewhere = await world(other)
  const asked = await asking(other, elsewhere)
  assert.equal((await asked.verify((await elsewhere.key()).key)).limits?.[0]?.name, 'window')
  const only = await launch(t, { file: { apis: { single: {} } } })
  const lonely = await world(only)
  assert.equal((await (await asking(only, lonely)).verify((await lonely.key()).key)).valid, true)
})

test('items are answered one by one, in their order, each in the same form', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock(clockStart) })
  const acme = await world(launched)
  const { send, verify } = await asking(launched, acme)
  const { key } = await acme.key()
  const items = [
    { credential: key, api: 'window', cost: 6 },
    { credential: 'nonsense', api: 'window' },
    { credential: key, api: 'window', cost: 6 },
    { credential: key, api: 'window', cost: 4 },
    { credential: key, api: 'quota', scopes: ['admin'] },
  ]
  const answer = (await send({ items })).json<{ results: Outcome[] }>()
  assert.deepEqual(Object.keys(answer), ['results'])
  assert.deepEqual(
    answer.results.map(({ code }) => code),
    ['valid', 'invalid_api_key', 'rate_limit_exceeded', 'valid', 'insufficient_scope'],
  )
  const [first, second] = answer.results
  assert.deepEqual(Object.keys(first ?? {}).toSorted(), Object.keys(await verify(key, { api: 'quota' })).toSorted())
  assert.deepEqual(Object.keys(second ?? {}).toSorted(), ['code', 'request_id', 'valid'], 'nobody is known')
  // one item that cannot be read refuses them all before anything is spent
  const { key: fresh } = await acme.key()
  for (const wrong of [{ credential: key, api: 'none' }, { credential: key }, { api: 'window' }, { credential: '' }])
    assert.equal((await send({ items: [{ credential: fresh, api: 'window' }, wrong] })).statusCode, 400)
  assert.equal((await verify(fresh, { api: 'window', dry_run: true })).limits?.[0]?.remaining, 10)
  for (const body of [{}, { items: [] }, { items, credential: key }, { items: Array(1001).fill(items[1]) }])
    assert.equal((await send(body)).statusCode, 400)
  assert.equal((await send({ items: Array(1000).fill(items[1]) })).statusCode, 200)
})

test('each refusal has its code, and only the scope verify asks', async (t) => {
  const clock = stoppedClock(clockStart)
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const other = await world(launched)
  const { verify } = await asking(launched, acme)
  const { key } = await acme.key()
  const ended = await acme.key({ expires_in: 1 })
  const revoked = await acme.key()
  await launched.operate('DELETE', `/api-keys/${revoked.id}`)
  const sandbox = await acme.key({ environment: 'test' })
  const held = await acme.key({ apis: ['window'] })
  const { token } = await acme.token()
  await launched.operate('POST', '/organizations', { name: 'Second', owner: acme.owner })
  clock.advance(1000)
  for (const [credential, fields, code] of [
    ['nonsense', {}, 'invalid_api_key'],
    [`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, {}, 'invalid_api_key'],
    [revoked.key, {}, 'invalid_api_key'],
    [ended.key, {}, 'expired_token'],
    [key, { scopes: ['read', 'admin'] }, 'insufficient_scope'],
    [key, { organization_id: other.organization }, 'organization_forbidden'],
    [sandbox.key, {}, 'environment_mismatch'],
    [held.key, {}, 'forbidden'],
    [token, {}, 'invalid_request'],
  ] as const)
    assert.equal((await verify(credential, { api: 'quota', ...fields })).code, code, JSON.stringify(fields))
  assert.equal((await verify(token, { api: 'quota', organization_id: acme.organization })).valid, true)
  assert.equal((await verify(key, { api: 'quota', ip: '2001:db8::1', organization_id: acme.organization })).valid, true)

  for (const scopes of ['read', 'introspect', 'manage:api-keys']) {
    const { key: without } = await acme.key({ scopes })
    const refused = await launched.ask('POST', '/api/v1/verify', {
      as: without,
      body: { credential: key, api: 'quota' },
    })
    assert.equal(refused.statusCode, 403)
    assert.match(String(refused.headers['www-authenticate']), /error="insufficient_scope", scope="verify"/)
  }
})
