// RFC 9449 §11.1: proofs that have been used, remembered for as long as their nonce is taken, in memory that the server's threads share.
import { Buckets, type Place } from '../threads/buckets.ts'
import { type SharedMemory, ownMemory } from '../threads/memory.ts'

/**
 * 16 MB. Fewer signatures than this are checked while a nonce is taken, so that the room lasts; should it not, proofs are refused until
 * nonces have expired, since an old proof could no longer be told from a new one.
 */
const usual = { buckets: 16_384, ways: 63 }

/** A word of a slot: the turn of the nonce. */
const turnAt = 3

export class UsedProofs {
  readonly #proofs: Buckets
  /** Its second word: what came before that turn has been forgotten, and counts as used, so that a clock that is set back brings none back. */
  readonly #since: Int32Array

  /** `room`: how many, in a table of buckets; the number of these is a power of two. */
  constructor(memory: SharedMemory = ownMemory(), room = usual) {
    this.#proofs = new Buckets(memory, 'used proofs', { ...room, words: 4 })
    this.#since = new Int32Array(memory.buffer, memory.region('used proofs: since', 8, 8), 2)
  }

  /** Whether it has been used. Nobody chooses another's thumbprint, so that nobody can use up another's ids. */
  has(turn: number, thumbprint: string, jti: string): boolean {
    return this.#proofs.locked(this.#place(thumbprint, jti), (place) => this.#isUsed(turn, place))
  }

  /** Remembers it, or finds that it has been used before. `oldest`: the first turn whose nonces are still taken. `full`: there is no room. */
  add(turn: number, oldest: number, thumbprint: string, jti: string): 'added' | 'used' | 'full' {
    return this.#proofs.locked(this.#place(thumbprint, jti), (place) => {
      for (let since = this.#from(); since < oldest; since = this.#from())
        Atomics.compareExchange(this.#since, 1, since, oldest)
      if (this.#isUsed(turn, place)) return 'used'
      const { words } = this.#proofs
      const slot = this.#proofs.choose(place, (other) => {
        const past = words[other + turnAt] as number
        return past < this.#from() ? past : Infinity
      })
      if (slot === 0) return 'full'
      this.#proofs.free(slot)
      words[slot + turnAt] = turn
      this.#proofs.name(slot, place)
      return 'added'
    })
  }

  #from(): number {
    return Atomics.load(this.#since, 1)
  }

  #isUsed(turn: number, place: Place): boolean {
    return turn < this.#from() || this.#proofs.find(place) !== 0
  }

  #place(thumbprint: string, jti: string): Place {
    return this.#proofs.placeOf(`${thumbprint} ${jti}`)
  }
}
