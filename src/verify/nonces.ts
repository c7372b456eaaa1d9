// RFC 9449 §8, §9, §11.3: nonces that show when a proof was made. They are an HMAC of the time, so that every server with the same
// secret takes those of the others and nothing is kept.
import { timingSafeEqual } from 'node:crypto'
import type { SecretBox } from '../secret-box.ts'

/** A new one begins as often as this. */
const turnMs = 10_000

/** Turns in which one is taken: at most 30 seconds after it was first told. */
const lifetimeTurns = 3

/** Servers whose clocks are ahead are in the next turn already. */
const turnsAhead = 1

export class Nonces {
  readonly #box: SecretBox
  /** By turn; those that are taken now, and few others. */
  readonly #made = new Map<number, string>()

  constructor(box: SecretBox) {
    this.#box = box
  }

  /** The turn of a time in Unix milliseconds. */
  turnAt(now: number): number {
    return Math.floor(now / turnMs)
  }

  /** The first turn whose nonce is still taken. */
  oldestTurn(present: number): number {
    return present - lifetimeTurns + 1
  }

  /** The nonce that is told in this turn. */
  of(turn: number): string {
    let nonce = this.#made.get(turn)
    if (nonce === undefined) {
      if (this.#made.size > 2 * (lifetimeTurns + turnsAhead)) this.#made.clear()
      nonce = this.#box.hmac(`DPoP nonce ${turn}`).slice(0, 32)
      this.#made.set(turn, nonce)
    }
    return nonce
  }

  /** The turn in which `nonce` was told; undefined where it is not one that is still taken in the turn `present`. */
  turnOf(nonce: string, present: number): number | undefined {
    const given = Buffer.from(nonce)
    for (let turn = present + turnsAhead; turn >= this.oldestTurn(present); turn -= 1) {
      const right = Buffer.from(this.of(turn))
      if (given.length === right.length && timingSafeEqual(given, right)) return turn
    }
    return undefined
  }
}
