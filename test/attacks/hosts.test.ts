// Host and target tricks: what is only the issuer's stays on its host, and nobody gets to an inner route or past a check by another spelling.
import assert from 'node:assert/strict'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, launch, world } from '../harness.ts'

const file: LatchkeyConfig = {
  dashboardHosts: ['dash.test'],
  apis: {
    books: { hosts: ['api.test', 'dash.test'], path: '/v1', upstream: { live: 'echo', test: 'echo' } },
    manage: { hosts: ['manage.test'], upstream: 'management' },
  },
  defaultApi: 'books',
}

const own = ['oauth-authorization-server', 'openid-configuration', 'jwks.json', 'cose-keys']

test('what the issuer publishes about itself answers on the issuer’s host only', async (t) => {
  const { ask } = await launch(t, { file })
  for (const name of own) {
    for (const path of [
      `/.well-known/${name}`,
      `/.well-known/${name}?x`,
      `/.well-known/%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
      `/.well-known/${name}#x`,
    ]) {
      for (const host of ['dash.test', 'DASH.test:8000', 'dash.test.', 'api.test', 'manage.test']) {
        const { statusCode, body } = await ask('GET', path, { host })
        assert.ok([400, 401, 404].includes(statusCode), `${host} ${path}: ${statusCode}`)
        assert.doesNotMatch(body, /"keys"|"issuer"/)
      }
    }
  }
  for (const host of ['localhost', '127.0.0.1:8000', '[::1]'])
    assert.equal((await ask('GET', '/.well-known/jwks.json', { host })).statusCode, 200)
  // the rest of the dashboard's host is there
  assert.equal((await ask('GET', '/docs', { host: 'dash.test' })).statusCode, 200)
  assert.equal((await ask('GET', '/api/v1/users/me', { host: 'dash.test' })).statusCode, 401)
})

test('no spelling reaches the inner route of the gateway', async (t) => {
  const { ask } = await launch(t, { file })
  const paths = [
    '/-/gateway',
    '/%2d/gateway',
    '/-/gatewa%79',
    '/-/gateway/',
    '//-/gateway',
    '/-%2fgateway',
    '/./-/gateway',
    '/-/gateway;x',
    '/-/gateway?x',
    '/-/gateway#x',
    'http://localhost/-/gateway',
  ]
  for (const path of paths) {
    for (const host of ['localhost', 'dash.test']) {
      const { statusCode, headers } = await ask('GET', path, { host })
      assert.ok(statusCode === 404 || statusCode === 400, `${host} ${path}: ${statusCode}`)
      assert.equal(headers['x-ratelimit-limit'], undefined)
    }
    const { statusCode } = await ask('GET', path, { host: 'manage.test' })
    assert.ok([400, 401].includes(statusCode), `${path}: ${statusCode}`)
  }
})

test('unknown paths of a management host are told to nobody who is not let in', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['PUT', '/users'],
    ['TRACE', '/users'],
    ['PROPFIND', '/'],
    ['GET', `/users/${'a'.repeat(150)}`],
  ] as const) {
    const { statusCode } = await ask(method, path, { host: 'manage.test' })
    assert.ok([400, 401].includes(statusCode), `${method} ${path}: ${statusCode}`)
  }
  const { token } = await (await world(launched)).token()
  assert.equal((await ask('GET', '/nowhere', { host: 'manage.test', as: token })).statusCode, 404)
})

/** Bytes as they are, over a socket of their own; answers the status line. */
const raw = async (t: { after: (work: () => void) => void }, { app }: Launched, text: string): Promise<string> => {
  if (!app.server.server.listening) await app.server.listen({ port: 0, host: '127.0.0.1' })
  const socket = createConnection((app.server.server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => void socket.destroy())
  socket.write(text)
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return first.toString('latin1').split('\r\n', 1)[0] ?? ''
}

test('RFC 9112 §3.2.2: a target that names another host than the Host header is refused, on every host', async (t) => {
  const launched = await launch(t, { file })
  const { key } = await (await world(launched)).key()
  const sent = (target: string, host: string): Promise<string> =>
    raw(
      t,
      launched,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
    )
  for (const host of ['localhost', 'dash.test', 'api.test', 'manage.test']) {
    for (const target of [
      'http://other.test/api/v1/users/me',
      'http://localhost@other.test/',
      'https://other.test/v1/x',
      `http://${host}:1/api/v1/users/me`,
      '*',
    ])
      assert.match(await sent(target, host), / 400 /, `${target} at ${host}`)
  }
  assert.match(await sent('http://localhost/api/v1/users/me', 'localhost'), / 200 /)
  assert.match(await sent('http://dash.test/v1/books', 'dash.test'), / 200 /)
  for (const target of [
    '/api/v1/users/me#x',
    '/api/v1/../v1/users/me',
    '/api//v1/users/me',
    '/api/v1/users%2fme',
    '/api\\v1/users/me',
  ])
    assert.match(await sent(target, 'localhost'), / 400 /, target)
})

test('metrics are for this machine and for keys with the scope, whatever a proxy on this machine writes', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  const metrics = async (headers: Record<string, string>, as?: string): Promise<number> =>
    (await ask('GET', '/metrics', { host: 'anything.test', headers, ...(as !== undefined && { as }) })).statusCode
  assert.equal(await metrics({}), 200)
  const written: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '203.0.113.9:5678' },
    { 'x-forwarded-for': 'unknown' },
    { 'x-forwarded-for': 'unix:' },
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '' },
    { forwarded: 'for=203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
    { 'x-forwarded-host': 'api.test' },
    { via: '1.1 proxy' },
  ]
  for (const headers of written) assert.equal(await metrics(headers), 401, JSON.stringify(headers))
  const made = await world(launched)
  const proxied = { 'x-forwarded-for': '203.0.113.9' }
  assert.equal(await metrics(proxied, (await made.key()).key), 403)
  assert.equal(await metrics(proxied, (await made.key({ scopes: 'metrics' })).key), 200)
})
