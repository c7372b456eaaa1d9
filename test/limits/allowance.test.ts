// Limits are decided together, spent from slices, and never overspent by any number of processes.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Allowance } from '../../src/limits/allowance.ts'
import type { AppliedLimit } from '../../src/limits/policy.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const start = Date.parse('2026-03-10T12:00:00.400Z')
const window = (limit: number, period = 60): AppliedLimit => ({
  policy: { name: 'window', per: 'credential', limit, period },
  limit,
  counter: 'api|window|live|key',
})
const month = (limit: number): AppliedLimit => ({
  policy: { name: 'month', per: 'organization', limit, period: 'month' },
  limit,
  counter: 'api|month|live|organization',
})

const open = async (t: TestContext, count = 1): Promise<{ stores: Store[]; allowances: Allowance[] }> => {
  const folder = temporaryFolder(t)
  const stores: Store[] = []
  for (let i = 0; i < count; i++) stores.push(await openSqlite(folder))
  t.after(() => Promise.all(stores.map((store) => store.close())))
  return { stores, allowances: stores.map((store) => new Allowance(store.counters)) }
}

const spendAll = async (allowance: Allowance, limits: AppliedLimit[], now: number, tries: number): Promise<number> => {
  let allowed = 0
  for (let i = 0; i < tries; i++) if (!(await allowance.spend(limits, 1, now)).refused) allowed++
  return allowed
}

test('one process gives out exactly the limit, counts down by one, and begins again at the end of the window', async (t) => {
  const { allowances } = await open(t)
  const allowance = allowances[0] as Allowance
  for (let used = 1; used <= 100; used++) {
    const { refused, states } = await allowance.spend([window(100)], 1, start + used)
    assert.equal(refused, undefined)
    assert.equal(states[0]?.remaining, 100 - used)
    assert.equal(states[0]?.resetAt, start + 1 + 60_000, 'the window runs from its first request')
  }
  const { refused } = await allowance.spend([window(100)], 1, start + 60_000)
  assert.equal(refused?.remaining, 0)
  assert.equal((await allowance.spend([window(100)], 1, start + 60_001)).refused, undefined)
})

test('a refused request spends nothing of any limit, whichever of them refuses', async (t) => {
  const { allowances } = await open(t)
  const allowance = allowances[0] as Allowance
  assert.equal(await spendAll(allowance, [month(50), window(10)], start, 20), 10)
  assert.equal((await allowance.peek([month(50)], start))[0]?.remaining, 40)
  assert.equal(await spendAll(allowance, [month(50), window(1000)], start + 60_000, 60), 40)
  const [, state] = await allowance.peek([month(50), window(1000)], start + 60_000)
  assert.equal(state?.remaining, 960, 'the window has paid for those let in and for no other')
})

test('a cost beyond what remains is refused whole; one that fits is still let in', async (t) => {
  const { allowances } = await open(t)
  const allowance = allowances[0] as Allowance
  assert.equal((await allowance.spend([window(100)], 70, start)).refused, undefined)
  assert.notEqual((await allowance.spend([window(100)], 31, start)).refused, undefined)
  const { refused, states } = await allowance.spend([window(100)], 30, start)
  assert.equal(refused, undefined)
  assert.equal(states[0]?.remaining, 0)
})

test('a tier change keeps the count, up and down', async (t) => {
  const { allowances } = await open(t)
  const allowance = allowances[0] as Allowance
  assert.equal(await spendAll(allowance, [month(100)], start, 80), 80)
  assert.notEqual((await allowance.spend([month(50)], 1, start)).refused, undefined)
  const { refused, states } = await allowance.spend([month(1000)], 1, start)
  assert.equal(refused, undefined)
  assert.equal(states[0]?.remaining, 1000 - 81)
})

test('a month begins with the calendar, in UTC', async (t) => {
  const { allowances } = await open(t)
  const allowance = allowances[0] as Allowance
  const { states } = await allowance.spend([month(10)], 10, start)
  assert.equal(states[0]?.resetAt, Date.parse('2026-04-01T00:00:00Z'))
  assert.notEqual((await allowance.spend([month(10)], 1, Date.parse('2026-03-31T23:59:59.999Z'))).refused, undefined)
  assert.equal((await allowance.spend([month(10)], 1, Date.parse('2026-04-01T00:00:00Z'))).refused, undefined)
})

test('a clean stop gives back what is left; a killed process forfeits no more than its slice', async (t) => {
  const { stores, allowances } = await open(t)
  const [store] = stores as [Store]
  await spendAll(allowances[0] as Allowance, [window(100)], start, 13)
  await (allowances[0] as Allowance).close()
  assert.equal((await store.counters.peek({ counter: window(100).counter, period: 60_000 }, start)).taken, 13)
  const killed = new Allowance(store.counters) // never closed
  await spendAll(killed, [window(100)], start, 1)
  const next = new Allowance(store.counters)
  const allowed = await spendAll(next, [window(100)], start + 1, 200)
  assert.ok(allowed <= 86 && allowed >= 86 - 9, `${allowed} were let in after 14`)
})

test('property: several processes together never pass the limit, and leave at most a fifth of it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 2, max: 5 }),
      fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 7 })), { minLength: 50, maxLength: 400 }),
      async (limit, processes, requests) => {
        const { allowances } = await open(t, processes)
        let spent = 0
        for (const [who, cost] of requests) {
          const { refused } = await (allowances[who % processes] as Allowance).spend([window(limit)], cost, start)
          if (!refused) spent += cost
        }
        assert.ok(spent <= limit, `${spent} of ${limit}`)
        // from here on one of them asks for the rest, one by one
        spent += await spendAll(allowances[0] as Allowance, [window(limit)], start + 1000, limit + 1)
        assert.ok(spent <= limit, `${spent} of ${limit}`)
        assert.ok(spent >= limit - Math.floor(limit / 5), `only ${spent} of ${limit}`)
      },
    ),
    { numRuns: 12 },
  )
})

test('idle slices of a month go back after a minute, those of an ended window are forgotten', async (t) => {
  const { stores, allowances } = await open(t)
  const [store] = stores as [Store]
  const allowance = allowances[0] as Allowance
  await allowance.spend([month(10_000), window(100)], 1, start)
  assert.equal((await store.counters.peek({ counter: month(1).counter, period: 'month' }, start)).taken, 100)
  await allowance.sweep(start + 61_000)
  assert.equal((await store.counters.peek({ counter: month(1).counter, period: 'month' }, start)).taken, 1)
  assert.equal((await allowance.spend([month(10_000)], 1, start + 62_000)).states[0]?.remaining, 9_998)
})

test('a store that fails late fails all who wait for the same slice at once, and the next is taken anew', async (t) => {
  const { stores } = await open(t)
  const { counters } = stores[0] as Store
  let asked = 0
  let fails = true
  const allowance = new Allowance({
    ...counters,
    take: async (take, now) => {
      asked += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (fails) throw new Error('the store hangs')
      return counters.take(take, now)
    },
  })
  const together = () =>
    Promise.allSettled(Array.from({ length: 50 }, async () => allowance.spend([window(100)], 1, start)))
  const settled = await together()
  assert.ok(settled.every((one) => one.status === 'rejected' && /hangs/.test(String(one.reason))))
  assert.equal(asked, 1)
  fails = false
  assert.ok((await together()).every((one) => one.status === 'fulfilled' && one.value.refused === undefined))
})
