// Room for argon2id: each takes 19 MiB and a thread for some 10 ms, so a flood of sign-ins waits in a short line and is then turned away,
// before it takes memory or all threads (OWASP ASVS 5.0 §2.4.1, §15.2.2).
import { Refusal } from '../errors.ts'

export class HashingQueue {
  readonly #lanes: number
  readonly #places: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** `lanes`: at once; `places`: that may wait. */
  constructor(lanes: number, places: number) {
    this.#lanes = lanes
    this.#places = places
  }

  /** Runs the work in its turn. Throws `temporarily_unavailable` where too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#lanes) this.#running += 1
    else {
      if (this.#waiting.length >= this.#places)
        throw new Refusal('temporarily_unavailable', 'Too many people sign in at this moment. Retry shortly.')
      // whoever leaves hands its lane on
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
