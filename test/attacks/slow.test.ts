// Callers who cost more than they send: slow bodies, long paths, a flood of refused requests.
import assert from 'node:assert/strict'
import { type AddressInfo, createConnection } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildConfig } from '../../src/config/config.ts'
import { createServer } from '../../src/http/server.ts'
import { launch, world } from '../harness.ts'

test('a body that does not come is not waited for', async (t) => {
  const config = buildConfig({}, {})
  const server = createServer({ log: pino({ level: 'silent' }), profileOf: () => config.management, bodyWithin: 300 })
  server.post('/', async (request) => ({ got: request.body }))
  t.after(() => server.close())
  await server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.server.address() as AddressInfo
  const begin = async (header: string, parts: readonly string[], everyMs: number): Promise<string> => {
    const socket = createConnection(port, '127.0.0.1')
    t.after(() => void socket.destroy())
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    socket.on('error', () => undefined)
    socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${header}\r\n\r\n`)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve())) // reset or ended
    for (const part of parts) {
      if (socket.destroyed) break
      socket.write(part)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
    const late = new Promise((resolve) => setTimeout(resolve, 2000, 'late').unref())
    assert.notEqual(await Promise.race([closed, late]), 'late', 'the connection is still open')
    return text
  }
  const began = Date.now()
  assert.doesNotMatch(await begin('Content-Length: 100', ['{'], 0), / 200 /)
  assert.doesNotMatch(await begin('Transfer-Encoding: chunked', ['1\r\n{\r\n'], 0), / 200 /)
  // one byte now and then is no reason to wait longer
  assert.doesNotMatch(await begin('Content-Length: 100', [...' '.repeat(20)], 50), / 200 /)
  assert.ok(Date.now() - began < 5000)
  const whole = await begin('Content-Length: 7\r\nConnection: close', ['{"a":', '1}'], 50)
  assert.match(whole, /^HTTP\/1\.1 200 /)
})

test('unknown keys, hosts and paths by the thousand leave nothing behind, in memory or in the store', async (t) => {
  const launched = await launch(t)
  const { ask, app } = launched
  const { key } = await world(launched).then((made) => made.key())
  await ask('GET', '/v1/users', { host: 'api.multi.localhost', as: key })
  const rows = async (): Promise<unknown[]> => [
    await app.store.activity.selectFrom('counters').selectAll().execute(),
    await app.store.activity.selectFrom('last_used').selectAll().execute(),
    await app.store.db.selectFrom('audit').select('id').execute(),
  ]
  const before = await rows()
  const series = async (): Promise<number> => {
    const { body } = await ask('GET', '/metrics')
    return body
      .split('\n')
      .filter(
        (line) =>
          line.startsWith('latchkey_decisions') || line.startsWith('latchkey_http_request_duration_seconds_count'),
      ).length
  }
  const sendMany = async (from: number): Promise<void> => {
    for (let n = from; n < from + 500; n++) {
      const host = n % 2 === 0 ? 'api.multi.localhost' : `host-${n}.test`
      const method = ['GET', 'POST', 'PROPFIND', 'TRACE'][n % 4] as string
      await ask(method, `/v1/users/${n}`, { host, as: `sk_${n.toString(16).padStart(64, '0')}` })
    }
  }
  await sendMany(0)
  await series() // a scrape is counted too
  const few = await series()
  await sendMany(500)
  assert.equal(await series(), few)
  assert.deepEqual(await rows(), before)
})

test('every pattern that reads what callers send is linear', async (t) => {
  const { ask } = await launch(t)
  const long = 7500
  const nasty = [
    'a'.repeat(long),
    '"'.repeat(long),
    `${' '.repeat(long)}x`,
    ','.repeat(long),
    'a,'.repeat(long / 2),
    '%2e'.repeat(long / 3),
    '/a;'.repeat(long / 3),
    'sk_a_'.repeat(long / 5),
    `eyJ${'a.'.repeat(long / 2)}`,
    `0oRD${'-_'.repeat(long / 2)}`,
    `http://${'@'.repeat(long)}`,
    '['.repeat(long),
  ]
  const began = performance.now()
  let asked = 0
  const send = async (...given: Parameters<typeof ask>): Promise<void> => {
    const { statusCode, body } = await ask(...given)
    assert.ok(statusCode < 500, `${statusCode}: ${body}`)
    asked += 1
  }
  for (const text of nasty) {
    const header = text.trim()
    for (const host of ['localhost', 'api.smoxy.localhost', 'auth.smoo.localhost']) {
      for (const name of [
        'authorization',
        'x-api-token',
        'cookie',
        'connection',
        'x-forwarded-for',
        'x-forwarded-uri',
        'x-original-url',
        'origin',
        'upgrade',
      ])
        await send('GET', '/forward-auth', {
          host,
          headers: { [name]: header, 'x-forwarded-method': 'GET', 'x-forwarded-host': 'api.smoxy.localhost' },
        })
      await send('GET', `/api/${encodeURI(text).replaceAll('%25', '%')}`, { host, as: 'x' })
      await send('GET', `/api/x?${encodeURI(text)}`, { host, as: 'x' })
      await send('POST', '/oauth/token', {
        host,
        headers: { authorization: `Basic ${header}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=client_credentials&scope=${text}`,
      })
    }
    await send('GET', '/login', { host: header.slice(0, 7000) })
    await send('GET', '/api/v1/users', { as: header })
  }
  const each = (performance.now() - began) / asked
  assert.ok(each < 100, `${each} ms a request`)
})
