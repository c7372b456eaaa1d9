// Counts every decision in place and writes the counts in batches: the hot path never waits for it, and a lost batch is all that a kill can cost.
import type { Store } from '../store/store.ts'
import type { Observer } from '../verify/verify.ts'
import { type Unwritten, forgetOldest, recordDecisions, recordUse, rowsOf } from './record.ts'
import { type DecisionRow, Tail } from './tail.ts'
import { Window } from './window.ts'

/** How long counts may wait, and how long they do where there are many. */
const writeEveryMs = 15_000
const writeManyEveryMs = 4_000
/** Rows kept for a store that cannot be written to; beyond, the oldest counts are lost. */
const maxUnwritten = 100_000
/** Decisions that an owner may have more than are kept, before the oldest are looked for. */
const surplus = 100
/** Owners whose decisions are counted for that. */
const maxWatched = 10_000

/** Whether `at` was less than so long ago; a clock that was set back says nothing of it. */
const isWithin = (now: number, at: number, milliseconds: number): boolean => now >= at && now - at < milliseconds

export class Usage {
  readonly #store: Pick<Store, 'notes' | 'activity'>
  readonly #tail = new Tail()
  #window: Window
  #closed: Window[] = []
  #unwritten: Unwritten[] = []
  #decisions: DecisionRow[] = []
  /** Decisions written of each owner since its oldest were forgotten. */
  readonly #added = new Map<string, number>()
  #writtenAt: number
  /** When a write has failed; -Infinity: the last one has not. */
  #failedAt = -Infinity
  #writing: Promise<void> = Promise.resolve()

  /** `now`: Unix milliseconds. */
  constructor(store: Pick<Store, 'notes' | 'activity'>, now: number) {
    this.#store = store
    this.#window = new Window(now)
    this.#writtenAt = now
  }

  /** In place, and in bounded room. */
  readonly observe: Observer = (api, decision, judgement, now) => {
    if (now >= this.#window.endsAt) this.#turn(now)
    const count = this.#window.add(api, decision, judgement.exchange === undefined ? (judgement.cost ?? 1) : 0)
    const { seen } = count.used
    if (seen && judgement.caller) seen.note(api, judgement.caller, now)
    this.#tail.note(count, api, decision, judgement, now)
  }

  #turn(now: number): void {
    if (this.#window.size > 0) this.#closed.push(this.#window)
    this.#window = new Window(now)
  }

  /** Called about once a second: writes what people watch, and the counts once they have waited or are many. Throws when the store cannot be written to, and then lets it alone for a while. */
  tick(now: number): Promise<void> {
    if (isWithin(now, this.#failedAt, writeEveryMs)) return Promise.resolve()
    const waits = this.#window.isFilling ? writeManyEveryMs : writeEveryMs
    const due = !isWithin(now, this.#writtenAt, waits) || this.#closed.length > 0
    return due ? this.flush(now) : this.#queue(now, () => this.#writeDecisions())
  }

  /** Writes all. What could not be written is kept for the next time. */
  flush(now: number): Promise<void> {
    this.#turn(now)
    this.#writtenAt = now
    return this.#queue(now, async () => {
      await this.#closeWindows()
      try {
        await this.#writeDecisions()
      } finally {
        await this.#writeCounts()
      }
    })
  }

  /** One write after the other: each takes out what it has written. */
  #queue(now: number, write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write)
    this.#writing = written.then(
      () => {
        this.#failedAt = -Infinity
      },
      () => {
        this.#failedAt = now
      },
    )
    return written
  }

  async #writeDecisions(): Promise<void> {
    if (this.#decisions.length === 0) this.#decisions = this.#tail.take()
    if (this.#decisions.length === 0) return
    const owners = this.#decisions.map((row) => row.owner_id)
    await recordDecisions(this.#store, this.#decisions)
    for (const owner of owners) this.#added.set(owner, (this.#added.get(owner) ?? 0) + 1)
    for (const owner of this.#added.keys()) {
      if (this.#added.size <= maxWatched) break
      this.#added.delete(owner)
    }
    for (const owner of new Set(owners)) {
      if ((this.#added.get(owner) ?? 0) < surplus) continue
      this.#added.delete(owner)
      await forgetOldest(this.#store, owner)
    }
  }

  /** Makes rows of what has been counted, and room for them. */
  async #closeWindows(): Promise<void> {
    for (let window = this.#closed.shift(); window; window = this.#closed.shift())
      this.#unwritten.push(await rowsOf(window))
    const sizeOf = ({ usage, totals, sightings }: Unwritten): number => usage.length + totals.length + sightings.length
    while (this.#unwritten.reduce((sum, rows) => sum + sizeOf(rows), 0) > maxUnwritten && this.#unwritten.length > 1)
      this.#unwritten.shift()
  }

  async #writeCounts(): Promise<void> {
    for (let rows = this.#unwritten[0]; rows; rows = this.#unwritten[0]) {
      await recordUse(this.#store, rows)
      this.#unwritten.shift()
    }
  }
}
