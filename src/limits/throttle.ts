// How often somebody may try something, in this process and in bounded memory: for guessing, not for limits that are promised.

interface Tries {
  count: number
  /** Unix milliseconds. */
  windowEnd: number
}

export interface ThrottleSettings {
  /** Tries of one key in one window. */
  most: number
  windowMs: number
  /** Keys that are remembered; beyond that the one that began first is forgotten. Default 10,000. */
  maxKeys?: number
}

export class Throttle {
  readonly #settings: Required<ThrottleSettings>
  /** In the order in which their windows began. */
  readonly #tries = new Map<string, Tries>()

  constructor({ maxKeys = 10_000, ...settings }: ThrottleSettings) {
    this.#settings = { maxKeys, ...settings }
  }

  /** Notes a try. Answers how many milliseconds to wait where that was one too many, else 0. */
  waitFor(key: string, now: number): number {
    const { most, windowMs, maxKeys } = this.#settings
    const known = this.#tries.get(key)
    if (known && known.windowEnd > now) {
      known.count += 1
      return known.count > most ? known.windowEnd - now : 0
    }
    this.#tries.delete(key)
    this.#tries.set(key, { count: 1, windowEnd: now + windowMs })
    if (this.#tries.size > maxKeys) this.#tries.delete(this.#tries.keys().next().value as string)
    return 0
  }
}
