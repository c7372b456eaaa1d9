// Counts of use: exact over processes that stop cleanly, at most the last batch short after a kill, and in bounded room whatever comes.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Api } from '../../src/config/config.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { Usage } from '../../src/usage/usage.ts'
import type { Decision } from '../../src/verify/decision.ts'
import { type Running, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const configuration = `export default {
  apis: { zones: { profile: 'smoxy', hosts: ['localhost'], path: '/zones', upstream: 'echo', accepts: ['personal_access_token'],
    limits: [{ name: 'window', per: 'credential', limit: 100, period: 3600 }] } },
}
`

const prepare = async (folder: string) => {
  const env = { LATCHKEY_CONFIG: join(folder, 'latchkey.config.ts') }
  writeFileSync(env.LATCHKEY_CONFIG, configuration)
  const { userId } = await makeOwner(folder)
  const create = ['tokens', 'create', '--user-id', userId, '--name', 'T', '--all-organizations'] as const
  const { token } = await commandJson<{ token: string }>(folder, ...create)
  return { env, token }
}

/** Statuses of so many requests at once. */
const burst = async (server: Running, token: string, count: number): Promise<number[]> =>
  Promise.all(
    Array.from(
      { length: count },
      async () => (await server.ask('GET', '/zones', { headers: { 'x-api-token': token } })).status,
    ),
  )

const of = (statuses: readonly number[], status: number): number => statuses.filter((each) => each === status).length

const stored = async (folder: string) => {
  const store = await openSqlite(folder)
  const rows = await store.activity.selectFrom('usage').selectAll().where('api', '=', 'zones').execute()
  const totals = await store.activity.selectFrom('usage_totals').selectAll().where('api', '=', 'zones').execute()
  await store.close()
  const sumOf = (from: readonly { width: string; code: string; count: number }[], width: string, code: string) =>
    from.filter((row) => row.width === width && row.code === code).reduce((sum, { count }) => sum + count, 0)
  return (code: string) => [
    ...new Set([
      sumOf(rows, 'hour', code),
      sumOf(rows, 'day', code),
      sumOf(totals, 'hour', code),
      sumOf(totals, 'day', code),
    ]),
  ]
}

test('two processes count into one store, and their sums are exact once they have stopped', async (t) => {
  const folder = temporaryFolder(t)
  const { env, token } = await prepare(folder)
  const servers = [await startServer(t, folder, env), await startServer(t, folder, env)] as const
  const statuses = (
    await Promise.all([burst(servers[0], token, 90), burst(servers[1], token, 90), burst(servers[0], 'unknown', 20)])
  ).flat()
  await Promise.all(servers.map((server) => server.end('SIGTERM')))
  const count = await stored(folder)
  assert.deepEqual(count('valid'), [of(statuses, 200)])
  assert.deepEqual(count('rate_limit_exceeded'), [of(statuses, 429)])
  assert.deepEqual(count('invalid_api_key'), [20])
})

test('a kill costs the last batch of counts at most, and of the limit nothing', async (t) => {
  const folder = temporaryFolder(t)
  const { env, token } = await prepare(folder)
  const first = await startServer(t, folder, env)
  assert.equal(of(await burst(first, token, 30), 200), 30)
  await first.end('SIGTERM')
  const killed = await startServer(t, folder, env)
  const allowed = of(await burst(killed, token, 30), 200)
  await killed.end('SIGKILL')
  const [counted = 0, ...differing] = (await stored(folder))('valid')
  assert.deepEqual(differing, [], 'hours, days and totals agree')
  assert.ok(counted >= 30 && counted <= 30 + allowed, `${counted} of ${30 + allowed}`)
  const last = await startServer(t, folder, env)
  assert.ok(of(await burst(last, token, 100), 200) + allowed + 30 <= 100, 'never overspent')
})

const api = (name: string) => ({ name }) as Api

const ofKey = (id: string, organizationId: string): Decision =>
  ({
    valid: true,
    code: 'valid',
    limits: [],
    principal: { kind: 'api_key', id, organizationId, environment: 'live' },
  }) as unknown as Decision

const ofNobody: Decision = {
  valid: false,
  code: 'invalid_api_key',
  reason: { check: 'look-up', detail: 'There is no such credential here.' },
  limits: [],
}

test('100,000 unknown credentials and 50,000 keys at once take bounded room, and every request is counted', async (t) => {
  const store = await openSqlite(temporaryFolder(t))
  t.after(() => store.close())
  const now = Date.parse('2026-05-05T10:20:00Z')
  const usage = new Usage(store, now)
  const zones = api('zones')
  const caller = (index: number) => ({
    ip: `203.0.${index % 250}.${index % 199}`,
    userAgent: `agent-${index}/1`,
    method: 'GET',
    path: `/zones-${index % 90}/${index}`,
    requestId: 'request',
  })
  for (let index = 0; index < 100_000; index++)
    usage.observe(zones, ofNobody, { credential: `unknown-${index}`, caller: caller(index) }, now)
  for (let index = 0; index < 50_000; index++)
    usage.observe(
      zones,
      ofKey(`key-${index}`, `organization-${index % 7}`),
      { credential: '', caller: caller(index) },
      now,
    )
  await usage.flush(now)
  const { activity } = store
  const hours = await activity
    .selectFrom('usage')
    .select(['owner_id', 'credential_id', 'count'])
    .where('width', '=', 'hour')
    .execute()
  assert.ok(hours.length <= 25_000, `${hours.length} counts`)
  const sumOf = (rows: readonly { count: number }[]) => rows.reduce((sum, { count }) => sum + count, 0)
  assert.equal(sumOf(hours), 150_000)
  assert.equal(sumOf(hours.filter(({ owner_id }) => owner_id === '')), 100_000)
  assert.ok(hours.some(({ owner_id, credential_id }) => owner_id !== '' && credential_id === ''))
  const rowsOf = async (table: 'sightings' | 'decisions') =>
    (
      await activity
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('rows'))
        .executeTakeFirstOrThrow()
    ).rows
  assert.ok((await rowsOf('sightings')) <= 50_000)
  assert.ok((await rowsOf('decisions')) <= 400)
})

test('a person’s token that reaches thousands of organizations is looked for in bounded time', async (t) => {
  const store = await openSqlite(temporaryFolder(t))
  t.after(() => store.close())
  const now = Date.parse('2026-05-05T10:20:00Z')
  const usage = new Usage(store, now)
  const zones = api('zones')
  for (let round = 0; round < 2; round++)
    for (let index = 0; index < 4_000; index++)
      usage.observe(zones, ofKey('one-token', `organization-${index}`), { credential: '' }, now)
  await usage.flush(now)
  const rows = await store.activity
    .selectFrom('usage')
    .select(['owner_id', 'credential_id', 'count'])
    .where('width', '=', 'hour')
    .execute()
  assert.equal(rows.length, 4_000, 'each organization has its own count')
  assert.ok(rows.every(({ count }) => count === 2))
  assert.ok(rows.filter(({ credential_id }) => credential_id !== '').length <= 32)
})

test('what cannot be written is kept and written later, once', async (t) => {
  const store = await openSqlite(temporaryFolder(t))
  t.after(() => store.close())
  const now = Date.parse('2026-05-05T10:59:59.500Z')
  const usage = new Usage(store, now)
  usage.observe(api('zones'), ofKey('key', 'organization'), { credential: '' }, now)
  const failing = t.mock.method(store.activity, 'insertInto', () => {
    throw new Error('the disk is full')
  })
  await assert.rejects(usage.flush(now), /disk is full/)
  usage.observe(api('zones'), ofKey('key', 'organization'), { credential: '' }, now + 1_000)
  await usage.tick(now + 2_000) // lets a store that failed alone for a while
  assert.equal(failing.mock.callCount(), 1)
  failing.mock.restore()
  await usage.tick(now + 20_000)
  for (const table of ['usage', 'usage_totals'] as const) {
    const rows = await store.activity
      .selectFrom(table)
      .select(['width', 'bucket', 'count'])
      .orderBy('width')
      .orderBy('bucket')
      .execute()
    assert.deepEqual(
      rows.map(({ width, bucket, count }) => `${width} ${new Date(bucket).toISOString().slice(0, 13)} ${count}`),
      ['day 2026-05-05T00 2', 'hour 2026-05-05T10 1', 'hour 2026-05-05T11 1'],
      table,
    )
  }
})

test('where the latest decisions cannot be written, the counts are; and no room is taken without end', async (t) => {
  const store = await openSqlite(temporaryFolder(t))
  t.after(() => store.close())
  const now = Date.parse('2026-05-05T10:20:00Z')
  const usage = new Usage(store, now)
  const insert = store.notes.insertInto.bind(store.notes)
  const refused = new Set(['decisions'])
  t.mock.method(store.notes, 'insertInto', (table: Parameters<typeof insert>[0]) => {
    if (refused.has(table)) throw new Error('the disk is full')
    return insert(table)
  })
  const observe = (index: number): void =>
    usage.observe(api('zones'), ofKey(`key-${index}`, 'organization'), { credential: '' }, now)
  const counted = async (): Promise<number> =>
    (
      await store.activity
        .selectFrom('usage')
        .select(({ fn }) => fn.sum<number>('count').as('count'))
        .where('width', '=', 'hour')
        .executeTakeFirstOrThrow()
    ).count
  observe(0)
  await assert.rejects(usage.flush(now), /disk is full/)
  assert.equal(await counted(), 1)
  // an outage of everything: of 300,000 counts the latest are kept
  refused.add('usage')
  for (let round = 0; round < 15; round++) {
    for (let index = 0; index < 20_000; index++) observe(index)
    await assert.rejects(usage.flush(now), /disk is full/)
  }
  refused.clear()
  await usage.flush(now)
  const kept = await counted()
  assert.ok(kept > 20_000 && kept <= 100_000, `${kept} were kept`)
})
