// RFC 7662: what a token is, told to those whom it concerns. Everything else is `{"active": false}`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT, decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { makeSecret } from '../../src/credentials/format.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowed } from './allowed.ts'

const file: LatchkeyConfig = {
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      environments: ['live', 'test'],
      authorizationHosts: ['auth.orders.localhost'],
      limits: [{ name: 'burst', per: 'credential', limit: 2, period: 60 }],
    },
    stock: { audience: 'https://stock.example.com', token: { algorithm: 'HS256', type: 'JWT' } },
    quota: {
      audience: 'https://quota.example.com',
      limits: [{ name: 'month', per: 'organization', limit: 10, period: 'month' }],
    },
    zones: {
      audience: 'https://zones.example.com',
      profile: 'smoxy',
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://example.com/change' },
    },
  },
}

const inactive = '{"active":false}'

test('introspection', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const { ask, operate, config } = launched
  const acme = await world(launched, 'pro')
  const server = await acme.client({ apis: ['orders'] })
  const stockServer = await acme.client({ apis: ['stock'] })
  const client = await acme.client({
    redirect_uris: ['https://app.example.com/cb'],
    grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  })
  const basic = ({ client_id, client_secret }: { client_id: string; client_secret: string }) => ({
    authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
  })
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  const raw = (token: string, headers: Record<string, string>, more: Record<string, string> = {}, host = 'localhost') =>
    ask('POST', '/oauth/introspect', { form: { token, ...more }, headers, host })
  const told = async (...asked: Parameters<typeof raw>) => {
    const answer = await raw(...asked)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<Record<string, unknown>>()
  }
  const untold = async (...asked: Parameters<typeof raw>) => {
    const answer = await raw(...asked)
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.body, inactive)
  }
  const token = async (form: Record<string, string>) => {
    const answer = await ask('POST', '/oauth/token', { form })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  const own = (api: string, scope = 'read') =>
    token({
      grant_type: 'client_credentials',
      client_id: client.client_id,
      client_secret: client.client_secret,
      resource: `https://${api}.example.com`,
      scope,
    })
  const exchanged = (key: string, type: 'jwt' | 'cwt') =>
    token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      requested_token_type:
        type === 'jwt' ? 'urn:ietf:params:oauth:token-type:jwt' : 'urn:latchkey:params:oauth:token-type:cwt',
      audience: 'orders',
    })
  const now = () => clock() / 1000
  const common = {
    active: true,
    aud: 'https://orders.example.com',
    iss: config.issuer,
    iat: now(),
    org_id: acme.organization,
    tier: 'pro',
    env: 'live',
    token_type: 'Bearer',
  }

  await t.test('§2.2 a client’s access token', async () => {
    const { jti, ...answer } = await told(await own('orders'), basic(server), { token_type_hint: 'refresh_token' })
    assert.match(String(jti), /^[0-9a-f-]{36}$/)
    assert.deepEqual(answer, {
      ...common,
      scope: 'read',
      client_id: client.client_id,
      sub: client.client_id,
      exp: now() + 3600,
      kind: 'oauth_token',
    })
  })

  await t.test('one that a person allowed, with the person’s present rights', async () => {
    const { access_token } = await allowed(
      launched,
      { client, userId: acme.owner, organizationId: acme.organization, api: 'orders', scope: 'read write' },
      clock(),
    )
    const answer = await told(access_token, basic(server))
    assert.equal(answer.sub, acme.owner)
    assert.equal(answer.scope, 'read write')
    await operate('PATCH', `/users/${acme.owner}`, { suspended: true })
    await untold(access_token, basic(server))
    await operate('PATCH', `/users/${acme.owner}`, { suspended: false })
    assert.equal((await told(access_token, basic(server))).active, true)
  })

  await t.test('an API key, and the JWT and CWT made from it', async () => {
    const { id, key } = await acme.key({ scopes: 'read', expires_in: 90 * 86_400 })
    const answer = { ...common, scope: 'read' }
    assert.deepEqual(await told(key, basic(server)), {
      ...answer,
      sub: id,
      jti: id,
      exp: now() + 90 * 86_400,
      kind: 'api_key',
    })
    for (const kind of ['jwt', 'cwt'] as const) {
      const { jti, ...made } = await told(await exchanged(key, kind), basic(server))
      assert.notEqual(jti, id)
      assert.deepEqual(made, { ...answer, sub: id, exp: now() + 300, kind })
    }
  })

  await t.test('a personal access token, at an API with a header of its own too; a key without end', async () => {
    const { id, token: personal } = await acme.token()
    assert.deepEqual(await told(personal, basic(server)), {
      ...common,
      scope: 'read write',
      sub: acme.owner,
      jti: id,
      kind: 'personal_access_token',
    })
    const { token_type, ...rest } = await told(personal, basic(await acme.client({ apis: ['zones'] })))
    assert.equal(token_type, undefined)
    assert.equal(rest.aud, 'https://zones.example.com')
  })

  await t.test('a token that must yet name the organization is good', async () => {
    const second = await operate<{ id: string }>('POST', '/organizations', { name: 'Second', owner: acme.owner })
    const { token: personal } = await acme.token()
    const answer = await told(personal, basic(await acme.client({ apis: ['quota'] })))
    assert.deepEqual([answer.active, answer.org_id], [true, undefined])
    await operate('DELETE', `/organizations/${second.id}`)
  })

  await t.test('RFC 9449 §6.2 a bound token is told with its key, though no proof of it is there', async () => {
    const { secret } = await operate<{ secret: string }>('POST', '/signing-keys/export', { api: 'stock' })
    const jkt = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
    const bound = await new SignJWT({ ...decodeJwt(await own('stock')), cnf: { jkt } })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(Buffer.from(secret, 'base64url'))
    const { active, cnf, token_type } = await told(bound, basic(stockServer))
    assert.deepEqual({ active, cnf, token_type }, { active: true, cnf: { jkt }, token_type: 'DPoP' })
    const { valid } = await operate<{ valid: boolean }>('POST', '/verify', { credential: bound, api: 'stock' })
    assert.equal(valid, false, 'it opens nothing without the proof')
  })

  await t.test('§4 a caller sees tokens for its own APIs alone, and what was issued to it', async () => {
    const [forOrders, forStock] = [await own('orders'), await own('stock')]
    assert.equal((await told(forStock, basic(stockServer))).active, true)
    await untold(forStock, basic(server))
    await untold(forOrders, basic(stockServer))
    const stranger = await (await world(launched)).client()
    for (const presented of [forOrders, forStock]) {
      assert.equal((await told(presented, basic(client))).active, true, 'its own, though it serves no API')
      await untold(presented, basic(stranger))
    }
    const { key } = await acme.key({ apis: ['stock'] })
    assert.equal((await told(key, basic(stockServer))).active, true)
    await untold(key, basic(server))
    await untold(key, basic(client))
  })

  await t.test('refresh tokens are told to their own client', async () => {
    const { refresh_token = '' } = await allowed(
      launched,
      { client, userId: acme.owner, organizationId: acme.organization, api: 'orders', scope: 'read offline_access' },
      clock(),
    )
    const { exp, ...answer } = await told(refresh_token, basic(client), { token_type_hint: 'access_token' })
    assert.equal(exp, now() + 30 * 86_400)
    const { token_type: _, tier: __, ...expected } = common
    assert.deepEqual(answer, {
      ...expected,
      scope: 'read offline_access',
      client_id: client.client_id,
      sub: acme.owner,
      kind: 'refresh_token',
    })
    await untold(refresh_token, basic(server))
    const refreshed = await ask('POST', '/oauth/token', {
      form: {
        grant_type: 'refresh_token',
        refresh_token,
        client_id: client.client_id,
        client_secret: client.client_secret,
      },
    })
    const { refresh_token: next } = refreshed.json<{ refresh_token: string }>()
    await untold(refresh_token, basic(client))
    assert.equal((await told(next, basic(client))).active, true)
    await ask('POST', '/oauth/revoke', {
      form: { token: next, client_id: client.client_id, client_secret: client.client_secret },
    })
    await untold(next, basic(client))
  })

  await t.test('an API key with the scope introspect sees the APIs that it is held to, an unheld one all', async () => {
    const access = [await own('orders'), await own('stock')] as const
    const { key: all } = await acme.key({ scopes: 'introspect' })
    for (const presented of access) assert.equal((await told(presented, bearer(all))).active, true)
    const { key: held } = await acme.key({ scopes: 'introspect', apis: ['orders'] })
    assert.equal((await told(access[0], bearer(held))).active, true)
    await untold(access[1], bearer(held))
    assert.equal((await told((await acme.key()).key, bearer(held))).active, true)
    await untold(makeSecret('rt_'), bearer(all))
  })

  await t.test('§2.2 unknown, malformed, forged, expired and revoked look alike', async () => {
    const access = await own('orders')
    const [header, claims] = access.split('.') as [string, string]
    const { id, key } = await acme.key()
    await operate('DELETE', `/api-keys/${id}`)
    const { client_secret, ...ended } = await acme.client({ apis: ['orders'] })
    const ofEnded = await token({ grant_type: 'client_credentials', client_id: ended.client_id, client_secret })
    await operate('DELETE', `/clients/${ended.client_id}`)
    for (const presented of [
      'x',
      'rt_x',
      'ac_x',
      `sk_${'0'.repeat(64)}`,
      key,
      ofEnded,
      `${header}.${claims}.AAAA`,
      'eyJ.eyJ.',
      '0oRDoQEmoFjx',
      'eyJ'.padEnd(9000, 'x'),
      'é',
    ])
      await untold(presented, basic(server))
    await ask('POST', '/oauth/revoke', {
      form: { token: access, client_id: client.client_id, client_secret: client.client_secret },
    })
    await untold(access, basic(server))
    const short = await exchanged((await acme.key()).key, 'cwt')
    clock.advance(300_000)
    await untold(short, basic(server))
  })

  await t.test('it spends no limit, and a token whose limit is used up is active all the same', async () => {
    const { key } = await acme.key()
    const verify = async () =>
      (await operate<{ code: string }>('POST', '/verify', { credential: key, api: 'orders' })).code
    for (let i = 0; i < 5; i++) assert.equal((await told(key, basic(server))).active, true)
    assert.deepEqual([await verify(), await verify(), await verify()], ['valid', 'valid', 'rate_limit_exceeded'])
    assert.equal((await told(key, basic(server))).active, true)
  })

  await t.test('on a host that is an alias, its API is the first', async () => {
    const { key } = await acme.key({ scopes: 'read introspect' })
    const { key: asked } = await acme.key()
    assert.equal((await told(asked, bearer(key), {}, 'auth.orders.localhost')).aud, 'https://orders.example.com')
  })

  await t.test('§2.3 a caller who does not prove itself is told nothing', async () => {
    const access = await own('orders')
    const spa = await acme.client({ public: true, redirect_uris: ['https://spa.example.com/cb'] })
    for (const form of [{}, { client_id: spa.client_id }, { client_id: server.client_id, client_secret: 'cs_x' }]) {
      const answer = await raw(access, {}, form as Record<string, string>)
      assert.equal(answer.statusCode, 401)
      assert.equal(answer.json<{ error: string }>().error, 'invalid_client')
    }
    const { key } = await acme.key()
    for (const [credential, error] of [
      [key, 'insufficient_scope'],
      [(await acme.token()).token, 'insufficient_scope'],
      [`sk_${'0'.repeat(64)}`, 'invalid_token'],
      [(await acme.key({ apis: ['orders'] })).key, 'invalid_token'],
      [access, 'invalid_token'],
    ] as const) {
      const answer = await raw(access, bearer(credential))
      assert.equal(answer.statusCode, 401, credential)
      assert.match(String(answer.headers['www-authenticate']), new RegExp(`^Bearer realm="latchkey", error="${error}"`))
    }
    const { key: asking } = await acme.key({ scopes: 'introspect' })
    assert.equal((await raw(access, bearer(asking), { client_id: server.client_id })).statusCode, 400)
  })

  await t.test('the form: POST alone, the token once, never from a query', async () => {
    const form = { ...basic(server), 'content-type': 'application/x-www-form-urlencoded' }
    for (const body of [
      'token=a&token=b',
      'token_type_hint=access_token',
      'token=a&token_type_hint=x&token_type_hint=y',
    ])
      assert.equal((await ask('POST', '/oauth/introspect?token=a', { headers: form, body })).statusCode, 400, body)
    for (const method of ['GET', 'PUT', 'OPTIONS']) {
      const answer = await ask(method, '/oauth/introspect?token=a', { headers: { origin: 'https://x.example' } })
      assert.equal(answer.statusCode, 405)
      assert.equal(answer.headers['access-control-allow-credentials'], undefined)
    }
    assert.equal((await raw('x', basic(server))).headers['cache-control'], 'no-store')
  })

  await t.test('a strict client understands the answer', async () => {
    const as: oauth.AuthorizationServer = {
      issuer: config.issuer,
      introspection_endpoint: `${config.issuer}/oauth/introspect`,
    }
    const it: oauth.Client = { client_id: server.client_id }
    const response = await oauth.introspectionRequest(
      as,
      it,
      oauth.ClientSecretBasic(server.client_secret),
      await own('orders'),
      {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: async (url, { method, headers, body }) => {
          const answer = await ask(method, new URL(url).pathname, {
            headers,
            body: String(body),
          })
          return new Response(answer.body, {
            status: answer.statusCode,
            headers: { 'content-type': String(answer.headers['content-type']) },
          })
        },
      },
    )
    assert.equal((await oauth.processIntrospectionResponse(as, it, response)).active, true)
  })
})
