// OWASP: Server-Side Request Forgery. Where webhooks may be sent to, by whom, and that their secrets stay secret.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import type { SecretBox } from '../../src/secret-box.ts'
import { Sender } from '../../src/webhooks/sender.ts'
import { idAt } from '../../src/store/time-id.ts'
import { maxKept } from '../../src/webhooks/enqueue.ts'
import { world } from '../harness.ts'
import { answering } from './receiver.ts'
import { path, scene } from './scene.ts'

test('only names of the public Internet are sent to, by https, and, in development, this machine', async (t) => {
  const launched = await scene(t)
  const { hook } = launched
  for (const url of [
    'ftp://example.com/',
    'https://example.com',
    'https://user:pass@example.com/',
    'https://10.0.0.1/',
    'https://[::1]:443/',
    'https://intranet/',
    'https://example.com:8443/',
    'http://example.com/',
    'https://example.com/#part',
    'javascript:alert(1)',
    'not a url',
    `https://example.com/${'x'.repeat(2000)}`,
  ]) {
    assert.equal(await launched.refused('POST', path(launched.acme), { url }), '400 invalid_request', url)
    assert.equal(
      await launched.refused('PATCH', path(launched.acme, `/${hook.id}`), { url }),
      '400 invalid_request',
      url,
    )
  }
})

test('an address is looked up and checked at every attempt, whatever it was when it was entered', async (t) => {
  const { app, clock, raise, deliveries, call, acme, hook, there } = await scene(t)
  // as after a change of the deployment's address, or of a name's
  await call('PATCH', path(acme, `/${hook.id}`), { url: 'https://hooks.example.com/a' })
  let asked = 0
  const box = { open: () => Buffer.from('whsec_AAAA') } as unknown as SecretBox
  for (const addresses of [['127.0.0.1'], ['93.184.215.14', '169.254.169.254'], ['::ffff:10.0.0.1'], []]) {
    const sender = new Sender({
      config: { issuer: 'https://auth.example.com' },
      store: app.store,
      box,
      log: pino({ level: 'silent' }),
      now: clock,
      resolve: async () => {
        asked++
        return addresses
      },
    })
    await raise()
    await sender.run()
  }
  assert.equal(asked, 4)
  assert.deepEqual((await deliveries()).map(({ attempts }) => attempts[0]?.failure).toReversed(), [
    'its host is not on the public Internet',
    'its host is not on the public Internet',
    'its host is not on the public Internet',
    'its host has no address',
  ])
  assert.deepEqual(there.received, [])
  await call('PATCH', path(acme, `/${hook.id}`), { url: there.url })
  const moved = new Sender({
    config: { issuer: 'https://auth.example.com' },
    store: app.store,
    box,
    log: pino({ level: 'silent' }),
    now: clock,
  })
  await raise()
  await moved.run()
  assert.match((await deliveries())[0]?.attempts[0]?.failure ?? '', /^its url must be https/)
  assert.deepEqual(there.received, [], 'loopback is for a deployment of this machine alone')
})

test('nothing of an answer but its head is waited for or kept', async (t) => {
  const { app, there, raise, deliveries } = await scene(t)
  let ended = false
  there.answer = (_request, response) => {
    response.writeHead(200)
    const more = setInterval(() => response.write('x'.repeat(100_000)), 1)
    response.on('close', () => {
      clearInterval(more)
      ended = true
    })
  }
  await raise()
  await app.sender.run()
  assert.equal((await deliveries())[0]?.state, 'delivered')
  while (!ended) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a server that is gone is a failure like any other', async (t) => {
  const { app, raise, deliveries, call, acme, hook } = await scene(t)
  const gone = createServer()
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  await call('PATCH', path(acme, `/${hook.id}`), { url: `http://localhost:${port}/` })
  await raise()
  await app.sender.run()
  const [delivery] = await deliveries()
  assert.deepEqual([delivery?.state, delivery?.attempts[0]?.status], ['pending', null])
  assert.match(delivery?.attempts[0]?.failure ?? '', /^it cannot be reached \(ECONNREFUSED\)$/)
})

test('ten to an organization', async (t) => {
  const { call, refused, acme, there, hook } = await scene(t)
  for (let count = 1; count < 10; count++) await call('POST', path(acme), { url: there.url })
  assert.equal(await refused('POST', path(acme), { url: there.url }), '409 conflict')
  await call('DELETE', path(acme, `/${hook.id}`))
  await call('POST', path(acme), { url: there.url })
})

test('another organization’s webhooks and deliveries are out of reach by any path', async (t) => {
  const launched = await scene(t)
  const { acme, hook, call, refused, raise, deliveries } = launched
  await raise()
  const [delivery] = await deliveries()
  const other = await world(launched)
  const { token } = await other.token()
  const theirs = path(other)
  for (const [method, rest, body] of [
    ['GET', ''],
    ['PATCH', '', { enabled: false }],
    ['DELETE', ''],
    ['POST', '/rotate-secret', {}],
    ['POST', '/test'],
    ['GET', '/deliveries'],
    ['GET', `/deliveries/${delivery?.id}`],
    ['POST', `/deliveries/${delivery?.id}/redeliver`],
  ] as const) {
    assert.equal(
      await refused(method, `${theirs}/${hook.id}${rest}`, body, token),
      '404 not_found',
      `${method} ${rest}`,
    )
    assert.equal(
      await refused(method, path(acme, `/${hook.id}${rest}`), body, token),
      '403 organization_forbidden',
      `${method} ${rest}`,
    )
  }
  const second = await call<{ id: string }>('POST', path(acme), { url: hook.url })
  assert.equal(await refused('GET', path(acme, `/${second.id}/deliveries/${delivery?.id}`)), '404 not_found')
  const scoped = (await acme.key({ scopes: 'manage:alerts' })).key
  assert.equal(await refused('GET', path(acme), undefined, scoped), '200 undefined')
  assert.equal(await refused('GET', path(other), undefined, scoped), '403 organization_forbidden')
})

test('the secret is told once, and lies nowhere but sealed', async (t) => {
  const { app, acme, hook, call } = await scene(t)
  const rotated = await call('POST', path(acme, `/${hook.id}/rotate-secret`))
  const told = JSON.stringify([
    await call('GET', path(acme)),
    await call('GET', path(acme, `/${hook.id}`)),
    await call('GET', `/organizations/${acme.organization}/audit`),
    await app.store.db.selectFrom('webhooks').selectAll().execute(),
    await app.store.db.selectFrom('audit').selectAll().execute(),
  ])
  for (const { secret } of [hook, rotated]) assert.ok(!told.includes(secret.slice(6)))
  assert.ok(!told.includes('from=latchkey"}') && !/"host":"[^"]*hook/.test(told), 'the trail names the host alone')
})

test('the log is bounded, and gone with its webhook', async (t) => {
  const { app, clock, acme, hook, there, raise, deliveries, call } = await scene(t)
  there.answer = answering(204)
  await app.store.activity
    .insertInto('webhook_deliveries')
    .values(
      Array.from({ length: maxKept }, (_, index) => ({
        id: idAt(clock()),
        webhook_id: hook.id,
        message_id: `msg_${index}`,
        event: 'webhook.test',
        body: '{}',
        attempts: '[]',
        attempts_left: 0,
        next_at: null,
        created_at: clock(),
        delivered_at: clock(),
      })),
    )
    .execute()
  await raise()
  await raise()
  const { count } = await app.store.activity
    .selectFrom('webhook_deliveries')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, maxKept)
  assert.equal((await deliveries())[0]?.event, 'credential.unused')
  await call('DELETE', path(acme, `/${hook.id}`))
  assert.deepEqual(await app.store.activity.selectFrom('webhook_deliveries').select('id').execute(), [])
  await raise()
  await app.sender.run()
  assert.deepEqual(there.received, [])
})
