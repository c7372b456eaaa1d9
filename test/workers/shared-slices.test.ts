// Threads of one server spend from the same slices: seen here as several views of one memory, with a store of their own each.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Allowance } from '../../src/limits/allowance.ts'
import { Holdings } from '../../src/limits/holdings.ts'
import type { AppliedLimit } from '../../src/limits/policy.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Counters } from '../../src/store/store.ts'
import { SharedMemory } from '../../src/threads/memory.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const start = Date.parse('2026-03-10T12:00:00Z')
const windowOf = (counter: string, limit: number): AppliedLimit => ({
  policy: { name: 'window', per: 'credential', limit, period: 60 },
  limit,
  counter,
})
const monthOf = (counter: string, limit: number): AppliedLimit => ({
  policy: { name: 'month', per: 'organization', limit, period: 'month' },
  limit,
  counter,
})

/** Answers as Postgres does: later. */
const later = (counters: Counters): Counters => ({
  ...counters,
  take: async (take, now) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
    const taken = await counters.take(take, now)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
    return taken
  },
})

interface Server {
  memory: SharedMemory
  counters: Counters[]
  threads: Allowance[]
}

/** One server of so many threads. `most`: counters that it holds at once. */
const serverOf = async (
  t: TestContext,
  threads: number,
  { most, folder = temporaryFolder(t), slow = false }: { most?: number; folder?: string; slow?: boolean } = {},
): Promise<Server> => {
  const memory = new SharedMemory(undefined, 1)
  const stores = await Promise.all(Array.from({ length: threads }, () => openSqlite(folder, { holder: memory.server })))
  t.after(() => Promise.all(stores.map((store) => store.close())))
  const counters = stores.map((store) => (slow ? later(store.counters) : store.counters))
  return {
    memory,
    counters,
    threads: counters.map((one, index) => new Allowance(one, () => {}, memory.as(index + 2), most)),
  }
}

const allowed = async (thread: Allowance, limits: AppliedLimit[], now: number, cost = 1): Promise<number> =>
  (await thread.spend(limits, cost, now)).refused ? 0 : cost

test('whichever thread is asked, the count goes down by one', async (t) => {
  const { threads } = await serverOf(t, 3)
  for (let used = 1; used <= 100; used++) {
    const { refused, states } = await (threads[used % 3] as Allowance).spend([windowOf('a', 100)], 1, start)
    assert.equal(refused, undefined)
    assert.equal(states[0]?.remaining, 100 - used)
    assert.equal((await (threads[0] as Allowance).peek([windowOf('a', 100)], start))[0]?.remaining, 100 - used)
  }
  for (const thread of threads) assert.notEqual((await thread.spend([windowOf('a', 100)], 1, start)).refused, undefined)
})

for (const slow of [false, true])
  test(`property: threads give out each limit whole, and no more, ${slow ? 'with slices that take their time' : 'with slices at once'}, also where there is no room for slices`, (t) =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 4 }),
        fc.constantFrom(2, 7, 100),
        fc.array(fc.tuple(fc.nat(3), fc.nat(11), fc.integer({ min: 1, max: 3 })), { minLength: 100, maxLength: 300 }),
        async (count, most, requests) => {
          const { threads } = await serverOf(t, count, { most, slow })
          const spent = new Map<number, number>()
          const month = monthOf('month', 150)
          let ofMonth = 0
          const ask = async (who: number, which: number, cost: number): Promise<void> => {
            const limits = which % 2 === 0 ? [month, windowOf(`w${which}`, 20)] : [windowOf(`w${which}`, 20)]
            const units = await allowed(threads[who % count] as Allowance, limits, start, cost)
            spent.set(which, (spent.get(which) ?? 0) + units)
            if (which % 2 === 0) ofMonth += units
          }
          // many at once
          for (let at = 0; at < requests.length; at += 25)
            await Promise.all(requests.slice(at, at + 25).map(([who, which, cost]) => ask(who, which, cost)))
          for (const [which, units] of spent) assert.ok(units <= 20, `${units} of 20 of ${which}`)
          assert.ok(ofMonth <= 150)
          // and then one by one, until nothing is left
          for (let which = 1; which < 12; which += 2) {
            for (let i = 0; i < 25; i++) await ask(i, which, 1)
            assert.equal(spent.get(which), 20)
          }
          for (let i = 0; i < 160; i++) await ask(i, (i % 6) * 2, 1)
          assert.ok(ofMonth === 150 || [0, 2, 4, 6, 8, 10].every((which) => spent.get(which) === 20))
        },
      ),
      { numRuns: 8 },
    ))

test('what one thread gives back when it stops, another has; nothing is given back twice', async (t) => {
  const { threads, counters } = await serverOf(t, 2)
  const [one, other] = threads as [Allowance, Allowance]
  const limit = windowOf('a', 100)
  for (let i = 0; i < 5; i++) await one.spend([limit], 1, start)
  for (let i = 0; i < 3; i++) await other.spend([limit], 1, start) // from the slice of the first
  await one.close()
  assert.equal((await (counters[0] as Counters).peek({ counter: 'a', period: 60_000 }, start)).taken, 8)
  await other.close()
  assert.equal((await (counters[0] as Counters).peek({ counter: 'a', period: 60_000 }, start)).taken, 8)
  let rest = 0
  for (let i = 0; i < 200; i++) rest += await allowed(other, [limit], start)
  assert.equal(rest, 92)
})

test('a slice that is on its way when its period ends is not put to the next one, which is given out whole', async (t) => {
  const { memory, counters, threads } = await serverOf(t, 2)
  const [, other] = threads as [Allowance, Allowance]
  const limit = windowOf('a', 100)
  for (let i = 0; i < 10; i++) assert.equal(await allowed(other, [limit], start), 1)
  const { promise: answers, resolve: answer } = Promise.withResolvers<void>()
  const slow = new Allowance(
    {
      ...(counters[0] as Counters),
      take: async (take, now) => {
        const taken = await (counters[0] as Counters).take(take, now)
        await answers
        return taken
      },
    },
    () => {},
    memory.as(77),
  )
  const [before, after] = [start + 59_999, start + 60_000]
  const last = slow.spend([limit], 1, before)
  const first = Promise.resolve(other.spend([limit], 1, after))
  assert.equal(await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]), 'waits')
  answer()
  assert.equal((await last).refused, undefined)
  assert.equal((await first).refused, undefined)
  let given = 1
  for (let i = 0; i < 200; i++) given += await allowed(other, [limit], after)
  assert.equal(given, 100)
})

test('a thread that dies with a slice on its way holds nobody up, and its server goes on spending what it left', async (t) => {
  const folder = temporaryFolder(t)
  const { memory, counters, threads } = await serverOf(t, 2, { folder })
  const [, other] = threads as [Allowance, Allowance]
  const stuck = new Allowance(
    { ...(counters[0] as Counters), take: () => new Promise(() => {}) },
    () => {},
    memory.as(77),
  )
  const limit = windowOf('a', 20)
  void stuck.spend([limit], 1, start)
  const waiting = other.spend([limit], 1, start)
  assert.ok(waiting instanceof Promise)
  assert.equal(await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]), 'waits')
  memory.forget(77)
  new Holdings(memory).forget(77)
  assert.equal((await waiting).refused, undefined)
  let rest = 0
  for (let i = 0; i < 50; i++) rest += await allowed(other, [limit], start)
  assert.equal(rest, 19)
})

test('a thread that dies under a lock is let go of', async (t) => {
  const { memory, threads } = await serverOf(t, 1)
  const limit = windowOf('a', 20)
  const dead = new Holdings(memory.as(77))
  dead.lock([limit])
  setTimeout(() => memory.forget(77), 0)
  // a thread waits for a lock asleep: so that it is let go of at all, another must do it
  const { Worker } = await import('node:worker_threads')
  const helper = new Worker(
    `const { workerData } = require('node:worker_threads')
    import(workerData.module).then(({ SharedMemory }) => setTimeout(() => new SharedMemory(workerData.buffer, 5).forget(77), 100))`,
    {
      eval: true,
      workerData: { buffer: memory.buffer, module: new URL('../../src/threads/memory.ts', import.meta.url).href },
    },
  )
  assert.equal(await allowed(threads[0] as Allowance, [limit], start), 1)
  await helper.terminate()
})
