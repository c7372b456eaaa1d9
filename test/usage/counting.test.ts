// What is counted, for whom, and how it is told: through the front door, on a real store.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'

const file = {
  apis: {
    zones: {
      hosts: ['zones.test'],
      upstream: { live: 'echo', test: 'echo' },
      scopes: { read: 'Read', write: 'Write' },
      requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
      accepts: ['api_key', 'personal_access_token', 'oauth_token', 'jwt', 'cwt'] as const,
      limits: [{ name: 'window', per: 'credential' as const, limit: 5, period: 60 }],
    },
    open: { hosts: ['open.test'], upstream: 'echo' as const, limits: [] },
  },
} as const

const start = '2026-05-05T10:20:00Z'

interface Series {
  starts: string[]
  series: { id: string | null; name: string | null; user_name: string | null; allowed: number[]; denied: number[] }[]
  allowed: number
  denied: number
}

const open = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock(start)
  const launched = await launch(t, { file: file as never, now: clock })
  const acme = await world(launched)
  const call = (as: string, method = 'GET', host = 'zones.test', path = '/') =>
    launched.ask(method, path, { host, as, headers: { 'user-agent': 'curl/8.5.0' } })
  const series = async (query = '', path = `/organizations/${acme.organization}`) => {
    await launched.app.writeUse()
    return launched.operate<Series>('GET', `${path}/usage/series${query}`)
  }
  return { ...launched, clock, acme, call, series }
}

const totals = ({ series }: Series): Record<string, [number, number]> =>
  Object.fromEntries(
    series.map(({ id, allowed, denied }) => [
      String(id),
      [allowed.reduce((a, b) => a + b, 0), denied.reduce((a, b) => a + b, 0)],
    ]),
  )

test('requests are told by code, API and credential, in the hour and the day that they came in', async (t) => {
  const { acme, call, series, clock } = await open(t)
  const one = await acme.key({ name: 'One', scopes: 'read' })
  const other = await acme.key({ name: 'Other' })
  for (let i = 0; i < 7; i++) await call(one.key)
  await call(one.key, 'DELETE')
  await call(other.key, 'GET', 'open.test')
  clock.advance(3_600_000)
  await call(other.key)
  const byCode = await series()
  assert.deepEqual(totals(byCode), { valid: [7, 0], rate_limit_exceeded: [0, 2], insufficient_scope: [0, 1] })
  assert.deepEqual([byCode.allowed, byCode.denied], [7, 3])
  assert.deepEqual(byCode.starts.slice(-2), ['2026-05-05T10:00:00.000Z', '2026-05-05T11:00:00.000Z'])
  assert.equal(byCode.starts.length, 25)
  assert.deepEqual(byCode.series[0]?.allowed.slice(-2), [6, 1])
  assert.deepEqual(totals(await series('?by=api')), { zones: [6, 3], open: [1, 0] })
  const byKey = await series('?by=credential')
  assert.deepEqual(totals(byKey), { [one.id]: [5, 3], [other.id]: [2, 0] })
  assert.deepEqual(
    byKey.series.map(({ name }) => name),
    ['One', 'Other'],
  )
  assert.deepEqual(totals(await series(`?credential_id=${other.id}&by=api`)), { zones: [1, 0], open: [1, 0] })
  assert.deepEqual(totals(await series('?api=open')), { valid: [1, 0] })
  assert.deepEqual(totals(await series('?environment=test')), {})
  const byDay = await series('?width=day&from=2026-05-01T00:00:00Z')
  assert.deepEqual(byDay.starts.at(-1), '2026-05-05T00:00:00.000Z')
  assert.deepEqual(byDay.series[0]?.allowed, [0, 0, 0, 0, 7])
})

test('of many credentials the busiest are told apart, the others together', async (t) => {
  const { acme, call, series } = await open(t)
  const keys = await Promise.all(Array.from({ length: 11 }, (_, index) => acme.key({ name: `Key ${index}` })))
  for (const [index, { key }] of keys.entries())
    for (let i = 0; i <= (index > 2 ? 1 : 0); i++) await call(key, 'GET', 'open.test')
  const told = await series('?by=credential')
  assert.equal(told.series.length, 9)
  assert.deepEqual([told.series.at(-1)?.id, totals(told).null], [null, [3, 0]])
  assert.equal(told.allowed, 19)
})

test('a span that is too long, turned round or no time is refused', async (t) => {
  const { acme, ask } = await open(t)
  const { token } = await acme.token()
  for (const query of [
    'from=2026-05-01T00:00:00Z&to=2026-04-01T00:00:00Z',
    'from=2026-04-01T00:00:00Z',
    'from=2020-01-01T00:00:00Z&width=day',
    'from=2026-02-31T00:00:00Z',
    'from=yesterday',
    'width=minute',
    'by=colour',
  ])
    assert.equal(
      (await ask('GET', `/api/v1/organizations/${acme.organization}/usage/series?${query}`, { as: token })).statusCode,
      400,
      query,
    )
})

test('what is asked without a request of a holder counts nothing: dry runs, explanations, introspection', async (t) => {
  const { acme, operate, series } = await open(t)
  const { key } = await acme.key()
  await operate('POST', '/verify', { credential: key, api: 'zones', dry_run: true })
  await operate('POST', '/explain', { credential: key, api: 'zones' })
  assert.deepEqual(totals(await series()), {})
  await operate('POST', '/verify', { credential: key, api: 'zones' })
  assert.deepEqual(totals(await series()), { valid: [1, 0] })
})

test('a revoked or expired credential, a deleted client’s token and one at the wrong API are counted for those whose they are', async (t) => {
  const { acme, call, operate, ask, series, clock, config } = await open(t)
  const revoked = await acme.key({ name: 'Revoked' })
  const expired = await acme.key({ name: 'Expired', expires_in: 1 })
  const client = await acme.client()
  const { access_token: token } = (
    await ask('POST', '/oauth/token', {
      form: {
        grant_type: 'client_credentials',
        client_id: client.client_id,
        client_secret: client.client_secret,
        resource: config.apis.get('zones')?.audience ?? '',
      },
    })
  ).json<{ access_token: string }>()
  const good = await call(token)
  await operate('DELETE', `/api-keys/${revoked.id}`)
  await operate('DELETE', `/clients/${client.client_id}`)
  clock.advance(2_000)
  for (const [credential, code] of [
    [revoked.key, 'invalid_api_key'],
    [expired.key, 'expired_token'],
    [token, 'invalid_api_key'],
    [`${revoked.key.slice(0, -1)}x`, 'invalid_api_key'],
    ['nonsense', 'invalid_api_key'],
  ] as const) {
    const { statusCode, body } = await call(credential)
    assert.equal(statusCode, 401)
    assert.ok(body.includes(code) && !body.includes(acme.organization), body)
  }
  const denied = Object.entries(totals(await series('?by=credential')))
  assert.equal(good.statusCode, 200, good.body)
  assert.deepEqual(Object.fromEntries(denied), {
    [revoked.id]: [0, 1],
    [expired.id]: [0, 1],
    [client.client_id]: [1, 1],
  })
  const { data } = await operate<{ data: { code: string; credential_id: null }[] }>('GET', '/decisions')
  assert.deepEqual(
    data.map(({ code, credential_id }) => [code, credential_id]),
    [
      ['invalid_api_key', null],
      ['invalid_api_key', null],
    ],
  )
})

test('what a person’s token does for no organization in particular is the person’s own', async (t) => {
  const { acme, call, operate, series, app, ask } = await open(t)
  await operate('POST', '/organizations', { name: 'Second', owner: acme.owner })
  const { id, token } = await acme.token({ name: 'Mine' })
  await call(token, 'GET', 'open.test')
  assert.deepEqual(totals(await series()), {})
  const get = async <T>(path: string) => (await ask('GET', `/api/v1/account${path}`, { as: token })).json<T>()
  await app.writeUse()
  const told = await get<Series>('/usage/series?by=credential&api=open')
  assert.deepEqual(totals(told), { [id]: [1, 0] })
  assert.equal(told.series[0]?.name, 'Mine')
  const { data } = await get<{ data: { id: string; api: string; credential_name: string }[] }>('/decisions?api=open')
  assert.deepEqual(
    data.map(({ api, credential_name }) => [api, credential_name]),
    [['open', 'Mine']],
  )
  const { present } = await get<{ present: { state: string } }>(`/decisions/${data[0]?.id}`)
  assert.equal(present.state, 'active')
})

test('who used a credential, from where, with what and for what; what looks like a secret or an id is left out', async (t) => {
  const { acme, operate, ask, app, clock } = await open(t)
  const { id, key } = await acme.key()
  const use = async () => {
    await app.writeUse()
    return operate('GET', `/organizations/${acme.organization}/api-keys/${id}/use`)
  }
  const never = { last_used_at: null, calls_24h: 0, denied_24h: 0, networks: [], agents: [], endpoints: [] }
  assert.deepEqual(await use(), never)
  const call = (path: string, ip: string, agent: string, method = 'GET') =>
    ask(method, path, { host: 'open.test', as: key, headers: { 'x-forwarded-for': ip, 'user-agent': agent } })
  await call('/v1/zones/77/records?token=sk_abc', '203.0.113.9', 'curl/8.5.0')
  clock.advance(60_000)
  await call(
    '/v1/zones',
    '203.0.113.200',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
  )
  await call(`/keys/${key}`, '2001:db8:1:2::3', `${key}/1.0`, 'DELETE')
  await call('/users/0198c0de-0000-7000-8000-000000000001', '2001:db8:1:ffff::3', '', 'PROPFIND')
  const told = await use()
  const first = '2026-05-05T10:20:00.000Z'
  const then = '2026-05-05T10:21:00.000Z'
  assert.deepEqual(
    { ...told },
    {
      last_used_at: then,
      calls_24h: 4,
      denied_24h: 0,
      networks: [
        { value: '2001:db8:1::/48', first_at: then, last_at: then, count: 2 },
        { value: '203.0.113.0/24', first_at: first, last_at: then, count: 2 },
      ],
      agents: [
        { value: 'Chrome 140', first_at: then, last_at: then, count: 1 },
        { value: 'unreadable', first_at: then, last_at: then, count: 1 },
        { value: 'curl/8.5.0', first_at: first, last_at: first, count: 1 },
      ],
      endpoints: [
        { value: 'open DELETE /keys/:id', first_at: then, last_at: then, count: 1 },
        { value: 'open GET /v1/zones', first_at: first, last_at: then, count: 2 },
        { value: 'open OTHER /users/:id', first_at: then, last_at: then, count: 1 },
      ],
    },
  )
  const { data } = await operate<{ data: { path: string; user_agent: string }[] }>(
    'GET',
    `/organizations/${acme.organization}/decisions`,
  )
  assert.deepEqual(
    data
      .map(({ path, user_agent }) => [path, user_agent])
      .toReversed()
      .slice(0, 3),
    [
      ['/v1/zones/77/records', 'curl/8.5.0'],
      ['/v1/zones', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36'],
      ['/keys/…', '…'],
    ],
  )
  await operate('DELETE', `/api-keys/${id}`)
  await call('/v1/zones', '203.0.113.9', 'curl/8.5.0')
  clock.advance(26 * 3_600_000)
  assert.equal(((await use()) as { denied_24h: number }).denied_24h, 0, 'a day later')
})

const explained = async ({ operate, app }: Launched, organization: string) => {
  await app.writeUse()
  const { data } = await operate<{ data: { id: string; code: string }[] }>(
    'GET',
    `/organizations/${organization}/decisions`,
  )
  return operate<{
    code: string
    checks: { check: string; outcome: string; detail?: string }[]
    next: string | null
    present: { state: string; text: string; limits: { remaining: number }[] } | null
  }>('GET', `/organizations/${organization}/decisions/${data[0]?.id}`)
}

test('a refusal is explained check by check, with what to do and how the credential stands now', async (t) => {
  const opened = await open(t)
  const { acme, call, operate, clock } = opened
  const { id, key } = await acme.key({ scopes: 'read' })
  await call(key, 'DELETE')
  const scope = await explained(opened, acme.organization)
  assert.deepEqual(
    scope.checks.map(({ check, outcome }) => `${check} ${outcome}`),
    [
      'format passed',
      'look-up passed',
      'expiry passed',
      'status passed',
      'environment passed',
      'api passed',
      'network passed',
      'organization passed',
      'scope failed',
      'limit not_reached',
    ],
  )
  assert.match(scope.checks.find(({ check }) => check === 'scope')?.detail ?? '', /lacks write/)
  assert.match(scope.next ?? '', /scope/)
  assert.deepEqual([scope.present?.state, scope.present?.limits], ['active', []])

  for (let i = 0; i < 6; i++) await call(key)
  const limit = await explained(opened, acme.organization)
  assert.equal(limit.checks.at(-1)?.outcome, 'failed')
  assert.equal(limit.present?.limits[0]?.remaining, 0)
  clock.advance(60_000)
  assert.equal((await explained(opened, acme.organization)).present?.limits[0]?.remaining, 5, 'the window is over')

  await operate('DELETE', `/api-keys/${id}`)
  clock.advance(1_000)
  await call(key)
  const revoked = await explained(opened, acme.organization)
  assert.deepEqual(
    [revoked.code, revoked.checks.find(({ outcome }) => outcome === 'failed')?.check, revoked.present?.state],
    ['invalid_api_key', 'status', 'revoked'],
  )
  assert.match(revoked.present?.text ?? '', /still revoked, since 2026-05-05T10:21:00/)
})

test('one organization’s requests are not another’s, by list, by id and by use', async (t) => {
  const { acme, call, operate, ask, app } = await open(t)
  const other = await world({ operate })
  const { id, key } = await acme.key()
  await call(key)
  await app.writeUse()
  const path = `/organizations/${acme.organization}/decisions`
  const [decision] = (await operate<{ data: { id: string }[] }>('GET', path)).data
  const { token } = await other.token()
  for (const [place, status] of [
    [path, 403],
    [`${path}/${decision?.id}`, 403],
    [`/organizations/${acme.organization}/usage/series`, 403],
    [`/organizations/${acme.organization}/api-keys/${id}/use`, 403],
    [`/organizations/${other.organization}/decisions/${decision?.id}`, 404],
    [`/organizations/${other.organization}/api-keys/${id}/use`, 404],
    [`/account/decisions/${decision?.id}`, 404],
    [`/decisions/${decision?.id}`, 403],
  ] as const)
    assert.equal((await ask('GET', `/api/v1${place}`, { as: token })).statusCode, status, place)
  const told = (
    await ask('GET', `/api/v1/organizations/${other.organization}/usage/series?credential_id=${id}`, { as: token })
  ).json<Series>()
  assert.deepEqual(totals(told), {})
})
