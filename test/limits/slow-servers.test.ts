// What servers hold of one limit stays within a fifth of it, however slowly they spend it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowance } from '../../src/limits/allowance.ts'
import type { AppliedLimit } from '../../src/limits/policy.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('ten servers with a request now and then leave four fifths of a long window to the one that is busy', async (t) => {
  const folder = temporaryFolder(t)
  const stores = await Promise.all(Array.from({ length: 10 }, () => openSqlite(folder)))
  t.after(() => Promise.all(stores.map((store) => store.close())))
  const servers = stores.map(({ counters }) => new Allowance(counters))
  const limit: AppliedLimit = {
    policy: { name: 'hour', per: 'credential', limit: 1000, period: 3600 },
    limit: 1000,
    counter: 'api|hour|live|key',
  }
  const start = Date.parse('2026-03-10T12:00:00Z')
  let spent = 0
  let now = start
  // each is asked every 50 s, so that none ever lies idle, and sweeps as often as it does by itself
  for (; now < start + 12 * 60_000; now += 10_000) {
    for (const [index, server] of servers.entries()) {
      if ((now - start) % 50_000 === (index % 5) * 10_000 && !(await server.spend([limit], 1, now)).refused) spent++
      await server.sweep(now)
    }
  }
  const busy = servers[0] as Allowance
  while (!(await busy.spend([limit], 1, now)).refused) spent++
  assert.ok(spent >= 800 && spent <= 1000, `${spent} of 1000`)
})
