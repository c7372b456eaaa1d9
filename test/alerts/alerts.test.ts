// Alerts: raised once from what the tables tell, told to those whom they concern, chosen and dismissed by those who may.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { day, hour } from '../../src/alerts/watch/watch.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const scene = async (t: TestContext) => {
  const clock = stoppedClock('2027-03-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const acme = await world(launched)
  const { app, operate } = launched
  return {
    ...launched,
    clock,
    acme,
    path: `/organizations/${acme.organization}`,
    look: () => app.watcher.run(clock()),
    kinds: async () =>
      (await app.store.activity.selectFrom('alerts').selectAll().orderBy('id').execute()).map(({ kind }) => kind),
    mails: async () => (await app.store.activity.selectFrom('outbox').select('id').execute()).length,
    change: (body: object) => operate('PATCH', `/organizations/${acme.organization}/alert-settings`, body),
  }
}

test('an end is told of when it is 14 and 3 days off and when it comes, each once', async (t) => {
  const { acme, clock, look, kinds, mails } = await scene(t)
  await acme.key({ expires_in: 20 * 86_400 })
  await acme.token({ expires_in: 20 * 86_400 })
  const counts: number[] = []
  for (const days of [5, 1, 10, 2, 2]) {
    clock.advance(days * day)
    for (let times = 0; times < 2; times++) await look()
    counts.push((await kinds()).length)
  }
  assert.deepEqual(counts, [0, 2, 2, 4, 6])
  assert.ok((await kinds()).every((kind) => kind === 'credential.expiring'))
  assert.equal(await mails(), 6)
})

test('what nobody uses, a new network, and a burst of refusals', async (t) => {
  const { acme, app, clock, look, kinds } = await scene(t)
  clock.at = Date.now() // ids of credentials are of the real time
  const { id } = await acme.key()
  clock.advance(91 * day)
  const { activity } = app.store
  const sighting = (value: string, first_at: number) =>
    activity
      .insertInto('sightings')
      .values({ credential_id: id, kind: 'network', value, first_at, last_at: first_at, count: 1 })
      .execute()
  await sighting('192.0.2.0/24', clock() - 3 * day)
  await sighting('198.51.100.0/24', clock() - hour)
  const bucket = Math.floor(clock() / hour) * hour
  const counted = { owner_id: acme.organization, width: 'hour' as const, bucket, api: 'multi', environment: 'live' }
  await activity
    .insertInto('usage_totals')
    .values([
      { ...counted, code: 'valid', count: 50, units: 50 },
      { ...counted, code: 'insufficient_scope', count: 150, units: 0 },
    ])
    .execute()
  await look()
  await look()
  assert.deepEqual((await kinds()).toSorted(), ['credential.new_network', 'credential.unused', 'requests.failing'])
})

test('an organization chooses what it is told of, and by e-mail; a dismissed alert is gone from the list', async (t) => {
  const { acme, clock, look, kinds, mails, change, operate, path } = await scene(t)
  clock.at = Date.now()
  await acme.key()
  await change({ kinds: [{ kind: 'credential.unused', raised: false }] })
  clock.advance(91 * day)
  await look()
  assert.deepEqual(await kinds(), [])
  await change({ kinds: [{ kind: 'credential.unused', raised: true, email: false }] })
  await look()
  assert.deepEqual([await kinds(), await mails()], [['credential.unused'], 0])
  await assert.rejects(change({ kinds: [{ kind: 'credential.leaked', raised: false }] }), /400/)
  const open = async () => (await operate<{ data: { id: string }[] }>('GET', `${path}/alerts`)).data
  const [alert] = await open()
  await operate('POST', `${path}/alerts/${alert?.id}/dismiss`)
  assert.deepEqual(await open(), [])
  assert.equal((await operate<{ data: object[] }>('GET', `${path}/alerts?status=dismissed`)).data.length, 1)
})
