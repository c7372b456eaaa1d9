// What this server has taken of each counter and not spent, in memory that its threads have in common. Every change is made under the
// lock of the counter's bucket, under which nobody waits for anything. What a thread that dies leaves half done is too little, never
// too much: units are taken out before anything is done with them, and written in after the store has committed them.
import type { Taken } from '../store/store.ts'
import { Buckets, type Place, bucketsFor } from '../threads/buckets.ts'
import type { SharedMemory } from '../threads/memory.ts'
import type { AppliedLimit } from './policy.ts'

/** Counters that are held at once: 16 MB. What is beyond is taken from the store as it is spent. */
const capacity = 100_000
const ways = 7

/** Words of a slot. Times of these two are whole seconds. */
const [unitsAt, ownerAt, takerAt, takenAtAt, spentAtAt] = [3, 4, 5, 6, 7]
/** Numbers of a slot; times are Unix milliseconds. */
const [periodStartAt, periodEndAt, takenAt, askedAtAt] = [4, 5, 6, 7]

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000) | 0

/** Units on their way back to the store. */
export interface Returned {
  counter: string
  periodStart: number
  amount: number
}

export class Holdings {
  readonly #table: Buckets
  readonly #thread: number
  /** The counters of this thread's slots: it alone gives their units back. */
  readonly #own = new Map<number, string>()

  /** `most`: counters held at once. */
  constructor(memory: SharedMemory, most = capacity) {
    this.#table = new Buckets(memory, 'slices', { buckets: bucketsFor(most, ways), ways, words: 16 })
    this.#thread = memory.thread
  }

  /** Counters that this thread answers for. */
  get size(): number {
    return this.#own.size
  }

  /** Locks what is held of all these, in one order in every thread. */
  lock(limits: readonly AppliedLimit[]): void {
    const [first] = limits
    if (first && limits.length === 1) return this.#table.lock(this.#place(first).start)
    for (let last = -1; ;) {
      let next = Infinity
      for (const limit of limits) {
        const { start } = this.#place(limit)
        if (start > last && start < next) next = start
      }
      if (next === Infinity) return
      this.#table.lock(next)
      last = next
    }
  }

  unlock(limits: readonly AppliedLimit[]): void {
    for (const limit of limits) this.#table.unlock(this.#place(limit).start)
  }

  /** The slot of the counter's present period; 0: there is none. All below: under the lock, unless they say so. */
  find(limit: AppliedLimit, now: number): number {
    const slot = this.#table.find(this.#place(limit))
    return slot !== 0 && this.periodEnd(slot) > now ? slot : 0
  }

  /** Where `find` has found it just now. */
  slotOf(limit: AppliedLimit): number {
    return this.#place(limit).slot
  }

  /** Taken and not spent. */
  units(slot: number): number {
    return this.#table.words[slot + unitsAt] as number
  }

  /** Taken by all servers, as of `askedAt`. */
  taken(slot: number): number {
    return this.#table.numbers[slot / 2 + takenAt] as number
  }

  askedAt(slot: number): number {
    return this.#table.numbers[slot / 2 + askedAtAt] as number
  }

  /** 0: the first slice is on its way. */
  periodStart(slot: number): number {
    return this.#table.numbers[slot / 2 + periodStartAt] as number
  }

  periodEnd(slot: number): number {
    return this.#table.numbers[slot / 2 + periodEndAt] as number
  }

  /** The slot of the counter, whatever its period; 0: there is none. */
  any(limit: AppliedLimit): number {
    return this.#table.find(this.#place(limit))
  }

  /** The thread that takes a slice for the slot just now; 0: none. */
  taker(slot: number): number {
    return this.#table.words[slot + takerAt] as number
  }

  spend(slot: number, cost: number, now: number): void {
    const { words } = this.#table
    words[slot + unitsAt] = (words[slot + unitsAt] as number) - cost
    words[slot + spentAtAt] = seconds(now)
  }

  /**
   * The counter's slot, made where missing, while this thread takes a slice for it: until `add` and `end`. 0: there is no room.
   * What lay in the slot goes to `returned`; never what is held of `others`, which the same request spends from.
   */
  begin(limit: AppliedLimit, others: readonly AppliedLimit[], now: number, returned: Returned[]): number {
    const { words } = this.#table
    const place = this.#place(limit)
    let slot = this.#table.find(place)
    if (slot !== 0 && this.periodEnd(slot) <= now) this.#begin(slot, now)
    if (slot === 0) {
      slot = this.#table.choose(place, (slot) =>
        others.some((other) => other.place?.slot === slot) ? Infinity : this.#rank(slot, now),
      )
      if (slot === 0) return 0
      if (words[slot] !== 0) this.#empty(slot, now, returned)
      words[slot + ownerAt] = this.#thread
      this.#begin(slot, now)
      this.#table.name(slot, place)
    }
    // whoever takes can give back, should the one that did so before be no more
    if (words[slot + ownerAt] === 0) words[slot + ownerAt] = this.#thread
    if (words[slot + ownerAt] === this.#thread) this.#own.set(slot, limit.counter)
    words[slot + takerAt] = this.#thread
    return slot
  }

  /** Adds what the store has given. */
  add(slot: number, { granted, taken, periodStart, periodEnd }: Taken, now: number): void {
    const { words, numbers } = this.#table
    if (this.taker(slot) !== this.#thread) return
    const before = this.periodStart(slot) === periodStart ? this.units(slot) : 0
    words[slot + unitsAt] = 0
    numbers[slot / 2 + periodStartAt] = periodStart
    numbers[slot / 2 + periodEndAt] = periodEnd
    numbers[slot / 2 + takenAt] = taken
    numbers[slot / 2 + askedAtAt] = now
    if (granted > 0) words[slot + takenAtAt] = seconds(now)
    words[slot + unitsAt] = before + granted
  }

  /** The slice is not on its way any more. */
  end(slot: number): void {
    const { words } = this.#table
    if (this.taker(slot) !== this.#thread) return
    if (this.periodStart(slot) === 0) this.#table.free(slot)
    Atomics.store(words, slot + takerAt, 0)
    Atomics.notify(words, slot + takerAt)
  }

  /** Resolves once `taker` has ended, or is no more. Without the lock. */
  async ended(slot: number, taker: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#table.words, slot + takerAt, taker)
    if (wait.async) await wait.value
  }

  /** Takes out what this thread answers for and has lain for so many seconds since it was spent from, or since it was taken: so much at a time. Locks for itself. */
  *takeOut(now: number, idleSeconds: number, oldSeconds: number, atOnce: number): Generator<Returned[]> {
    let returned: Returned[] = []
    const { words } = this.#table
    const at = seconds(now)
    for (const slot of this.#own.keys()) {
      const start = this.#table.startOf(slot)
      this.#table.lock(start)
      try {
        if (words[slot] === 0 || words[slot + ownerAt] !== this.#thread) this.#own.delete(slot)
        else if (this.taker(slot) !== 0) continue
        else if (
          this.periodEnd(slot) <= now ||
          at - (words[slot + spentAtAt] as number) >= idleSeconds ||
          at - (words[slot + takenAtAt] as number) >= oldSeconds
        )
          this.#empty(slot, now, returned)
      } finally {
        this.#table.unlock(start)
      }
      if (returned.length < atOnce) continue
      yield returned
      returned = []
    }
    if (returned.length > 0) yield returned
  }

  /** Of a thread that is no more: its slots are used on, and whoever waits for a slice that it was to take asks anew. Without locks. */
  forget(thread: number): void {
    const { words } = this.#table
    for (const slot of this.#table.slots()) {
      Atomics.compareExchange(words, slot + ownerAt, thread, 0)
      if (Atomics.compareExchange(words, slot + takerAt, thread, 0) === thread) Atomics.notify(words, slot + takerAt)
    }
  }

  /** Nothing is known, and nothing held. */
  #begin(slot: number, now: number): void {
    const { words, numbers } = this.#table
    words[slot + unitsAt] = 0
    words[slot + takenAtAt] = words[slot + spentAtAt] = seconds(now)
    numbers[slot / 2 + periodStartAt] = 0
    numbers[slot / 2 + periodEndAt] = Infinity
    numbers[slot / 2 + takenAt] = 0
    numbers[slot / 2 + askedAtAt] = 0
  }

  #empty(slot: number, now: number, returned: Returned[]): void {
    const { words } = this.#table
    const amount = this.units(slot)
    words[slot + unitsAt] = 0
    const counter = words[slot + ownerAt] === this.#thread ? this.#own.get(slot) : undefined
    if (counter !== undefined) {
      this.#own.delete(slot)
      if (amount > 0 && this.periodEnd(slot) > now)
        returned.push({ counter, periodStart: this.periodStart(slot), amount })
    }
    this.#table.free(slot)
  }

  /** What makes room first: what is over, then what was spent from longest ago. Only its own thread can give units back. */
  #rank(slot: number, now: number): number {
    const { words } = this.#table
    if (this.taker(slot) !== 0) return Infinity
    if (this.periodEnd(slot) <= now) return -Infinity
    const owner = words[slot + ownerAt]
    if (this.units(slot) > 0 && owner !== this.#thread && owner !== 0) return Infinity
    return words[slot + spentAtAt] as number
  }

  #place(limit: AppliedLimit): Place {
    if (limit.place?.table !== this.#table) limit.place = this.#table.placeOf(limit.counter)
    return limit.place
  }
}
