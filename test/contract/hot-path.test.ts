// The hot path writes nothing per request: slices are taken ahead, last uses are noted and written in batches.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { launch, stoppedClock, world } from '../harness.ts'

/** Counts commits of other connections to a file. */
const commits = (t: { after: (work: () => void) => void }, file: string): (() => unknown) => {
  const database = new DatabaseSync(file, { readOnly: true })
  t.after(() => database.close())
  const version = database.prepare('PRAGMA data_version')
  return () => version.get()?.data_version
}

test('requests that are let in or refused commit nothing but slices, one for a tenth of the window', async (t) => {
  const launched = await launch(t, {
    now: stoppedClock('2026-05-05T00:00:00Z'),
    file: {
      apis: {
        free: { hosts: ['free.test'], upstream: 'echo', limits: [] },
        counted: {
          hosts: ['counted.test'],
          upstream: 'echo',
          limits: [{ name: 'window', per: 'credential', limit: 1000, period: 3600 }],
        },
      },
    },
  })
  const acme = await world(launched)
  const { key } = await acme.key()
  const revoked = await acme.key()
  await launched.operate('DELETE', `/api-keys/${revoked.id}`)
  const main = commits(t, join(launched.folder, 'latchkey.db'))
  const activity = commits(t, join(launched.folder, 'activity.db'))
  const before = [main(), activity()]
  const ask = async (host: string, as: string, times: number) => {
    let allowed = 0
    for (let i = 0; i < times; i++) if ((await launched.ask('GET', '/', { host, as })).statusCode === 200) allowed++
    return allowed
  }
  assert.equal(await ask('free.test', key, 500), 500)
  assert.equal(await ask('free.test', revoked.key, 200), 0)
  assert.equal(await ask('free.test', 'nonsense', 200), 0)
  await launched.operate('POST', '/verify', { credential: key, api: 'counted', dry_run: true })
  assert.deepEqual([main(), activity()], before, 'not one commit in 901 requests')

  const taken = t.mock.method(launched.app.store.counters, 'take')
  assert.equal(await ask('counted.test', key, 1100), 1000)
  assert.equal(main(), before[0])
  assert.ok(taken.mock.callCount() <= 12, `${taken.mock.callCount()} slices for 1,000 units and 100 refusals`)
})

test('last use: of what was let in alone, never moved back, told once it is written', async (t) => {
  const clock = stoppedClock('2026-05-05T10:00:00.123Z')
  const file = {
    apis: {
      one: {
        hosts: ['one.test'],
        upstream: 'echo',
        requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
        limits: [{ name: 'window', per: 'credential' as const, limit: 2, period: 60 }],
      },
    },
  }
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const used = await acme.key({ scopes: 'read' })
  const refused = await acme.key({ scopes: 'read' })
  const token = await acme.token()
  const client = await acme.client()
  const issued = (
    await launched.ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret },
    })
  ).json<{ access_token: string }>().access_token
  const get = (as: string, method = 'GET') => launched.ask(method, '/', { host: 'one.test', as })
  for (const as of [used.key, used.key, token.token, issued]) assert.equal((await get(as)).statusCode, 200)
  assert.equal((await get(refused.key, 'DELETE')).statusCode, 403)
  clock.advance(1000)
  assert.equal((await get(used.key)).statusCode, 429)
  await launched.app.close() // as a clean stop does, and a timer every 15 seconds
  const again = await launch(t, { file, folder: launched.folder, now: clock })
  const lastUsed = async (path: string) =>
    (await again.operate<{ last_used_at: string | null }>('GET', path)).last_used_at
  assert.equal(await lastUsed(`/api-keys/${used.id}`), '2026-05-05T10:00:00.123Z', 'a 429 is no use')
  assert.equal(await lastUsed(`/api-keys/${refused.id}`), null, 'never used')
  assert.equal(await lastUsed(`/tokens/${token.id}`), '2026-05-05T10:00:00.123Z')
  assert.equal(await lastUsed(`/clients/${client.client_id}`), '2026-05-05T10:00:00.123Z')
  await again.app.store.recordLastUse(new Map([[used.id, Date.parse('2026-01-01T00:00:00Z')]]))
  assert.equal(await lastUsed(`/api-keys/${used.id}`), '2026-05-05T10:00:00.123Z')
})
