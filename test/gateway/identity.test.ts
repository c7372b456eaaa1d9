// RFC 7519, RFC 8725: the identity of a caller as a JWT that the upstream checks by itself; RFC 9728: what a caller learns of an API.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose'
import { launch, stoppedClock, world } from '../harness.ts'
import { send, serve, upstream } from './wire.ts'

test('identity as a JWT of 60 seconds instead of headers', async (t) => {
  const behind = await upstream(t, (_request, response) => response.end('ok'))
  const clock = stoppedClock(Date.now())
  const launched = await launch(t, {
    now: clock,
    file: { apis: { one: { hosts: ['api.test'], upstream: `${behind.url}/base`, identity: 'jwt' } } },
  })
  const people = await world(launched, 'pro')
  const made = await people.key()
  const port = await serve(t, launched)
  await send(port, {
    headers: [
      'Host',
      'api.test',
      'Authorization',
      `Bearer ${made.key}`,
      'X-Latchkey-Token',
      'forged',
      'X-Latchkey-Tier',
      'enterprise',
    ],
  })
  const { headers } = behind.seen[0] as { headers: Record<string, string> }
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('x-latchkey')),
    ['x-latchkey-token'],
  )
  const token = headers['x-latchkey-token'] as string
  const keys = createLocalJWKSet((await launched.ask('GET', '/.well-known/jwks.json')).json<JSONWebKeySet>())
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: launched.config.issuer,
    audience: behind.url,
    typ: 'latchkey-identity+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(clock.at),
  })
  assert.equal(protectedHeader.typ, 'latchkey-identity+jwt')
  const { jti, ...claims } = payload
  assert.equal(typeof jti, 'string')
  const now = Math.floor(clock.at / 1000)
  assert.deepEqual(claims, {
    iss: launched.config.issuer,
    aud: behind.url,
    sub: made.id,
    iat: now,
    exp: now + 60,
    subject: made.id,
    kind: 'api_key',
    organization: people.organization,
    organizations: people.organization,
    scopes: 'read write',
    tier: 'pro',
    environment: 'live',
  })
  assert.equal(
    (await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${token}`] })).status,
    401,
    'it is no access token',
  )
  const asked = await launched.ask('GET', '/forward-auth?api=one', { as: made.key })
  assert.equal(asked.statusCode, 200)
  assert.equal(asked.headers['x-latchkey-tier'], '')
  await jwtVerify(String(asked.headers['x-latchkey-token']), keys, {
    audience: behind.url,
    currentDate: new Date(clock.at),
  })
})

test('RFC 9728: the document of each API, and what points to it', async (t) => {
  const launched = await launch(t)
  const read = async (host: string, path: string) =>
    (await launched.ask('GET', `/.well-known/oauth-protected-resource${path}`, { host })).json<
      Record<string, unknown>
    >()
  assert.deepEqual(await read('api.multi.localhost', '/v1'), {
    resource: 'http://api.multi.localhost:8000/v1',
    authorization_servers: ['http://localhost:8000'],
    scopes_supported: ['read', 'write'],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519', 'RS256'],
    resource_name: 'multi',
  })
  const ownHeader = await read('api.smoxy.localhost', '/api')
  assert.equal(ownHeader.bearer_methods_supported, undefined)
  assert.equal(ownHeader.dpop_signing_alg_values_supported, undefined)
  assert.equal((await read('localhost', '')).resource, 'http://localhost:8000')
  const refused = await launched.ask('GET', '/v1/users', { host: 'api.multi.localhost' })
  const [, url = ''] = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate'])) ?? []
  const { host, pathname } = new URL(url)
  assert.equal((await launched.ask('GET', pathname, { host })).statusCode, 200)
  assert.equal((await launched.ask('POST', pathname, { host })).statusCode, 404)
})
