// A cache that is never stale: it is emptied as soon as the store's version differs from the one it was filled at.

export class ExactCache<T> {
  readonly #version: () => number
  readonly #capacity: number
  #filledAt: number | undefined
  readonly #entries = new Map<string, T>()

  /** `version` is asked at every get; `capacity` bounds the number of entries, the oldest going first. */
  constructor(version: () => number, capacity: number) {
    this.#version = version
    this.#capacity = capacity
  }

  /** The entry, if it is there. */
  peek(key: string): T | undefined {
    this.#empty()
    return this.#entries.get(key)
  }

  /** The entry, loaded where missing. What `load` does not find is not kept, so that made-up keys cannot fill the cache. */
  get(key: string, load: (key: string) => T | undefined): T | undefined {
    const found = this.peek(key)
    if (found !== undefined) return found
    const loaded = load(key)
    if (loaded !== undefined) {
      if (this.#entries.size >= this.#capacity) this.#entries.delete(this.#entries.keys().next().value as string)
      this.#entries.set(key, loaded)
    }
    return loaded
  }

  /** As soon as anything may have changed. */
  #empty(): void {
    const version = this.#version()
    if (version === this.#filledAt) return
    this.#entries.clear()
    this.#filledAt = version
  }
}
