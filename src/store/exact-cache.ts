// A cache that is never stale: before an entry is given away, what has changed since it was found right is looked at.
import type { ChangeLog } from './change-log.ts'

interface Entry<T> {
  readonly value: T
  readonly bytes: number
  /** The position in the log up to which it is known to be right. */
  rightAt: number
}

export interface CacheRules<T> {
  /** Bytes that all entries may take; the oldest go first, a twentieth of them together. */
  bytes: number
  /** Bytes that an entry takes, with all that is kept beside it as long as it is here. */
  sizeOf: (value: T) => number
  /** Whether anything that the value was made from may have changed since this position. */
  hasChanged: (value: T, since: number) => boolean
}

/** Many are dropped in one go: each go starts at a Map's front, where it passes over all that was dropped before. */
const keptOfFull = 0.95

export class ExactCache<T> {
  readonly #log: Pick<ChangeLog, 'position'>
  readonly #rules: CacheRules<T>
  readonly #entries = new Map<string, Entry<T>>()
  #bytes = 0

  constructor(log: Pick<ChangeLog, 'position'>, rules: CacheRules<T>) {
    this.#log = log
    this.#rules = rules
  }

  /** The entry, if it is there and right. */
  peek(key: string): T | undefined {
    const position = this.#log.position()
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.rightAt !== position) {
      if (this.#rules.hasChanged(entry.value, entry.rightAt)) {
        this.#remove(key, entry)
        return undefined
      }
      entry.rightAt = position
    }
    return entry.value
  }

  /** The entry, loaded where missing. What `load` does not find is not kept, so that made-up keys cannot fill the cache. */
  get(key: string, load: (key: string) => T | undefined): T | undefined {
    const found = this.peek(key)
    if (found !== undefined) return found
    const rightAt = this.#log.position() // of the same run: whatever is loaded now is as new, or newer
    const value = load(key)
    if (value === undefined) return undefined
    const bytes = this.#rules.sizeOf(value)
    if (bytes > this.#rules.bytes) return value
    this.#bytes += bytes
    if (this.#bytes > this.#rules.bytes)
      for (const [oldest, entry] of this.#entries) {
        this.#remove(oldest, entry)
        if (this.#bytes <= this.#rules.bytes * keptOfFull) break
      }
    this.#entries.set(key, { value, bytes, rightAt })
    return value
  }

  #remove(key: string, { bytes }: Entry<T>): void {
    this.#entries.delete(key)
    this.#bytes -= bytes
  }
}
