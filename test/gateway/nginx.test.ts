// Forward-auth with a real nginx on examples/nginx/nginx.conf.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock, world } from '../harness.ts'
import { programOrSkip, runNginx } from './proxy-process.ts'
import { type Answered, send, serve, upstream } from './wire.ts'

test('nginx asks Latchkey about every request', async (t) => {
  const nginx = programOrSkip(t, 'nginx')
  if (nginx === undefined) return
  const behind = await upstream(t, (request, response) => {
    request.resume().once('end', () => response.end(JSON.stringify(request.headers)))
  })
  const clock = stoppedClock('2026-07-07T00:00:00Z')
  const launched = await launch(t, {
    now: clock,
    file: {
      apis: {
        shop: {
          limits: [{ name: 'window', per: 'credential', limit: 3, period: 60 }],
          requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
        },
      },
    },
  })
  const people = await world(launched)
  const made = await people.key({ scopes: 'read' })
  const latchkey = await serve(t, launched)
  const { port } = await runNginx(t, nginx, { latchkey, api: behind.port })
  const ask = (headers: string[] = [], { path = '/v1/things', method = 'GET', body = '' } = {}) =>
    send(port, {
      path,
      method,
      ...(body && { body }),
      headers: ['Host', 'shop.test', 'Authorization', `Bearer ${made.key}`, ...headers],
    })
  const got = ({ body }: Answered) => JSON.parse(body) as Record<string, string>

  await t.test('a key that is held to networks is judged by the address that nginx sees', async () => {
    const from = async (networks: string[]) => {
      const { key } = await people.key({ scopes: 'read', networks })
      const headers = ['Host', 'shop.test', 'Authorization', `Bearer ${key}`, 'X-Forwarded-For', '203.0.113.7']
      return (await send(port, { path: '/v1/things', method: 'GET', headers })).status
    }
    assert.deepEqual([await from(['127.0.0.0/8', '::1']), await from(['203.0.113.0/24'])], [200, 403])
  })

  await t.test('the API learns who calls, from nobody but Latchkey', async () => {
    const forged = [
      'X-Latchkey-Subject',
      'forged',
      'X_Latchkey_Subject',
      'forged',
      'x-latchkey-tier',
      'forged',
      'X-Latchkey-Token',
      'forged',
      'X.Latchkey.Kind',
      'forged',
      'X-Request-Id',
      'forged',
    ]
    const answer = await ask(forged, { method: 'POST', body: 'a body', path: '/v1/things?api=other&deny=no' })
    assert.equal(answer.status, 200)
    const headers = got(answer)
    assert.equal(headers['x-latchkey-subject'], made.id)
    assert.equal(headers['x-latchkey-organization'], people.organization)
    assert.equal(headers['x-latchkey-scopes'], 'read')
    assert.equal(headers['content-length'], '6')
    assert.equal(headers.authorization, undefined)
    assert.ok(!answer.body.includes('forged'), answer.body)
    assert.equal(answer.headers['x-ratelimit-limit'], '3')
    assert.equal(answer.headers['x-ratelimit-remaining'], '2')
    assert.equal(answer.headers['x-request-id'], headers['x-request-id'])
  })

  await t.test('401 with the challenge, 403 and 400 as they are meant', async () => {
    const missing = await send(port, { path: '/', headers: ['Host', 'shop.test'] })
    assert.equal(missing.status, 401)
    assert.match(missing.headers['www-authenticate'] ?? '', /^Bearer realm="shop", resource_metadata="[^"]+"$/)
    assert.equal(missing.headers['x-ratelimit-limit'], undefined)
    assert.equal(got(missing).code, 'invalid_api_key')
    const forbidden = await ask([], { method: 'DELETE' })
    assert.equal(forbidden.status, 403)
    assert.equal(forbidden.headers['x-ratelimit-remaining'], '2')
    assert.equal((await ask([], { path: '/v1/a%2fb' })).status, 400)
    assert.equal((await ask(['Authorization', 'Bearer second'])).status, 400)
  })

  await t.test('a caller cannot describe another request than its own', async () => {
    const forged = [
      'X-Forwarded-Method',
      'GET',
      'X-Forwarded-Uri',
      '/public',
      'X-Forwarded-Host',
      'other.test',
      'X-Original-Method',
      'GET',
      'X-Original-URL',
      'http://other.test/public',
    ]
    assert.equal((await ask(forged, { method: 'DELETE' })).status, 403)
  })

  await t.test('a limit hit reaches the caller as 429 with Retry-After and the limits', async () => {
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200])
    const limited = await ask()
    assert.equal(limited.status, 429)
    assert.equal(limited.headers['retry-after'], '60')
    assert.equal(limited.headers['x-ratelimit-limit'], '3')
    assert.equal(limited.headers['x-ratelimit-remaining'], '0')
    assert.equal(limited.headers['x-ratelimit-reset'], String(clock.at / 1000 + 60))
    assert.match(String(limited.headers.ratelimit), /"window";r=0;t=60/)
    assert.match(String(limited.headers['ratelimit-policy']), /"window";q=3;w=60/)
    assert.equal(got(limited).code, 'rate_limit_exceeded')
    clock.advance(60_000)
    assert.equal((await ask()).status, 200)
  })

  await t.test('without Latchkey nobody gets in', async () => {
    const before = behind.seen.length
    await launched.app.server.close()
    assert.equal((await ask()).status, 500)
    assert.equal(behind.seen.length, before)
  })
})
