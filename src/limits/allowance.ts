// Units that this process has taken from the shared counters and not spent yet. Spending is a subtraction in memory;
// only taking a slice asks the store. Several limits are decided and spent together, without giving way in between.
import type { MaybePromise } from '../store/maybe-promise.ts'
import { staleSliceMs } from '../store/period.ts'
import type { Counters, Take, Taken } from '../store/store.ts'
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

interface Held {
  periodStart: number
  periodEnd: number
  /** Taken and not spent. */
  units: number
  /** Taken by all processes, as of `askedAt`. */
  taken: number
  askedAt: number
  /** When the last slice was taken. */
  takenAt: number
  spentAt: number
  /** A take on its way, so that requests that wait for the same units ask once. */
  pending: Promise<void> | undefined
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

const periodOf = ({ policy }: AppliedLimit): number | 'month' =>
  policy.period === 'month' ? 'month' : policy.period * 1000

/** A tenth of a window, a hundredth of a month, at most 1,000 units: see docs/limits.md. */
const sliceOf = ({ policy, limit }: AppliedLimit): number =>
  Math.min(1000, Math.max(1, Math.floor(limit / (policy.period === 'month' ? 100 : 10))))

export class Allowance {
  readonly #counters: Counters
  readonly #onFault: () => void
  readonly #held = new Map<string, Held>()

  /** `onFault` is told of every slice that could not be taken or given back. */
  constructor(counters: Counters, onFault: () => void = () => {}) {
    this.#counters = counters
    this.#onFault = onFault
  }

  /** Spends `cost` units of every limit, or of none: at once where they are held. `now`: Unix milliseconds. Throws when the store cannot be asked. */
  spend(limits: readonly AppliedLimit[], cost: number, now: number): MaybePromise<Spending> {
    for (const limit of limits) if (!this.#covers(limit, cost, now)) return this.#takeAndSpend(limits, cost, now)
    return this.#subtract(limits, cost, now)
  }

  async #takeAndSpend(limits: readonly AppliedLimit[], cost: number, now: number): Promise<Spending> {
    for (;;) {
      const short = limits.find((limit) => !this.#covers(limit, cost, now))
      if (short === undefined) return this.#subtract(limits, cost, now)
      const held = this.#present(short, now)
      if (held?.pending) {
        await held.pending
        continue
      }
      if (!(await this.#take(short, cost, now))) {
        const states = await this.peek(limits, now)
        return { refused: states[limits.indexOf(short)], states }
      }
    }
  }

  /** All of the limits cover the cost. */
  #subtract(limits: readonly AppliedLimit[], cost: number, now: number): Spending {
    const states = limits.map((limit) => {
      const held = this.#held.get(limit.counter) as Held
      held.units -= cost
      held.spentAt = now
      return this.#state(limit, held)
    })
    return { refused: undefined, states }
  }

  /** Where the limits stand; spends nothing. */
  async peek(limits: readonly AppliedLimit[], now: number): Promise<LimitState[]> {
    const states: LimitState[] = []
    for (const limit of limits) {
      const held = this.#present(limit, now)
      const known =
        held && held.periodStart !== 0
          ? held
          : { ...(await this.#counters.peek({ counter: limit.counter, period: periodOf(limit) }, now)), units: 0 }
      states.push(this.#state(limit, known))
    }
    return states
  }

  /** Whether the units are held, and using them would keep all processes' sum within a limit that may have been lowered meanwhile. */
  #covers(limit: AppliedLimit, cost: number, now: number): boolean {
    const held = this.#present(limit, now)
    return held !== undefined && held.units >= cost && held.taken - held.units + cost <= limit.limit
  }

  #present(limit: AppliedLimit, now: number): Held | undefined {
    const held = this.#held.get(limit.counter)
    return held && held.periodEnd > now ? held : undefined
  }

  #state(
    { policy, limit }: AppliedLimit,
    { taken, units, periodEnd }: Pick<Held, 'taken' | 'units' | 'periodEnd'>,
  ): LimitState {
    return {
      name: policy.name,
      limit,
      remaining: Math.max(0, limit - taken + units),
      resetAt: periodEnd,
      period: policy.period,
    }
  }

  /** Takes a slice that covers `cost`; false: the limit cannot give it. */
  async #take(limit: AppliedLimit, cost: number, now: number): Promise<boolean> {
    const held = this.#present(limit, now)
    const units = held?.units ?? 0
    const needed = cost - units
    // taken beyond the limit: it was lowered; what is held then does not help
    if (needed <= 0) return false
    if (held && held.taken + needed > limit.limit && now - held.askedAt < believeMs && now >= held.askedAt) return false
    const take: Take = {
      counter: limit.counter,
      period: periodOf(limit),
      limit: limit.limit,
      needed,
      wanted: Math.max(needed, sliceOf(limit)),
    }
    const answer = this.#noting(() => this.#counters.take(take, now))
    if (!(answer instanceof Promise)) return this.#add(limit.counter, answer, now)
    const entry = held ?? this.#placeholder(limit.counter, now)
    const result = answer.then((taken) => this.#add(limit.counter, taken, now))
    entry.pending = result.then(
      () => undefined,
      () => undefined,
    )
    try {
      return await result
    } finally {
      entry.pending = undefined
      if (this.#held.get(limit.counter) === entry && entry.periodStart === 0) this.#held.delete(limit.counter)
    }
  }

  /** Stands for a counter while its first slice is on the way. */
  #placeholder(counter: string, now: number): Held {
    const entry = {
      periodStart: 0,
      periodEnd: Number.POSITIVE_INFINITY,
      units: 0,
      taken: 0,
      askedAt: 0,
      takenAt: now,
      spentAt: now,
      pending: undefined,
    }
    this.#held.set(counter, entry)
    return entry
  }

  #add(counter: string, { granted, taken, periodStart, periodEnd }: Taken, now: number): boolean {
    const held = this.#held.get(counter)
    if (held && (held.periodStart === periodStart || held.periodStart === 0)) {
      held.units += granted
      if (granted > 0) held.takenAt = now
      Object.assign(held, { taken, askedAt: now, periodStart, periodEnd })
    } else
      this.#held.set(counter, {
        periodStart,
        periodEnd,
        units: granted,
        taken,
        askedAt: now,
        takenAt: now,
        spentAt: now,
        pending: undefined,
      })
    return granted > 0
  }

  /** Forgets ended periods and gives back slices that lie idle or have grown old: those of so many keys at once that others get their turn. Called every few seconds. */
  async sweep(now: number): Promise<void> {
    const idleFor = this.#held.size > manyHeld ? idleOfManyMs : idleMs
    let idle: { counter: string; periodStart: number; amount: number }[] = []
    for (const [counter, held] of this.#held) {
      if (held.pending) continue
      const over = held.periodEnd <= now
      if (!over && now - held.spentAt < idleFor && now - held.takenAt < renewMs) continue
      this.#held.delete(counter)
      if (!over && held.units > 0) idle.push({ counter, periodStart: held.periodStart, amount: held.units })
      if (idle.length < sweptAtOnce) continue
      const some = idle
      idle = []
      await this.#noting(() => this.#counters.giveBack(some))
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (idle.length > 0) await this.#noting(() => this.#counters.giveBack(idle))
  }

  /** Gives everything back: on a clean stop, once nothing spends any more. */
  async close(): Promise<void> {
    const rest = [...this.#held]
      .filter(([, held]) => held.units > 0)
      .map(([counter, held]) => ({ counter, periodStart: held.periodStart, amount: held.units }))
    this.#held.clear()
    if (rest.length > 0) await this.#noting(() => this.#counters.giveBack(rest))
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
