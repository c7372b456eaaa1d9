// What operators and their machines ask: health, readiness, metrics without ids, the documents of the management API, and a clean stop.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { makeOwner, commandJson, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('health and readiness answer on any host, readiness as long as the store does and no stop has begun', async (t) => {
  const { ask, app } = await launch(t)
  for (const host of ['localhost', 'api.multi.localhost', 'auth.smoo.localhost', '10.0.0.7', 'unknown.test']) {
    assert.deepEqual((await ask('GET', '/healthz', { host })).json(), { status: 'ok' })
    assert.deepEqual((await ask('GET', '/readyz', { host })).json(), { status: 'ready' })
  }
  const down = t.mock.method(app.store, 'ping', () => Promise.reject(new Error('gone')))
  const unready = await ask('GET', '/readyz')
  assert.deepEqual([unready.statusCode, unready.headers['retry-after']], [503, '1'])
  assert.equal((await ask('GET', '/healthz')).statusCode, 200)
  down.mock.restore()
  app.stopAccepting()
  assert.equal((await ask('GET', '/readyz')).statusCode, 503)
})

test('metrics count decisions by API, kind and code, time answers, and name nobody', async (t) => {
  const launched = await launch(t)
  const { ask, app } = launched
  const acme = await world(launched)
  const { id, key } = await acme.key()
  for (let i = 0; i < 3; i++) await ask('GET', '/v1/users', { host: 'api.multi.localhost', as: key })
  await ask('GET', '/v1/users', { host: 'api.multi.localhost', as: 'nonsense' })
  await ask('GET', `/api/v1/organizations/${acme.organization}`, { as: key })
  for (const lookup of ['keptByHash', 'credentialByHash'] as const)
    t.mock.method(app.store.lookups, lookup, () => {
      throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
    })
  assert.equal((await ask('GET', '/v1/users', { host: 'api.multi.localhost', as: key })).statusCode, 503)
  t.mock.restoreAll()
  t.mock.method(app.store.counters, 'take', () => {
    throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
  })
  const { key: fresh } = await acme.key()
  assert.equal((await ask('GET', '/v1/users', { host: 'api.multi.localhost', as: fresh })).statusCode, 503)
  const { body, headers } = await ask('GET', '/metrics')
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
  for (const line of [
    'latchkey_decisions_total{api="multi",kind="api_key",code="valid"} 3',
    'latchkey_decisions_total{api="multi",kind="unknown",code="invalid_api_key"} 1',
    'latchkey_store_errors_total 2',
    'latchkey_counter_errors_total 1',
  ])
    assert.ok(body.includes(`\n${line}\n`), `${line}\n${body.slice(0, 4000)}`)
  assert.match(
    body,
    /latchkey_http_request_duration_seconds_bucket\{le="0\.005",route="[^"]+",method="GET",status="200"\} \d/,
  )
  for (const told of [id, acme.organization, acme.owner, key]) assert.ok(!body.includes(told), 'no ids as labels')
})

test('the OpenAPI document is made of the running routes, each with its answers; the page tells the same', async (t) => {
  const { ask } = await launch(t)
  const answer = await ask('GET', '/openapi.json')
  assert.equal(answer.statusCode, 200)
  const document = answer.json<{
    openapi: string
    servers: { url: string }[]
    paths: Record<
      string,
      Record<string, { operationId?: string; summary?: string; responses?: Record<string, object> }>
    >
  }>()
  assert.match(document.openapi, /^3\.1\./)
  assert.deepEqual(document.servers, [{ url: 'http://localhost:8000' }])
  const page = await ask('GET', '/docs')
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  const read = page.body.replaceAll(/<[^>]+>/g, '')
  const seen = new Set<string>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { operationId, summary, responses }] of Object.entries(operations)) {
      assert.ok(operationId && summary, `${method} ${path} is told`)
      assert.ok(!seen.has(operationId), operationId)
      seen.add(operationId)
      assert.ok(
        Object.keys(responses ?? {}).some((status) => status.startsWith('2')),
        `${method} ${path}`,
      )
      assert.ok(read.includes(path), path)
    }
  }
  for (const path of [
    '/oauth/token',
    '/api/v1/verify',
    '/api/v1/users/me',
    '/api/v1/organizations',
    '/api/v1/organizations/{organization_id}/api-keys',
    '/api/v1/organizations/{organization_id}/api-keys/{key_id}/rotate',
    '/api/v1/organizations/{organization_id}/clients/{client_id}/rotate',
    '/api/v1/organizations/{organization_id}/members/{user_id}',
    '/api/v1/organizations/{organization_id}/audit',
    '/api/v1/organizations/{organization_id}/usage',
    '/api/v1/account/tokens/{token_id}/rotate',
    '/.well-known/oauth-authorization-server',
    '/.well-known/jwks.json',
    '/.well-known/cose-keys',
  ])
    assert.ok(document.paths[path], path)
})

test('a stop finishes what is in flight, and says so', async (t) => {
  const folder = temporaryFolder(t)
  const server = await startServer(t, folder)
  const { userId, organizationId } = await makeOwner(folder)
  const { key = '' } = await commandJson(
    folder,
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    organizationId,
    '--name',
    'K',
  )
  const asked = Array.from({ length: 40 }, () =>
    server.ask('POST', '/v1/embeddings', {
      headers: { authorization: `Bearer ${key}` },
      body: { text: 'x'.repeat(50_000) },
    }),
  )
  await Promise.race(asked)
  const began = Date.now()
  await server.end('SIGTERM')
  const outcomes = await Promise.allSettled(asked)
  const answered = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value.status)
  assert.ok(answered.length > 0 && answered.every((status) => status === 200), answered.join())
  assert.ok(Date.now() - began < 10_000)
  assert.equal(server.child.exitCode, 0)
  // the end of the process may be known before the last that it printed
  for (let i = 0; i < 200 && !server.output().includes('"msg":"stopped"'); i++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(server.output(), /"msg":"stopping"[^]*"msg":"stopped"/)
})
