// How often somebody may try something, in this server and in bounded memory: for guessing, not for limits that are promised.
import { Buckets, bucketsFor } from '../threads/buckets.ts'
import { type SharedMemory, ownMemory } from '../threads/memory.ts'

export interface ThrottleSettings {
  /** Tries of one key in one window. */
  most: number
  windowMs: number
  /** Keys that are remembered; beyond that the one that began first is forgotten, of those that lie together. Default 10,000. */
  maxKeys?: number
  /** Where they are remembered, and under which name: the same in all threads of a server. Default: here alone. */
  memory?: SharedMemory
  name?: string
}

const ways = 7
/** A word and a number (Unix milliseconds) of a slot. */
const [countAt, windowEndAt] = [3, 2]

export class Throttle {
  readonly #most: number
  readonly #windowMs: number
  readonly #tries: Buckets

  constructor({ most, windowMs, maxKeys = 10_000, memory = ownMemory(), name = 'tries' }: ThrottleSettings) {
    this.#most = most
    this.#windowMs = windowMs
    const shape = { buckets: bucketsFor(maxKeys, ways), ways: Math.min(ways, maxKeys), words: 6 }
    this.#tries = new Buckets(memory, `throttle: ${name}`, shape)
  }

  /** Notes a try. Answers how many milliseconds to wait where that was one too many, else 0. */
  waitFor(key: string, now: number): number {
    const tries = this.#tries
    const { words, numbers } = tries
    return tries.locked(tries.placeOf(key), (place) => {
      const known = tries.find(place)
      if (known !== 0) {
        const windowEnd = numbers[known / 2 + windowEndAt] as number
        if (windowEnd > now) {
          const count = (words[known + countAt] as number) + 1
          // one more than the most is too many for ever
          words[known + countAt] = Math.min(count, this.#most + 1)
          return count > this.#most ? windowEnd - now : 0
        }
      }
      const slot = known || tries.choose(place, (other) => numbers[other / 2 + windowEndAt] as number)
      tries.free(slot)
      words[slot + countAt] = 1
      numbers[slot / 2 + windowEndAt] = now + this.#windowMs
      tries.name(slot, place)
      return 0
    })
  }
}
