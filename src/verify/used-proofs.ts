// RFC 9449 §11.1: proofs that have been used, remembered for as long as their nonce is taken.
import { hash } from 'node:crypto'

/**
 * Some 30 MB. One process checks fewer signatures than this while a nonce is taken, so that the room lasts; should it not,
 * proofs are refused until nonces have expired, since an old proof could no longer be told from a new one.
 */
const maxProofs = 500_000

export class UsedProofs {
  /** By turn of the nonce: when that is over, all its proofs are forgotten at once. */
  readonly #byTurn = new Map<number, Set<string>>()
  readonly #most: number
  /** What came before has been forgotten, and counts as used: a clock that is set back brings no proof back. */
  #since = -Infinity

  constructor(most: number = maxProofs) {
    this.#most = most
  }

  /** Whether it has been used. Nobody chooses another's thumbprint, so that nobody can use up another's ids. */
  has(turn: number, thumbprint: string, jti: string): boolean {
    return turn < this.#since || this.#byTurn.get(turn)?.has(nameOf(thumbprint, jti)) === true
  }

  /** Remembers it. `oldest`: the first turn whose nonces are still taken. False: there is no room. */
  add(turn: number, oldest: number, thumbprint: string, jti: string): boolean {
    this.#since = Math.max(this.#since, oldest)
    let held = 0
    for (const [past, used] of this.#byTurn)
      if (past < this.#since) this.#byTurn.delete(past)
      else held += used.size
    if (held >= this.#most) return false
    let used = this.#byTurn.get(turn)
    if (!used) this.#byTurn.set(turn, (used = new Set()))
    used.add(nameOf(thumbprint, jti))
    return true
  }
}

const nameOf = (thumbprint: string, jti: string): string =>
  hash('sha256', `${thumbprint} ${jti}`, 'base64url').slice(0, 22)
