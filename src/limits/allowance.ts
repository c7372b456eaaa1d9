// Units that this server has taken from the shared counters and not spent yet. Spending is a subtraction in memory, which all its
// threads have in common; only taking a slice asks the store. Several limits are decided and spent together, under their locks.
import type { MaybePromise } from '../store/maybe-promise.ts'
import { staleSliceMs } from '../store/period.ts'
import type { Counters, Take, Taken } from '../store/store.ts'
import { type SharedMemory, ownMemory } from '../threads/memory.ts'
import { Holdings, type Returned } from './holdings.ts'
import type { AppliedLimit } from './policy.ts'

/** Where a limit stands after a decision. */
export interface LimitState {
  name: string
  limit: number
  remaining: number
  /** Unix milliseconds at which the whole limit is there again. */
  resetAt: number
  period: number | 'month'
}

export interface Spending {
  /** The limit that refused; undefined: all were spent from. */
  refused: LimitState | undefined
  states: LimitState[]
}

/** How long "used up" is believed before the store is asked again, milliseconds: bounds the work that refused requests cause. */
const believeMs = 100
/** After so long without a request, a slice of a longer period goes back. */
const idleMs = 60_000
/** The same where more counters are held than these: a server that meets a million keys must not hold slices of them all. */
const manyHeld = 50_000
const idleOfManyMs = 5_000
/** Slices that go back in one transaction. */
const sweptAtOnce = 500
/** However it is used, a slice goes back before others take its holder for dead and stop counting it. */
const renewMs = staleSliceMs - 60_000

/** Faults that are remembered. */
const maxFaults = 1_000

/** Rounds after which a request takes just what it costs: others keep taking the room of what it needs. */
const patience = 20

const periodOf = ({ policy }: AppliedLimit): number | 'month' =>
  policy.period === 'month' ? 'month' : policy.period * 1000

/** A tenth of a window, a hundredth of a month, at most 1,000 units: see docs/limits.md. */
const sliceOf = ({ policy, limit }: AppliedLimit): number =>
  Math.min(1000, Math.max(1, Math.floor(limit / (policy.period === 'month' ? 100 : 10))))

/** What a request has taken for itself alone, because there was no room to hold a slice. */
type Paid = Map<AppliedLimit, { state: LimitState; periodStart: number }>

/** What helps where a limit is not covered: to wait for a slice that is on its way, or to take one. `slot` 0: there is no room for one. */
type Step = { slot: number; taker: number } | { slot: number; take: Take; returned: Returned[] }

export class Allowance {
  readonly #counters: Counters
  readonly #onFault: () => void
  readonly #held: Holdings
  /** Of counters that could not be taken from the last time: why. */
  readonly #faults = new Map<string, { error: unknown }>()

  /**
   * `onFault` is told of every slice that could not be taken or given back. `memory`: what the server's threads have in common.
   * `most`: counters of which slices are held.
   */
  constructor(counters: Counters, onFault: () => void = () => {}, memory: SharedMemory = ownMemory(), most?: number) {
    this.#counters = counters
    this.#onFault = onFault
    this.#held = new Holdings(memory, most)
  }

  /** Spends `cost` units of every limit, or of none: at once where they are held. `now`: Unix milliseconds. Throws when the store cannot be asked. */
  spend(limits: readonly AppliedLimit[], cost: number, now: number): MaybePromise<Spending> {
    return this.#spendHeld(limits, cost, now) ?? this.#takeAndSpend(limits, cost, now)
  }

  /** undefined: what is held does not cover all of them. */
  #spendHeld(limits: readonly AppliedLimit[], cost: number, now: number, paid?: Paid): Spending | undefined {
    const held = this.#held
    const states: LimitState[] = []
    held.lock(limits)
    try {
      for (const limit of limits)
        if (!paid?.has(limit) && !this.#covers(limit, held.find(limit, now), cost)) return undefined
      for (const limit of limits) {
        const own = paid?.get(limit)
        const slot = own ? 0 : held.slotOf(limit)
        if (!own) held.spend(slot, cost, now)
        states.push(own?.state ?? this.#stateOf(limit, slot))
      }
    } finally {
      held.unlock(limits)
    }
    return { refused: undefined, states }
  }

  async #takeAndSpend(limits: readonly AppliedLimit[], cost: number, now: number): Promise<Spending> {
    const paid: Paid = new Map()
    try {
      for (let round = 1; ; round++) {
        const spending = this.#spendHeld(limits, cost, now, paid)
        if (spending) {
          paid.clear()
          return spending
        }
        for (const limit of limits) {
          if (paid.has(limit)) continue
          const step = this.#step(limit, limits, cost, now, round > patience)
          if (step === 'covered') continue
          if (step === 'refused' || !(await this.#follow(limit, step, now, paid))) {
            const states = await this.peek(limits, now)
            return { refused: states[limits.indexOf(limit)], states }
          }
          break
        }
      }
    } finally {
      await this.#giveBack([...paid].map(([{ counter }, { periodStart }]) => ({ counter, periodStart, amount: cost })))
    }
  }

  /** Where the limits stand; spends nothing. */
  async peek(limits: readonly AppliedLimit[], now: number): Promise<LimitState[]> {
    const states: LimitState[] = []
    for (const limit of limits) {
      const known = this.#locked(limit, () => {
        const slot = this.#held.find(limit, now)
        return slot !== 0 && this.#held.periodStart(slot) !== 0 ? this.#stateOf(limit, slot) : undefined
      })
      states.push(known ?? (await this.#ask(limit, now)))
    }
    return states
  }

  async #ask(limit: AppliedLimit, now: number): Promise<LimitState> {
    const { taken, periodEnd } = await this.#counters.peek({ counter: limit.counter, period: periodOf(limit) }, now)
    return stateOf(limit, taken, 0, periodEnd)
  }

  /** Whether the units are held, and using them would keep all servers' sum within a limit that may have been lowered meanwhile. */
  #covers({ limit }: AppliedLimit, slot: number, cost: number): boolean {
    if (slot === 0) return false
    const units = this.#held.units(slot)
    return units >= cost && this.#held.taken(slot) - units + cost <= limit
  }

  #stateOf(limit: AppliedLimit, slot: number): LimitState {
    const held = this.#held
    return stateOf(limit, held.taken(slot), held.units(slot), held.periodEnd(slot))
  }

  #locked<T>(limit: AppliedLimit, work: () => T): T {
    const limits = [limit]
    this.#held.lock(limits)
    try {
      return work()
    } finally {
      this.#held.unlock(limits)
    }
  }

  /** What is to be done about one of the limits. `crowded`: no new slice is held. A slice that is to be taken has its slot from here on: `#follow` must be called. */
  #step(
    limit: AppliedLimit,
    limits: readonly AppliedLimit[],
    cost: number,
    now: number,
    crowded: boolean,
  ): Step | 'covered' | 'refused' {
    const held = this.#held
    return this.#locked(limit, () => {
      const slot = held.find(limit, now)
      if (this.#covers(limit, slot, cost)) return 'covered'
      // also one for a period that has ended meanwhile: what comes of it must not be put to the next one
      const any = slot === 0 ? held.any(limit) : slot
      const taker = any === 0 ? 0 : held.taker(any)
      if (taker !== 0) return { slot: any, taker }
      const needed = cost - (slot === 0 ? 0 : held.units(slot))
      // taken beyond the limit: it was lowered; what is held then does not help
      if (needed <= 0) return 'refused'
      if (slot !== 0 && held.taken(slot) + needed > limit.limit) {
        const age = now - held.askedAt(slot)
        if (age >= 0 && age < believeMs) return 'refused'
      }
      const returned: Returned[] = []
      const place = slot === 0 && crowded ? 0 : held.begin(limit, limits, now, returned)
      const wanted = place === 0 ? needed : Math.max(needed, sliceOf(limit))
      const take = { counter: limit.counter, period: periodOf(limit), limit: limit.limit, needed, wanted }
      return { slot: place, take, returned }
    })
  }

  /** Waits or takes; false: the limit cannot give it. */
  async #follow(limit: AppliedLimit, step: Step, now: number, paid: Paid): Promise<boolean> {
    const { slot } = step
    const { counter } = limit
    if ('taker' in step) {
      const before = this.#faults.get(counter)
      await this.#held.ended(slot, step.taker)
      const fault = this.#faults.get(counter)
      if (fault && fault !== before) throw fault.error // all who waited for it would meet it, one after the other
      return true
    }
    let taken: Taken | undefined
    try {
      const answer = this.#noting(() => this.#counters.take(step.take, now))
      taken = answer instanceof Promise ? await answer : answer
      this.#faults.delete(counter)
    } catch (error) {
      if (this.#faults.size >= maxFaults) this.#faults.clear()
      this.#faults.set(counter, { error })
      throw error
    } finally {
      if (slot !== 0)
        this.#locked(limit, () => {
          if (taken) this.#held.add(slot, taken, now)
          this.#held.end(slot)
        })
    }
    if (slot === 0 && taken.granted > 0)
      paid.set(limit, {
        state: stateOf(limit, taken.taken, 0, taken.periodEnd),
        periodStart: taken.periodStart,
      })
    await this.#giveBack(step.returned)
    return taken.granted > 0
  }

  /** Forgets ended periods and gives back slices that lie idle or have grown old, of those that this thread took: of so many keys at once that others get their turn. Called every few seconds. */
  async sweep(now: number): Promise<void> {
    const idleFor = this.#held.size > manyHeld ? idleOfManyMs : idleMs
    for (const some of this.#held.takeOut(now, idleFor / 1000, renewMs / 1000, sweptAtOnce)) {
      await this.#giveBack(some)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Gives back what this thread answers for: on a clean stop, once it spends nothing any more. */
  async close(): Promise<void> {
    for (const some of this.#held.takeOut(0, -Infinity, -Infinity, sweptAtOnce)) await this.#giveBack(some)
  }

  async #giveBack(returned: readonly Returned[]): Promise<void> {
    if (returned.length > 0) await this.#noting(() => this.#counters.giveBack(returned))
  }

  /** What `ask` answers, at once or later; its faults are noted and go on. */
  #noting<T>(ask: () => T | Promise<T>): T | Promise<T> {
    const note = (error: unknown): never => {
      this.#onFault()
      throw error
    }
    try {
      const answer = ask()
      return answer instanceof Promise ? answer.catch(note) : answer
    } catch (error) {
      return note(error)
    }
  }
}

const stateOf = ({ policy, limit }: AppliedLimit, taken: number, units: number, periodEnd: number): LimitState => ({
  name: policy.name,
  limit,
  remaining: Math.max(0, limit - taken + units),
  resetAt: periodEnd,
  period: policy.period,
})
