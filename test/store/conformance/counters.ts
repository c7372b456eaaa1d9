// Counters: slices of a period's units, taken all or nothing.
import assert from 'node:assert/strict'
import type { Store, Take, Taken } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import { at } from '../rows.ts'

const window: Take = { counter: 'api/window/key-1', period: 60_000, limit: 100, needed: 1, wanted: 1 }
const month: Take = { ...window, counter: 'api/month/org-1', period: 'month' }
const monthStart = Date.UTC(2026, 10)
const nextMonth = Date.UTC(2026, 11)

const take = async (store: Store, given: Take, now: number): Promise<Taken> => store.counters.take(given, now)
const taken = async (store: Store, given: Take, now: number): Promise<number> =>
  (await store.counters.peek(given, now)).taken

export const counters: readonly Requirement[] = [
  [
    'a window begins with the first take, counts, and is over at its end',
    async (database) => {
      const store = await database.open()
      assert.deepEqual(await store.counters.peek(window, at), {
        granted: 0,
        taken: 0,
        periodStart: at,
        periodEnd: at + 60_000,
      })
      assert.deepEqual(await take(store, window, at + 5_000), {
        granted: 1,
        taken: 1,
        periodStart: at + 5_000,
        periodEnd: at + 65_000,
      })
      assert.deepEqual(await take(store, { ...window, needed: 3, wanted: 3 }, at + 64_999), {
        granted: 3,
        taken: 4,
        periodStart: at + 5_000,
        periodEnd: at + 65_000,
      })
      assert.deepEqual(await store.counters.peek(window, at + 64_999), {
        granted: 0,
        taken: 4,
        periodStart: at + 5_000,
        periodEnd: at + 65_000,
      })
      assert.deepEqual(await store.counters.peek(window, at + 65_000), {
        granted: 0,
        taken: 0,
        periodStart: at + 65_000,
        periodEnd: at + 125_000,
      })
      assert.deepEqual(await take(store, window, at + 70_000), {
        granted: 1,
        taken: 1,
        periodStart: at + 70_000,
        periodEnd: at + 130_000,
      })
    },
  ],
  [
    'a take is granted whole or not at all, and a refused one begins no window',
    async (database) => {
      const store = await database.open()
      assert.deepEqual(await take(store, { ...window, needed: 101, wanted: 101 }, at), {
        granted: 0,
        taken: 0,
        periodStart: at,
        periodEnd: at + 60_000,
      })
      assert.equal((await take(store, { ...window, needed: 98, wanted: 98 }, at + 30_000)).periodStart, at + 30_000)
      assert.equal((await take(store, { ...window, needed: 3, wanted: 3 }, at + 30_001)).granted, 0)
      assert.equal(await taken(store, window, at + 30_001), 98)
      assert.equal((await take(store, { ...window, needed: 2, wanted: 50 }, at + 30_002)).granted, 2)
      assert.equal((await take(store, window, at + 30_003)).granted, 0)
      assert.equal(await taken(store, window, at + 30_003), 100)
    },
  ],
  [
    'peek takes nothing',
    async (database) => {
      const store = await database.open()
      await take(store, window, at)
      for (let i = 0; i < 5; i++) assert.equal(await taken(store, window, at + i), 1)
    },
  ],
  [
    'beyond what is needed, all together hold a fifth of the limit at most',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      assert.equal((await take(stores[0], { ...window, wanted: 15 }, at)).granted, 15)
      assert.equal((await take(stores[1], { ...window, wanted: 15 }, at)).granted, 7) // 1 needed, 14 held by the other
      assert.equal((await take(stores[1], { ...window, wanted: 15 }, at)).granted, 7) // its own slice is spent by now
      assert.equal((await take(stores[0], { ...window, wanted: 1 }, at)).granted, 1) // holds nothing now
      assert.equal((await take(stores[1], { ...window, wanted: 50 }, at)).granted, 21)
      assert.equal((await take(stores[0], { ...window, needed: 30, wanted: 40 }, at)).granted, 30)
      assert.equal(await taken(stores[0], window, at), 81)
      const small = { ...window, counter: 'small', limit: 4, wanted: 4 }
      assert.equal((await take(stores[0], small, at)).granted, 1)
    },
  ],
  [
    'a slice that its holder left lying for long no longer counts as held',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      const hour = { ...window, period: 3_600_000, wanted: 21 }
      assert.equal((await take(stores[0], hour, at)).granted, 21)
      assert.equal((await take(stores[1], hour, at + 4 * 60_000)).granted, 1)
      assert.equal((await take(stores[1], hour, at + 6 * 60_000)).granted, 21)
    },
  ],
  [
    'a slice of an ended window no longer counts as held',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      assert.equal((await take(stores[0], { ...window, wanted: 21 }, at)).granted, 21)
      assert.equal((await take(stores[1], { ...window, wanted: 21 }, at + 60_000)).granted, 21)
    },
  ],
  [
    'a month is the calendar month in UTC, and the next begins anew',
    async (database) => {
      const store = await database.open()
      assert.deepEqual(await take(store, { ...month, needed: 60, wanted: 60 }, nextMonth - 1), {
        granted: 60,
        taken: 60,
        periodStart: monthStart,
        periodEnd: nextMonth,
      })
      assert.equal((await take(store, { ...month, needed: 60, wanted: 60 }, nextMonth - 1)).granted, 0)
      assert.deepEqual(await store.counters.peek(month, nextMonth), {
        granted: 0,
        taken: 0,
        periodStart: nextMonth,
        periodEnd: Date.UTC(2027, 0),
      })
      assert.deepEqual(await take(store, { ...month, needed: 60, wanted: 60 }, nextMonth), {
        granted: 60,
        taken: 60,
        periodStart: nextMonth,
        periodEnd: Date.UTC(2027, 0),
      })
    },
  ],
  [
    'a server whose clock is behind at the end of a month does not bring the old month back',
    async (database) => {
      const [ahead, behind] = [await database.open(), await database.open()] as const
      await take(behind, { ...month, needed: 90, wanted: 90 }, nextMonth - 60_000)
      await take(ahead, { ...month, needed: 95, wanted: 95 }, nextMonth)
      assert.deepEqual(await take(behind, { ...month, needed: 5, wanted: 5 }, nextMonth - 1_000), {
        granted: 5,
        taken: 100,
        periodStart: nextMonth,
        periodEnd: Date.UTC(2027, 0),
      })
      assert.equal((await take(behind, month, nextMonth - 1)).granted, 0)
      assert.equal((await take(ahead, month, nextMonth + 1)).granted, 0)
    },
  ],
  [
    'a clock set back neither stretches a window nor forgets it',
    async (database) => {
      const store = await database.open()
      await take(store, { ...window, needed: 40, wanted: 40 }, at)
      const back = at - 3_600_000
      assert.deepEqual(await take(store, { ...window, needed: 60, wanted: 60 }, back), {
        granted: 60,
        taken: 100,
        periodStart: at,
        periodEnd: back + 60_000,
      })
      assert.equal((await take(store, window, back + 59_999)).granted, 0)
      assert.equal((await take(store, window, back + 60_000)).granted, 1)
    },
  ],
  [
    'a clock that was a year ahead for a moment does not shut a month for a year',
    async (database) => {
      const store = await database.open()
      await take(store, { ...month, needed: 100, wanted: 100 }, Date.UTC(2027, 10, 22))
      assert.deepEqual(await take(store, month, at), {
        granted: 1,
        taken: 1,
        periodStart: monthStart,
        periodEnd: nextMonth,
      })
    },
  ],
  [
    'a limit lowered or raised holds at once, the count goes on',
    async (database) => {
      const store = await database.open()
      await take(store, { ...month, needed: 60, wanted: 60 }, at)
      assert.deepEqual(await take(store, { ...month, limit: 50 }, at), {
        granted: 0,
        taken: 60,
        periodStart: monthStart,
        periodEnd: nextMonth,
      })
      assert.equal((await take(store, { ...month, limit: 61, wanted: 9 }, at)).granted, 1)
      assert.equal((await take(store, { ...month, limit: 1_000, needed: 500, wanted: 500 }, at)).taken, 561)
    },
  ],
  [
    'a window made shorter ends sooner, one made longer ends as it was',
    async (database) => {
      const store = await database.open()
      await take(store, window, at)
      assert.equal((await store.counters.peek({ ...window, period: 120_000 }, at)).periodEnd, at + 60_000)
      assert.equal((await take(store, { ...window, period: 10_000 }, at + 1_000)).periodEnd, at + 11_000)
      assert.equal((await take(store, { ...window, period: 10_000 }, at + 11_000)).periodStart, at + 11_000)
    },
  ],
  [
    'what is given back can be taken again, in the same period only',
    async (database) => {
      const [giver, other] = [await database.open(), await database.open()] as const
      const first = await take(giver, { ...window, wanted: 21 }, at)
      await giver.counters.giveBack([{ counter: window.counter, periodStart: first.periodStart, amount: 20 }])
      assert.equal(await taken(other, window, at), 1)
      assert.equal((await take(other, { ...window, wanted: 21 }, at)).granted, 21, 'the giver holds nothing')
      const second = await take(giver, { ...window, wanted: 21 }, at + 60_000)
      assert.equal(second.granted, 21)
      await giver.counters.giveBack([
        { counter: window.counter, periodStart: first.periodStart, amount: 20 },
        { counter: 'nothing', periodStart: at, amount: 5 },
      ])
      assert.equal(await taken(other, window, at + 60_001), 21, 'the window before is over')
      assert.equal(
        (await take(other, { ...window, wanted: 21 }, at + 60_001)).granted,
        1,
        'the giver still holds its present slice',
      )
      await giver.counters.giveBack([{ counter: window.counter, periodStart: second.periodStart, amount: 1_000 }])
      assert.equal(await taken(other, window, at + 60_001), 0)
      await giver.counters.giveBack([])
    },
  ],
  [
    'counters are listed by the start of their ids, with those of the present period only',
    async (database) => {
      const store = await database.open()
      const ids = [
        'a',
        'a%b',
        'a_b',
        'aXb',
        'A%b',
        'a%',
        'a%ü',
        'a%b/c d',
        'a%b\u{1f600}',
        'b',
        '%',
        '_',
        "a'b",
        'a\\b',
      ]
      for (const counter of ids) await take(store, { ...window, counter }, at)
      await take(store, { ...month, counter: 'a%month', needed: 7, wanted: 7 }, at)
      const listed = async (prefix: string, now = at): Promise<string[]> =>
        (await store.counters.list(prefix, now)).map(({ counter }) => counter)
      const order = (texts: string[]): string[] => texts.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const prefix of ['', 'a', 'a%', 'a%b', 'a_', 'A', '%', '_', "a'", 'a\\', 'zz']) {
        assert.deepEqual(
          await listed(prefix),
          order([...ids, 'a%month'].filter((id) => id.startsWith(prefix))),
          `prefix ${prefix}`,
        )
      }
      assert.deepEqual(await store.counters.list('a%', at + 60_000), [
        { counter: 'a%month', taken: 7, periodStart: monthStart, periodEnd: nextMonth },
      ])
    },
  ],
]
