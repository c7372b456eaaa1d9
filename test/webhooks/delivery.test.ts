// Standard Webhooks 1.0.0: signed messages, tried again with growing pauses, redeliverable, and given up after days of failure.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { giveUpAfterMs } from '../../src/webhooks/schedule.ts'
import { Sender } from '../../src/webhooks/sender.ts'
import { pino } from 'pino'
import { type Received, answering, receiver } from './receiver.ts'
import { path, scene } from './scene.ts'

const minute = 60_000
const hour = 60 * minute

/** Throws unless the library of the specification's authors takes the message; it looks at the time of its own clock. */
const verified = (t: TestContext, secret: string, message: Received, at: number): unknown => {
  t.mock.timers.enable({ apis: ['Date'], now: at })
  try {
    return new Webhook(secret).verify(message.body, message.headers)
  } finally {
    t.mock.timers.reset()
  }
}

test('an alert is sent, signed so that an independent implementation takes it', async (t) => {
  const { app, clock, acme, there, hook, raise, deliveries, config } = await scene(t)
  assert.match(hook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  await raise()
  await app.sender.run()
  const [message] = there.received
  assert.ok(message && there.received.length === 1)
  assert.deepEqual(
    [message.method, message.url, message.headers['content-type']],
    ['POST', '/hook?from=latchkey', 'application/json'],
  )
  assert.equal(message.headers['webhook-timestamp'], String(Math.floor(clock() / 1000)))
  const payload = verified(t, hook.secret, message, clock())
  const [alert] = await app.store.activity.selectFrom('alerts').selectAll().execute()
  assert.equal(message.headers['webhook-id'], `msg_${alert?.id}`)
  assert.deepEqual(payload, {
    type: 'credential.unused',
    timestamp: '2027-03-01T12:00:00.000Z',
    data: {
      id: alert?.id,
      organization_id: acme.organization,
      subject_kind: 'api_key',
      subject_id: 'a-key',
      title: 'API key “CI” has not been used for 90 days',
      advice:
        'It was never used. A credential that nobody needs can only be stolen: revoke it, or keep it if it is for a rare purpose.',
      detail: { name: 'CI', hint: 'sk_…abcd', days: 90, last_used_at: null },
      url: `${config.issuer}/organizations/${acme.organization}/settings/api-keys`,
    },
  })
  assert.throws(() => verified(t, hook.secret, { ...message, body: `${message.body} ` }, clock()))
  assert.throws(() => verified(t, 'whsec_AAAA', message, clock()))
  const [delivery] = await deliveries()
  assert.deepEqual(
    [delivery?.state, delivery?.event, delivery?.attempts.map(({ status, failure }) => [status, failure])],
    ['delivered', 'credential.unused', [[204, null]]],
  )
})

test('what fails is tried again, later and later, under the same id, until it succeeds', async (t) => {
  const { app, clock, there, hook, raise, deliveries, call, acme } = await scene(t)
  there.answer = answering(500)
  await raise()
  await app.sender.run()
  await app.sender.run()
  assert.equal(there.received.length, 1, 'not at once')
  let [delivery] = await deliveries()
  assert.deepEqual(
    [delivery?.state, delivery?.attempts.map(({ status, failure }) => [status, failure])],
    ['pending', [[500, 'the answer was 500']]],
  )
  assert.notEqual((await call('GET', path(acme, `/${hook.id}`))).failing_since, null)
  const pauses: number[] = []
  for (let attempt = 2; attempt <= 6; attempt++) {
    const next = Date.parse(delivery?.next_attempt_at ?? '')
    pauses.push(next - clock())
    clock.at = next - 1
    await app.sender.run()
    assert.equal(there.received.length, attempt - 1, 'not a moment before')
    clock.at = next
    if (attempt === 6) there.answer = answering(200)
    await app.sender.run()
    assert.equal(there.received.length, attempt)
    ;[delivery] = await deliveries()
  }
  assert.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  )
  for (const [index, pause] of [10_000, minute, 6 * minute, 30 * minute, 2 * hour].entries())
    assert.ok(Math.abs((pauses[index] ?? 0) / pause - 1) <= 0.15, `${pauses[index]} is about ${pause}`)
  assert.equal(delivery?.state, 'delivered')
  assert.equal(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(
    new Set(there.received.map(({ headers }) => headers['webhook-signature'])).size,
    6,
    'signed anew each time',
  )
  verified(t, hook.secret, there.received.at(-1) as Received, clock())
  assert.equal((await call('GET', path(acme, `/${hook.id}`))).failing_since, null)
})

test('after eight attempts in some 28 hours it is over, and can be sent again by hand', async (t) => {
  const { app, clock, there, raise, deliveries, call, acme, hook } = await scene(t)
  there.answer = answering(302, { location: '/elsewhere' })
  await raise()
  const begun = clock()
  for (let round = 0; round < 20; round++) {
    await app.sender.run()
    const [delivery] = await deliveries()
    if (delivery?.next_attempt_at == null) break
    clock.at = Date.parse(delivery.next_attempt_at)
  }
  assert.equal(there.received.length, 8)
  assert.ok(
    there.received.every(({ url }) => url === '/hook?from=latchkey'),
    'no redirect is followed',
  )
  assert.ok(clock() - begun > 23 * hour && clock() - begun < 32 * hour)
  const [delivery] = await deliveries()
  assert.deepEqual([delivery?.state, delivery?.attempts.length], ['failed', 8])
  there.answer = answering(201)
  clock.advance(hour)
  const at = path(acme, `/${hook.id}/deliveries/${delivery?.id}`)
  await call('POST', `${at}/redeliver`)
  await app.sender.run()
  const after = await call<{ state: string; attempts: object[]; body: string }>('GET', at)
  assert.deepEqual([after.state, after.attempts.length], ['delivered', 9])
  assert.equal(after.body, there.received.at(-1)?.body)
  assert.equal(there.received.at(-1)?.headers['webhook-id'], delivery?.message_id)
})

test('a receiver may ask for a longer pause, within reason', async (t) => {
  const { app, clock, there, raise, deliveries } = await scene(t)
  const pause = async (header: string): Promise<number> => {
    there.answer = answering(503, { 'retry-after': header })
    await raise()
    await app.sender.run()
    return Date.parse((await deliveries())[0]?.next_attempt_at ?? '') - clock()
  }
  assert.equal(await pause('600'), 600_000)
  assert.equal(Math.ceil((await pause(new Date(clock() + 900_000).toUTCString())) / 1000), 900)
  assert.equal(await pause('999999999'), 6 * hour)
  assert.ok((await pause('1')) >= 8500)
  assert.ok((await pause('soon')) < minute)
})

test('both secrets sign during an overlap, and the former no longer after it', async (t) => {
  const { app, clock, there, hook, raise, call, acme } = await scene(t)
  const rotated = await call('POST', path(acme, `/${hook.id}/rotate-secret`), { overlap_seconds: 3600 })
  assert.notEqual(rotated.secret, hook.secret)
  assert.equal(rotated.former_secret_until, '2027-03-01T13:00:00.000Z')
  await raise()
  await app.sender.run()
  const [first] = there.received
  assert.ok(first)
  assert.equal(first.headers['webhook-signature']?.split(' ').length, 2)
  for (const { secret } of [hook, rotated]) verified(t, secret, first, clock())
  clock.advance(hour)
  await raise()
  await app.sender.run()
  const last = there.received.at(-1) as Received
  verified(t, rotated.secret, last, clock())
  assert.throws(() => verified(t, hook.secret, last, clock()))
})

test('only what was chosen is sent, and nothing to a webhook that is off', async (t) => {
  const { app, there, raise, call, acme, hook, deliveries, refused } = await scene(t, {}, { events: ['quota.warning'] })
  await raise()
  await app.sender.run()
  assert.deepEqual(there.received, [])
  await call('PATCH', path(acme, `/${hook.id}`), { events: ['credential.unused', 'quota.warning'] })
  await raise()
  await app.sender.run()
  assert.equal(there.received.length, 1)
  there.answer = answering(500)
  await raise()
  await app.sender.run()
  const off = await call('PATCH', path(acme, `/${hook.id}`), { enabled: false })
  assert.deepEqual([off.disabled_why, off.disabled_at !== null], ['person', true])
  await raise()
  const log = await deliveries()
  assert.equal(log.length, 2, 'nothing is put on its way')
  assert.equal(await refused('POST', path(acme, `/${hook.id}/test`)), '409 conflict')
  assert.equal(await refused('POST', path(acme, `/${hook.id}/deliveries/${log[0]?.id}/redeliver`)), '409 conflict')
  const on = await call('PATCH', path(acme, `/${hook.id}`), { enabled: true })
  assert.deepEqual([on.disabled_why, on.disabled_at, on.failing_since], [null, null, null])
})

test('a test message comes whatever was chosen', async (t) => {
  const { app, clock, there, call, acme, hook } = await scene(t, {}, { events: ['quota.warning'] })
  await call('POST', path(acme, `/${hook.id}/test`))
  await app.sender.run()
  assert.deepEqual(verified(t, hook.secret, there.received[0] as Received, clock()), {
    type: 'webhook.test',
    timestamp: '2027-03-01T12:00:00.000Z',
    data: { organization_id: acme.organization, webhook_id: hook.id },
  })
})

test('after five days without a success it is turned off, and people are told', async (t) => {
  const { app, clock, there, raise, call, acme, hook } = await scene(t)
  there.answer = answering(500)
  await raise()
  await app.sender.run()
  clock.advance(giveUpAfterMs - 1000)
  await app.sender.run()
  assert.equal((await call('GET', path(acme, `/${hook.id}`))).disabled_at, null)
  clock.advance(hour)
  await raise()
  await app.sender.run()
  const off = await call('GET', path(acme, `/${hook.id}`))
  assert.equal(off.disabled_why, 'failing')
  await app.watcher.run(clock())
  const mail = await app.store.activity.selectFrom('outbox').select('id').execute()
  assert.ok(mail.length > 0)
  const { data } = await call<{ data: { kind: string; title: string }[] }>(
    'GET',
    `/organizations/${acme.organization}/alerts?kind=webhook.disabled`,
  )
  assert.deepEqual(
    data.map(({ title }) => title),
    [`The webhook to ${new URL(hook.url).host} was turned off`],
  )
  const trail = await call<{ data: { actor_id: string; detail: object }[] }>(
    'GET',
    `/organizations/${acme.organization}/audit?action=webhook.disabled`,
  )
  assert.deepEqual(
    trail.data.map(({ actor_id, detail }) => [actor_id, detail]),
    [['server', { why: 'failing' }]],
  )
})

test('410 Gone turns it off at once', async (t) => {
  const { app, there, raise, call, acme, hook, deliveries } = await scene(t)
  there.answer = answering(410)
  await raise()
  await app.sender.run()
  assert.equal((await call('GET', path(acme, `/${hook.id}`))).disabled_why, 'gone')
  assert.equal((await deliveries())[0]?.state, 'failed')
})

test('two processes send a message once', async (t) => {
  const { app, config, clock, there, raise } = await scene(t)
  const other = new Sender({
    config,
    store: app.store,
    box: undefined as never,
    log: pino({ level: 'silent' }),
    now: clock,
  })
  for (let count = 0; count < 10; count++) await raise()
  // the other finds whatever this one has not taken; its attempts would throw, for it has no key to any secret
  const both = await Promise.allSettled([app.sender.run(), app.sender.run()])
  assert.ok(both.every(({ status }) => status === 'fulfilled'))
  await other.run()
  assert.equal(there.received.length, 10)
  assert.equal(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size, 10)
})

test('what a process took and did not finish is taken by the next when its lease is over', async (t) => {
  const { app, clock, there, raise, deliveries } = await scene(t)
  await raise()
  await app.store.activity
    .updateTable('webhook_deliveries')
    .set({ next_at: clock() + minute, attempts_left: 7 })
    .execute()
  await app.sender.run()
  assert.equal(there.received.length, 0)
  clock.advance(minute)
  await app.sender.run()
  assert.equal(there.received.length, 1)
  assert.equal((await deliveries())[0]?.state, 'delivered')
})

test('a slow webhook holds up no other', async (t) => {
  const { app, there, raise, call, acme } = await scene(t)
  const quick = await receiver(t)
  await call('POST', path(acme), { url: quick.url })
  let release: (() => void) | undefined
  there.answer = (_request, response) => {
    release = () => void response.writeHead(204).end()
    if (there.received.length > 1) release()
  }
  for (let count = 0; count < 2; count++) await raise()
  const running = app.sender.run()
  while (quick.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(there.received.length, 1)
  release?.()
  await running
  assert.equal(there.received.length, 2)
})
