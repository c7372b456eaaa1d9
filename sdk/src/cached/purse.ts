// Units of a credential's limits that have been paid for and not used yet: what lets a kept answer be given without asking, and
// without giving out more than the limit. They are spent at the server before they are spent here.
import type { Denied, Limit } from '../verdict.ts'

/** Of what a limit has left, the most that one process takes ahead: others want some too. */
const greatestShare = 1 / 10
const greatestSlice = 10_000
/** How far ahead is looked at most, milliseconds. */
const farthestMs = 2_000
/** Requests that come within less are not a rate yet, milliseconds. */
const shortestMs = 250
/** How long "used up" is believed before the server is asked again, milliseconds: bounds what refused requests cost it. */
const believeMs = 100

export class Purse {
  /** As the server last told them, with all that has been paid for counted as gone. */
  limits: readonly Limit[] = []
  #units = 0
  /** With less than this it is time for more. */
  #low = 0
  /** When what is left is worth nothing any more: the first of the limits' periods ends. */
  #until = 0
  /** Units that requests have asked for since `#since`, and how many a millisecond that was before. */
  #asked = 0
  #since = 0
  #rate = 0
  #refused: { verdict: Denied; cost: number; until: number } | undefined
  /** Costs of requests that wait for units just now. */
  waiting = 0

  get units(): number {
    return this.#units
  }

  /** Spends `cost` if it has been paid for. */
  spend(cost: number, now: number): boolean {
    if (!(this.#units >= cost && now < this.#until)) return false
    this.#units -= cost
    this.#asked += cost
    return true
  }

  /** Whether it is time to pay ahead: little is left of what is used all the time. */
  get runsLow(): boolean {
    return this.#units < this.#low
  }

  /** What to pay for a request of this cost, and for those that wait or are about to come. */
  priceOf(cost: number, now: number): number {
    const left = Math.min(...this.limits.map(({ remaining }) => remaining))
    const ahead = Math.max(
      0,
      Math.floor(Math.min(this.#wanted(now) - this.#units, left * greatestShare, greatestSlice)),
    )
    // who waits is there already; and what is asked for in vain is refused whole
    const together = Math.min(cost + this.waiting, Math.max(cost, left))
    return Math.max(together, Math.min(cost + ahead, left), cost)
  }

  /** The refusal of a request of this cost, as long as it is believed. */
  refusal(cost: number, now: number): Denied | undefined {
    const refused = this.#refused
    return refused && now < refused.until && cost >= refused.cost ? refused.verdict : undefined
  }

  /** The server refused a request of this cost. */
  refuse(verdict: Denied, cost: number, now: number): void {
    this.#refused = { verdict, cost, until: now + believeMs }
    this.limits = verdict.limits
  }

  /**
   * `paid` units have been spent at the server, `cost` of them by the request that asked. `until`: when the first of the limits' periods ends,
   * by the clock of `now`; units from before are of the same periods or void.
   */
  add(
    { paid, cost, limits, until }: { paid: number; cost: number; limits: readonly Limit[]; until: number },
    now: number,
  ): void {
    const samePeriod =
      now < this.#until &&
      limits.length === this.limits.length &&
      limits.every(({ name, reset }, index) => this.limits[index]?.name === name && this.limits[index].reset === reset)
    this.#units = (samePeriod ? this.#units : 0) + paid - cost
    this.#until = until
    this.#refused = undefined
    this.limits = limits
    this.#asked += cost
    const elapsed = now - this.#since
    if (elapsed >= shortestMs) {
      this.#rate = (this.#rate + this.#asked / elapsed) / 2
      this.#asked = 0
      this.#since = now
    }
    const wanted = this.#wanted(now)
    this.#low = wanted > 1 && this.#units > 0 ? Math.min(wanted, this.#units) / 4 : 0
  }

  /** The limits as callers are told them: what is paid for here is not used up yet. */
  told(): readonly Limit[] {
    const units = this.#units
    return this.limits.map(({ name, limit, remaining, reset }) => ({
      name,
      limit,
      remaining: remaining + units,
      reset,
    }))
  }

  /** Units for the time that is looked ahead, at the present rate, as far as the period goes. */
  #wanted(now: number): number {
    const elapsed = Math.max(shortestMs, now - this.#since)
    const rate = Math.max(this.#rate, this.#asked / elapsed)
    return Math.ceil(rate * Math.min(farthestMs, Math.max(0, this.#until - now)))
  }
}
