// A request that takes the short way and one that takes the framework's are answered alike: status, fields and body.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'
import { send, serve } from '../gateway/wire.ts'

interface Asked {
  method?: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
}

/** Without what differs from one request to the next: ids, tokens, what is left, the connection. */
const comparable = (status: number, headers: Record<string, unknown>, text: string): unknown => {
  const { connection: _c, 'keep-alive': _k, date: _d, ...fields } = headers
  const names = Object.keys(fields).toSorted((a, b) => (a < b ? -1 : 1))
  return JSON.stringify({ status, headers: names.map((name) => [name, fields[name]]), text })
    .replaceAll(headers['x-request-id'] as string, 'ID')
    .replace(/(?:eyJ|0oR)[\w.-]+/g, 'TOKEN')
    .replace(/remaining\\":\d+/g, 'remaining":N')
    .replace(/(remaining",|;r=)"?\d+/g, '$1N')
    .replace(/"content-length","\d+"/, (length) => (text.includes('remaining') ? 'length' : length))
}

/** Asks over a socket, where the short ways are, and past them; answers the status. */
const askBothWays = async (
  { ask }: Launched,
  port: number,
  { method = 'POST', path, headers, body }: Asked,
): Promise<number> => {
  const all: Record<string, string> = { host: 'localhost', ...headers }
  const given = body !== undefined && { body }
  const direct = await send(port, { method, path, headers: Object.entries(all).flat(), ...given })
  const framework = await ask(method, path, { headers: all, ...given })
  assert.deepEqual(
    comparable(direct.status, direct.headers, direct.body),
    comparable(framework.statusCode, framework.headers, framework.body),
    JSON.stringify({ method, path, headers, body }),
  )
  return direct.status
}

test('verify answers alike by both ways', async (t) => {
  const now = stoppedClock('2026-05-05T10:00:00Z')
  const launched = await launch(t, { now })
  const acme = await world(launched)
  const other = await world(launched)
  await launched.operate('POST', `/organizations/${other.organization}/members`, {
    user_id: acme.owner,
    role: 'viewer',
  })
  const [caller, plain, held, revoked] = [
    await acme.key({ scopes: 'verify' }),
    await acme.key(),
    await acme.key({ scopes: 'verify', apis: ['smoxy'] }),
    await acme.key(),
  ]
  await launched.operate('DELETE', `/api-keys/${revoked.id}`)
  const token = await acme.token()
  const port = await serve(t, launched)
  const credential = plain.key
  const bodies = [
    { credential, api: 'multi' },
    { credential, api: 'smally' },
    { credential, api: 'smally', cost: 999_999 },
    { credential, api: 'smally', dry_run: true, scopes: ['read'], ip: '192.0.2.1', organization_id: acme.organization },
    { credential, api: 'smally', organization_id: other.organization },
    { credential, api: 'multi', scopes: ['nothing'] },
    { credential: token.token, api: 'smoxy' },
    { credential: token.token, api: 'smoxy', organization_id: other.organization },
    { credential: revoked.key, api: 'multi' },
    { credential: `${plain.key.slice(0, -1)}x`, api: 'multi' },
    { credential: 'x'.repeat(8193), api: 'multi' },
    { credential },
    { credential, api: 'nowhere' },
    { credential, api: 'multi', more: 1 },
    { credential: 1 },
    { items: [{ credential, api: 'multi' }] },
    { credential, items: [] },
    {},
    [],
    null,
    '{"credential":',
    '{"__proto__":1,"credential":"x"}',
    '\ufeff{"credential":"x","api":"multi"}',
    '',
  ].map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  const json = { 'content-type': 'application/json' }
  const cases: { headers: Record<string, string>; body: string }[] = [
    ...bodies.map((text) => ({ headers: { ...json, authorization: `Bearer ${caller.key}` }, body: text })),
    ...[
      {},
      { authorization: 'Bearer x' },
      { authorization: `Bearer ${plain.key}` },
      { authorization: `Bearer ${held.key}` },
      { authorization: `Bearer ${token.token}` },
      { authorization: `Bearer ${revoked.key}` },
      { authorization: `Bearer ${caller.key}`, origin: 'https://elsewhere.test' },
      { authorization: `Bearer ${caller.key}`, host: '127.0.0.1' },
      { authorization: `Bearer ${caller.key}`, host: 'elsewhere.test' },
      { authorization: `Bearer ${caller.key}`, 'content-type': 'application/json; charset=utf-8' },
      { authorization: `Bearer ${caller.key}`, 'content-type': 'text/json' },
    ].map((headers) => ({ headers: { ...json, ...(headers as Record<string, string>) }, body: bodies[0] as string })),
  ]
  const statuses = new Set<number>()
  for (const { headers, body } of cases)
    statuses.add(await askBothWays(launched, port, { path: '/api/v1/verify', headers, body }))
  assert.deepEqual(
    [...statuses].toSorted((a, b) => a - b),
    [200, 400, 401, 403, 421],
  )
})

test('forward-auth answers alike by both ways', async (t) => {
  const launched = await launch(t, { now: stoppedClock('2026-05-05T10:00:00Z') })
  const acme = await world(launched)
  const [live, revoked] = [await acme.key(), await acme.key()]
  const [tested, token] = [await acme.key({ environment: 'test' }), await acme.token()]
  await launched.operate('DELETE', `/api-keys/${revoked.id}`)
  const port = await serve(t, launched)
  const as = (credential: string) => ({ authorization: `Bearer ${credential}` })
  const described = {
    'x-forwarded-method': 'GET',
    'x-forwarded-host': 'api.multi.localhost',
    'x-forwarded-uri': '/v1/users?a=b',
  }
  const cases: { path: string; headers: Record<string, string> }[] = [
    { path: '/forward-auth?api=multi', headers: as(live.key) },
    { path: '/forward-auth?api=multi', headers: as(tested.key) },
    { path: '/forward-auth?api=multi', headers: as(revoked.key) },
    { path: '/forward-auth?api=multi', headers: {} },
    { path: '/forward-auth?api=smoxy', headers: { 'x-api-token': token.token } },
    { path: '/forward-auth?api=smoxy', headers: { 'x-api-token': token.token, ...as(token.token) } },
    { path: '/forward-auth?api=smally&deny=403', headers: as(token.token) },
    { path: '/forward-auth?api=smally', headers: as(live.key) },
    { path: '/forward-auth?api=nowhere', headers: as(live.key) },
    { path: '/forward-auth?api=multi&api=smoxy', headers: as(live.key) },
    { path: '/forward-auth?api=multi&deny=200', headers: as(live.key) },
    { path: '/forward-auth', headers: as(live.key) },
    { path: '/forward-auth', headers: { ...as(live.key), ...described } },
    { path: '/forward-auth', headers: { ...as(live.key), 'x-original-url': 'http://api.multi.localhost/v1/users' } },
    { path: '/forward-auth', headers: { ...as(live.key), ...described, 'x-forwarded-uri': '/v1/../users' } },
    { path: '/forward-auth', headers: { ...as(live.key), ...described, 'x-forwarded-host': 'nowhere.test' } },
    { path: '/forward-auth/v1/users', headers: { ...as(live.key), host: 'api.multi.localhost' } },
    { path: '/forward-auth?api=multi', headers: { ...as(live.key), host: 'a b' } },
    { path: '/forward-auth?api=multi', headers: { ...as(live.key), host: 'elsewhere.test' } },
  ]
  const statuses = new Set<number>()
  for (const asked of cases) statuses.add(await askBothWays(launched, port, { method: 'GET', ...asked }))
  assert.deepEqual(
    [...statuses].toSorted((a, b) => a - b),
    [200, 400, 401, 403],
  )
})

test('the token endpoint answers alike by both ways', async (t) => {
  const launched = await launch(t, { now: stoppedClock('2026-05-05T10:00:00Z') })
  const acme = await world(launched)
  const { client_id, client_secret } = await acme.client()
  const { key } = await acme.key()
  const port = await serve(t, launched)
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString()
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const grant = { grant_type: 'client_credentials' }
  const multi = { host: 'auth.multi.localhost' }
  const cases: { path?: string; headers?: Record<string, string>; body: string }[] = [
    { headers: { ...multi, ...basic(client_id, client_secret) }, body: form(grant) },
    { headers: multi, body: form({ ...grant, client_id, client_secret }) },
    { headers: { host: 'auth.smoo.localhost' }, body: form({ ...grant, client_id, client_secret }), path: '/token' },
    { headers: { ...multi, ...basic(client_id, 'wrong') }, body: form(grant) },
    { headers: { ...multi, ...basic(client_id, client_secret) }, body: form({ ...grant, client_id, client_secret }) },
    { headers: multi, body: form({ ...grant, client_id, client_secret, scope: 'nothing' }) },
    { headers: multi, body: form({ ...grant, client_id }) },
    { headers: multi, body: form(grant) },
    { headers: multi, body: form({ grant_type: 'password' }) },
    { headers: multi, body: 'grant_type=a&grant_type=b' },
    { headers: multi, body: '%' },
    { headers: multi, body: '' },
    { headers: multi, body: `a=${'x'.repeat(20_000)}` },
    { headers: { ...multi, 'content-type': 'application/json' }, body: '{}' },
    { headers: multi, path: '/oauth/token?client_id=x', body: form({ ...grant, client_id, client_secret }) },
    { headers: { host: 'elsewhere.test' }, body: form({ ...grant, client_id, client_secret }) },
    {
      body: form({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: key,
        subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
        requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
        audience: 'smally',
      }),
    },
  ]
  const statuses = new Set<number>()
  for (const { path = '/oauth/token', headers = {}, body } of cases)
    statuses.add(await askBothWays(launched, port, { path, headers: { ...type, ...headers }, body }))
  assert.deepEqual(
    [...statuses].toSorted((a, b) => a - b),
    [200, 400, 401, 413, 421],
  )
})

test('the introspection endpoint answers alike by both ways', async (t) => {
  const launched = await launch(t, { now: stoppedClock('2026-05-05T10:00:00Z') })
  const acme = await world(launched)
  const { client_id, client_secret } = await acme.client({ apis: ['multi'] })
  const [{ key }, { key: asking }] = [await acme.key(), await acme.key({ scopes: 'introspect' })]
  const port = await serve(t, launched)
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString()
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const basic = { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` }
  const cases: { path?: string; headers?: Record<string, string>; body: string }[] = [
    { headers: basic, body: form({ token: key }) },
    {
      headers: { ...basic, host: 'auth.multi.localhost' },
      body: form({ token: key, token_type_hint: 'access_token' }),
    },
    { headers: { authorization: `Bearer ${asking}` }, body: form({ token: key }) },
    { headers: { authorization: `Bearer ${key}` }, body: form({ token: key }) },
    { headers: { authorization: 'Bearer x' }, body: form({ token: key }) },
    { headers: basic, body: form({ token: 'unknown' }) },
    { headers: basic, body: 'token=a&token=b' },
    { headers: basic, body: '' },
    { headers: { ...basic, 'content-type': 'application/json' }, body: '{}' },
    { headers: basic, body: form({ token: key }), path: '/oauth/introspect?a=b' },
    { headers: { ...basic, host: 'elsewhere.test' }, body: form({ token: key }) },
    { body: form({ token: key, client_id, client_secret }) },
    { body: form({ token: key, client_id, client_secret: 'wrong' }) },
    { body: form({ token: key }) },
  ]
  const statuses = new Set<number>()
  for (const { path = '/oauth/introspect', headers = {}, body } of cases)
    statuses.add(await askBothWays(launched, port, { path, headers: { ...type, ...headers }, body }))
  assert.deepEqual(
    [...statuses].toSorted((a, b) => a - b),
    [200, 400, 401, 421],
  )
})
