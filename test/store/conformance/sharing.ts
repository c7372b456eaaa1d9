// A limit shared by many processes is never overspent, and given out by four fifths at least.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import { at } from '../rows.ts'

type Step =
  | { kind: 'spend'; holder: number; cost: number }
  | { kind: 'give back'; holder: number }
  /** The process dies, its slice with it, and another one starts. */
  | { kind: 'die'; holder: number }
  | { kind: 'wait'; milliseconds: number }

const holder = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('spend' as const), holder, cost: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give back' as const), holder }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), holder }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.integer({ min: 1, max: 2_500 }) }),
  },
)

interface Slice {
  periodStart: number
  periodEnd: number
  units: number
}

/** Five processes that spend from slices in memory, as limits/allowance.ts does. */
class Processes {
  readonly #stores: readonly Store[]
  readonly #counter: string
  readonly #limit: number
  readonly #slices: (Slice | undefined)[] = []
  now = at
  /** Spent, and lost with a process, by the start of the period. */
  readonly spent = new Map<number, number>()
  readonly lost = new Map<number, number>()

  constructor(stores: readonly Store[], counter: string, limit: number) {
    this.#stores = stores
    this.#counter = counter
    this.#limit = limit
  }

  #held(index: number): Slice | undefined {
    const slice = this.#slices[index]
    return slice && slice.periodEnd > this.now ? slice : undefined
  }

  /** Whether it was allowed. */
  async spend(index: number, cost: number, wanted: number): Promise<boolean> {
    let slice = this.#held(index)
    const needed = cost - (slice?.units ?? 0)
    if (needed > 0) {
      const take = {
        counter: this.#counter,
        period: 2_000,
        limit: this.#limit,
        needed,
        wanted: Math.max(needed, wanted),
      }
      const { granted, periodStart, periodEnd } = await (this.#stores[index] as Store).counters.take(take, this.now)
      if (granted === 0) return false
      assert.ok(granted >= needed)
      slice = { periodStart, periodEnd, units: (slice?.units ?? 0) + granted }
      this.#slices[index] = slice
    }
    assert.ok(slice)
    slice.units -= cost
    this.spent.set(slice.periodStart, (this.spent.get(slice.periodStart) ?? 0) + cost)
    return true
  }

  async giveBack(index: number): Promise<void> {
    const slice = this.#slices[index]
    if (slice && slice.units > 0)
      await (this.#stores[index] as Store).counters.giveBack([
        { counter: this.#counter, periodStart: slice.periodStart, amount: slice.units },
      ])
    this.#slices[index] = undefined
  }

  die(index: number): void {
    const slice = this.#slices[index]
    if (slice) this.lost.set(slice.periodStart, (this.lost.get(slice.periodStart) ?? 0) + slice.units)
    this.#slices[index] = undefined
  }
}

const run = async (
  stores: readonly Store[],
  counter: string,
  limit: number,
  wanted: number,
  steps: readonly Step[],
): Promise<void> => {
  const processes = new Processes(stores, counter, limit)
  for (const each of steps) {
    if (each.kind === 'spend') await processes.spend(each.holder, each.cost, wanted)
    else if (each.kind === 'give back') await processes.giveBack(each.holder)
    else if (each.kind === 'die') processes.die(each.holder)
    else processes.now += each.milliseconds
  }
  while (await processes.spend(0, 1, wanted));
  for (const spent of processes.spent.values()) assert.ok(spent <= limit, `${spent} of ${limit} spent`)
  const present = Math.max(...processes.spent.keys())
  const spent = processes.spent.get(present) ?? 0
  const lost = processes.lost.get(present) ?? 0
  assert.ok(limit - spent - lost <= Math.floor(limit / 5), `${spent} of ${limit} spent, ${lost} lost`)
}

export const sharing: readonly Requirement[] = [
  [
    'five holders, whatever they do and in whatever order, spend the limit at most and leave a fifth at most',
    async (database) => {
      const stores = await Promise.all(Array.from({ length: 5 }, () => database.open()))
      let runs = 0
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 120 }),
          fc.integer({ min: 1, max: 40 }),
          fc.array(step, { maxLength: 40 }),
          async (limit, wanted, steps) => {
            await run(stores, `run-${++runs}`, limit, wanted, steps)
          },
        ),
        { numRuns: 60 },
      )
    },
  ],
  [
    'five holders that take at the same time are given the limit exactly',
    async (database) => {
      const stores = await Promise.all(Array.from({ length: 5 }, () => database.open()))
      const takes = await Promise.all(
        Array.from({ length: 300 }, async (_, index) =>
          (stores[index % 5] as Store).counters.take(
            { counter: 'shared', period: 60_000, limit: 137, needed: 1 + (index % 2), wanted: 1 + (index % 7) },
            at,
          ),
        ),
      )
      const total = takes.reduce((sum, { granted }) => sum + granted, 0)
      assert.ok(total === 137 || total === 136, `${total} granted`) // 136: the last unit is not enough for those who need two
      assert.equal((await (stores[0] as Store).counters.peek({ counter: 'shared', period: 60_000 }, at)).taken, total)
      assert.equal(new Set(takes.map(({ periodStart }) => periodStart)).size, 1)
    },
  ],
]
