// How the dashboard reaches browsers: one page at every address of its own, for people who are signed in; assets by their names; nothing else.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { ensureBuild } from '../../src/dashboard/build.ts'
import { dashboardPages } from '../../src/dashboard/dashboard-pages.ts'
import { launch } from '../harness.ts'
import { addPerson, password, visitor } from '../visitor.ts'

const quiet = (): void => {}

test('whoever is not signed in is led to the sign-in, and back to where they wanted to go', async (t) => {
  const { ask } = await launch(t)
  for (const path of [
    '/organizations',
    '/organizations/x/settings/api-keys?create=key',
    '/account',
    '/operator/users',
  ]) {
    const { statusCode, headers } = await ask('GET', path)
    assert.deepEqual([statusCode, headers.location], [303, `/login?return_to=${encodeURIComponent(path)}`], path)
    assert.equal(headers['cache-control'], 'no-store')
  }
  const bare = await ask('GET', '/')
  assert.deepEqual([bare.statusCode, bare.headers.location], [302, '/organizations'])
  // what is no plain path of this server is left out
  const odd = await ask('GET', '/organizations/%22%3E')
  assert.deepEqual([odd.statusCode, odd.headers.location], [303, '/login'])
  assert.equal((await ask('GET', '/organizations', { host: 'api.smoxy.localhost' })).statusCode, 401)
})

test('the page is the same at every address, under a policy that lets nothing inline in', async (t) => {
  const launched = await launch(t)
  const id = await addPerson(launched)
  const own = await launched.operate<{ id: string }>('POST', '/organizations', { name: 'Own', owner: id })
  const browser = visitor(launched)
  const signedIn = await browser.signIn('ada@example.com', password)
  assert.equal(signedIn.headers.location, '/organizations')
  const pages = await Promise.all(
    [
      '/organizations',
      `/organizations/${own.id}`,
      '/organizations/0193a7b2-1111-7abc-8def-0123456789ab',
      '/account/nowhere',
      '/operator/users',
    ].map((path) => browser.get(path)),
  )
  for (const { statusCode, body } of pages) assert.deepEqual([statusCode, body], [200, pages[0]?.body])
  const { headers, body } = pages[0] ?? assert.fail()
  const policy = String(headers['content-security-policy'])
  for (const directive of [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `connect-src 'self'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
    `require-trusted-types-for 'script'`,
  ])
    assert.ok(policy.split('; ').includes(directive), directive)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-frame-options'], 'DENY')
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  assert.doesNotMatch(body, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:|https?:\/\//i)
  for (const [, address = ''] of body.matchAll(/(?:src|href)="([^"]*)"/g)) {
    assert.match(address, /^\/assets\/[\w.-]+$/)
    assert.equal((await browser.get(address)).statusCode, 200, address)
  }
})

test('assets are kept for ever, sent in the smallest coding, and nothing else lies beside them', async (t) => {
  const { ask } = await launch(t)
  const folder = await ensureBuild(quiet)
  const [script = ''] = /\/assets\/[\w.-]+\.js/.exec(readFileSync(join(folder, 'index.html'), 'utf8')) ?? []
  const plain = await ask('GET', script)
  assert.equal(plain.statusCode, 200)
  assert.match(String(plain.headers['content-type']), /^text\/javascript/)
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(plain.headers.vary, 'accept-encoding')
  assert.equal(plain.headers['x-content-type-options'], 'nosniff')
  for (const [accepted, coding, decode] of [
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip;q=1, br;q=0', 'gzip', gunzipSync],
  ] as const) {
    const { headers, rawPayload } = await ask('GET', script, { headers: { 'accept-encoding': accepted } })
    assert.equal(headers['content-encoding'], coding, accepted)
    assert.equal(decode(rawPayload).toString(), plain.body)
  }
  const again = await ask('GET', script, { headers: { 'if-none-match': String(plain.headers.etag) } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
  for (const path of [
    '/assets/index.html',
    '/assets/..%2Findex.html',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/%2e%2e/manifest.json',
    '/assets/',
    `${script}.br`,
    '/assets/__proto__',
    '/assets/constructor',
    '/index.html',
    '/manifest.json',
  ])
    assert.ok([400, 404].includes((await ask('GET', path)).statusCode), path)
})

test('a dashboard that could not be built is told in words, and to nobody who is not signed in', async (t) => {
  const launched = await launch(t)
  await addPerson(launched)
  const browser = visitor(launched)
  await browser.signIn('ada@example.com', password)
  const server = Fastify()
  t.after(() => server.close())
  const { config, store } = launched.app
  await server.register(
    dashboardPages({
      config,
      store,
      lastUse: { touch() {} },
      now: Date.now,
      dashboard: { files: () => Promise.resolve(undefined) },
    }),
  )
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const page = await server.inject({ url: '/organizations', headers: { cookie } })
  assert.equal(page.statusCode, 503)
  assert.match(page.body, /npm run build/)
  assert.equal((await server.inject({ url: '/organizations' })).statusCode, 303)
  assert.notEqual((await server.inject({ url: '/assets/x.js' })).statusCode, 200)
})

interface Chunk {
  file: string
  imports?: string[]
  isEntry?: boolean
}

test('the first load is at most 130 kB of compressed JavaScript', async () => {
  const folder = await ensureBuild(quiet)
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Record<string, Chunk>
  const needed = new Set<string>()
  const need = (name: string): void => {
    const chunk = manifest[name] ?? assert.fail(name)
    if (needed.has(chunk.file)) return
    needed.add(chunk.file)
    for (const imported of chunk.imports ?? []) need(imported)
  }
  for (const [name, { isEntry }] of Object.entries(manifest)) if (isEntry === true) need(name)
  // where signing in leads: what people wait for is the first page, not the frame alone
  need('src/pages/organizations/organizations.tsx')
  const bytes = [...needed].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length,
    0,
  )
  assert.ok(bytes > 50_000, 'something is counted')
  assert.ok(bytes <= 130_000, `${bytes} bytes`)
})
