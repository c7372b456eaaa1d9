// RFC 9110 §7.2 and §7.4, RFC 9112 §3.2: the host decides first, then the longest path.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LatchkeyConfig, buildConfig } from '../../src/config/config.ts'
import { type Site, Sites } from '../../src/gateway/sites.ts'
import { hostName, parseTarget, requestHost } from '../../src/gateway/target.ts'
import seeds from '../../examples/seeds/latchkey.config.ts'

const sitesOf = (file: LatchkeyConfig, env: NodeJS.ProcessEnv = {}): Sites => new Sites(buildConfig(env, file))
const sites = sitesOf(seeds)

const shape = (site: Site): string => {
  const api = 'api' in site && site.api ? ` ${site.api.name}` : ''
  if (site.kind === 'gateway') return `gateway${api} ${site.path}${site.query}${site.shared ? ' shared' : ''}`
  if (site.kind === 'management') return `management${api} ${site.url}`
  return `${site.kind}${api}`
}
const at = (host: string | undefined, target: string, of = sites): string => shape(of.match(host, target))

test('the issuer host carries what is Latchkey’s own; with LATCHKEY_URL unset so does every loopback name', () => {
  for (const host of [
    'localhost',
    'localhost:8000',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1',
    '127.1.2.3:99',
    '[::1]',
    '[::1]:8000',
    '[0:0:0:0:0:0:0:1]',
  ]) {
    assert.equal(at(host, '/login'), 'builtin', host)
    assert.equal(at(host, '/v1/embeddings'), 'gateway smally /v1/embeddings shared', host)
    assert.equal(at(host, '/no/such/path'), 'builtin', host)
  }
  const explicit = sitesOf(seeds, { LATCHKEY_URL: 'https://auth.example.com' })
  assert.equal(at('auth.example.com', '/login', explicit), 'builtin')
  assert.equal(at('127.0.0.1', '/login', explicit), 'misdirected')
  assert.equal(at('localhost', '/login', explicit), 'unrouted smally')
})

test('the five seeds are routed as documented', () => {
  assert.equal(at('auth.smoo.localhost', '/token'), 'builtin smoo')
  assert.equal(at('api.smoo.localhost', '/organizations?limit=2'), 'management smoo /api/v1/organizations?limit=2')
  assert.equal(at('localhost', '/v1/embeddings/x?y'), 'gateway smally /v1/embeddings/x?y shared')
  assert.equal(at('api.example.localhost', '/api/v1/users/me'), 'management example /api/v1/users/me')
  assert.equal(at('api.example.localhost', '/api/v1'), 'management example /api/v1')
  assert.equal(at('api.example.localhost', '/oauth/token'), 'builtin example')
  assert.equal(at('api.smoxy.localhost', '/api/zones'), 'gateway smoxy /api/zones')
  assert.equal(at('auth.multi.localhost', '/oauth/authorize?client_id=x'), 'builtin multi')
  assert.equal(at('api.multi.localhost', '/v1/users'), 'gateway multi /v1/users')
})

test('an alias carries the token endpoint and nothing else of Latchkey’s', () => {
  for (const path of ['/token', '/oauth/token', '/oauth/revoke', '/oauth/introspect'])
    assert.equal(at('auth.smoo.localhost', path), 'builtin smoo')
  for (const path of [
    '/',
    '/login',
    '/api/v1/users',
    '/%61pi/v1/users',
    '/oauth/token/',
    '/.well-known/jwks.json',
    '/docs',
  ]) {
    assert.equal(at('auth.smoo.localhost', path), 'not_found smoo', path)
  }
  for (const path of ['/login', '/organizations', '/oauth/userinfo'])
    assert.equal(at('api.example.localhost', path), 'unrouted example', path)
})

test('paths match by whole segments, the longest first, in whatever order they are configured', () => {
  const api = (path: string) => ({ hosts: ['api.test'], path, upstream: 'echo' })
  const nested = sitesOf({ apis: { all: api('/'), v1: api('/v1'), admin: api('/v1/admin') }, defaultApi: 'all' })
  assert.equal(at('api.test', '/v1/admin', nested), 'gateway admin /v1/admin')
  assert.equal(at('api.test', '/v1/admin/users', nested), 'gateway admin /v1/admin/users')
  assert.equal(at('api.test', '/v1/administrators', nested), 'gateway v1 /v1/administrators')
  assert.equal(at('api.test', '/v11', nested), 'gateway all /v11')
  assert.equal(at('api.test', '/', nested), 'gateway all /')
  assert.equal(at('api.multi.localhost', '/v2'), 'unrouted multi')
})

test('one resource has one spelling: unreserved characters are unescaped before anything is matched', () => {
  assert.equal(at('api.smoxy.localhost', '/%61pi/%7Eme/caf%c3%a9'), 'gateway smoxy /api/~me/caf%C3%A9')
  assert.equal(at('api.smoxy.localhost', '/api/a%20b?q=%2f..%5c'), 'gateway smoxy /api/a%20b?q=%2f..%5c')
})

test('what two servers may read differently is refused', () => {
  const bad = [
    '%2f',
    '%2F',
    '%5c',
    '%5C',
    '\\',
    '%00',
    '%0d%0a',
    '%1f',
    '%7f',
    '\x00',
    '\x7f',
    '%',
    '%4/',
    '%zz',
    '%c0%af',
    '%ff',
    'é',
    ' ',
    '#x',
    '"\x01',
  ]
  for (const part of bad)
    assert.equal(at('api.smoxy.localhost', `/api/a${part}b`), 'malformed smoxy', JSON.stringify(part))
  const dots = [
    '/..',
    '/../',
    '/.',
    '/./x',
    '/%2e%2e/x',
    '/.%2E',
    '/%2e',
    '/..;/x',
    '/.;a=b/x',
    '/..%3b/x',
    '//x',
    '/a//b',
  ]
  for (const part of dots) assert.equal(at('api.smoxy.localhost', `/api${part}`), 'malformed smoxy', part)
  assert.equal(at('api.smoxy.localhost', '/api/zones?x=a#b'), 'malformed smoxy')
  assert.equal(at('localhost', '/v1/embeddings/%2e%2e/%2e%2e/login'), 'malformed smally')
  for (const fine of ['/api/.hidden', '/api/...', '/api/a..b', '/api/a.b;v=1', '/api/x/', '/api/{a}|b'])
    assert.match(at('api.smoxy.localhost', fine), /^gateway/, fine)
})

test('targets in absolute form count where they name the Host, others and “*” never', () => {
  assert.equal(
    at('api.smoxy.localhost:8000', 'http://api.smoxy.localhost:8000/api/zones?x'),
    'gateway smoxy /api/zones?x',
  )
  assert.equal(at('api.smoxy.localhost', 'http://api.multi.localhost/v1/users'), 'malformed smoxy')
  assert.equal(at('api.smoxy.localhost', 'ftp://api.smoxy.localhost/api'), 'malformed smoxy')
  assert.equal(at('api.smoxy.localhost', '*'), 'malformed smoxy')
  assert.equal(at('api.smoxy.localhost', ''), 'malformed smoxy')
})

test('health, readiness and metrics answer on any host, forward-auth too', () => {
  for (const host of ['no.such.host', '10.0.0.7:8000', 'api.multi.localhost', undefined]) {
    for (const path of [
      '/healthz',
      '/readyz?x',
      '/metrics',
      '/forward-auth',
      '/forward-auth?api=x',
      '/forward-auth/v1/%2e%2e',
    ])
      assert.equal(at(host, path), 'builtin', path)
  }
  assert.equal(at('api.multi.localhost', '/healthz/x'), 'unrouted multi')
  assert.equal(at('no.such.host', '/forward-authority'), 'misdirected')
})

test('unknown hosts are misdirected, broken and repeated ones malformed', () => {
  for (const host of [
    'no.such.host',
    'localhost.evil.test',
    'evil.localhost',
    '127.0.0.1.nip.io',
    '[::2]',
    '0x7f.1',
    '10.0.0.1',
  ])
    assert.equal(at(host, '/login'), 'misdirected', host)
  for (const host of [
    '',
    ' ',
    'a b',
    'localhost:80:80',
    'localhost:x',
    'user@localhost',
    'localhost/x',
    '[::1',
    '[::g]',
    'localhost,localhost',
    'a\\b',
    '.',
    ':80',
  ]) {
    assert.equal(at(host, '/login'), 'malformed', JSON.stringify(host))
  }
  assert.equal(at(undefined, '/login'), 'malformed')
  assert.equal(requestHost(['Host', 'localhost', 'HOST', 'localhost']), 'localhost,localhost')
  assert.equal(requestHost(['Accept', '*/*']), undefined)
  assert.equal(hostName('Example.COM.:443'), 'example.com')
})

test('RFC 9728 §3.1: the resource’s path follows the well-known name', () => {
  const name = '/.well-known/oauth-protected-resource'
  assert.equal(at('localhost', name), 'resource_metadata latchkey')
  assert.equal(at('localhost', `${name}/v1/embeddings`), 'resource_metadata smally')
  assert.equal(at('api.multi.localhost', `${name}/v1`), 'resource_metadata multi')
  assert.equal(at('api.multi.localhost', `${name}/v1/users`), 'resource_metadata multi')
  assert.equal(at('api.smoo.localhost', name), 'resource_metadata smoo')
  assert.equal(at('api.multi.localhost', `${name}/v2`), 'unrouted multi')
  const hostless = sitesOf({ apis: { inner: {} } })
  assert.equal(at('localhost', `${name}/apis/inner`, hostless), 'resource_metadata inner')
})

test('hosts that carry the dashboard as well', () => {
  const file: LatchkeyConfig = {
    apis: { one: { hosts: ['app.test'], path: '/v1', upstream: 'echo' } },
    dashboardHosts: ['App.test'],
  }
  const shared = sitesOf(file)
  assert.equal(at('app.test', '/login', shared), 'builtin')
  assert.equal(at('app.test', '/v1/x', shared), 'gateway one /v1/x shared')
})

test('no target makes it throw, and what it forwards is what a strict reader sees', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^\/api(\/|%|\.|2f|5c|2e|;|\\|[a-z]){0,20}$/))
  fc.assert(
    fc.property(text, (target) => {
      const site = sites.match('api.smoxy.localhost', target)
      if (site.kind !== 'gateway') return
      assert.equal(new URL(site.path, 'http://upstream.test').pathname, site.path)
      assert.deepEqual(parseTarget(site.path), { path: site.path, query: '' })
      assert.ok(!decodeURIComponent(site.path).includes('\\'))
      assert.equal(decodeURIComponent(site.path).split('/').length, site.path.split('/').length)
    }),
    { numRuns: 2_000 },
  )
})
