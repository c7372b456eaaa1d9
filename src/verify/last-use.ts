// When credentials were last used: noted in memory, written in bounded batches, never on the hot path.
import { setImmediate } from 'node:timers/promises'
import type { Store } from '../store/store.ts'

/** Rows per write. */
const batchSize = 250

export class LastUse {
  readonly #store: Pick<Store, 'recordLastUse'>
  #pending = new Map<string, number>()

  constructor(store: Pick<Store, 'recordLastUse'>) {
    this.#store = store
  }

  touch(id: string, now: number): void {
    this.#pending.set(id, now)
  }

  /** Writes what has been noted; what could not be written is kept for the next time. */
  async flush(): Promise<void> {
    const noted = this.#pending
    this.#pending = new Map()
    const entries = [...noted]
    for (let i = 0; i < entries.length; i += batchSize) {
      try {
        await this.#store.recordLastUse(new Map(entries.slice(i, i + batchSize)))
      } catch (error) {
        for (const [id, at] of entries.slice(i)) if (!this.#pending.has(id)) this.#pending.set(id, at)
        throw error
      }
      await setImmediate() // on SQLite each batch holds up the whole thread
    }
  }
}
