// Slows down guessing (OWASP ASVS 5.0 §6.3.1): attempts are counted by address, and by account and address together, never by account
// alone: whoever guesses from one place locks nobody out who comes from another. In memory, of each server for itself.
import { isIP } from 'node:net'
import { Buckets, type Place, bucketsFor } from '../threads/buckets.ts'
import { type SharedMemory, ownMemory } from '../threads/memory.ts'

const second = 1000
const minute = 60 * second

interface Rule {
  /** Attempts without a wait. Behind one address there may be many people. */
  free: number
  /** Every attempt beyond doubles the wait, from one second up to this. */
  longestMs: number
}

const byAccount: Rule = { free: 5, longestMs: 15 * minute }
const byAddress: Rule = { free: 30, longestMs: 5 * minute }

/** What is quiet for so long is forgotten. */
const forgottenAfterMs = 60 * minute
/** Of each kind; beyond, what was tried longest ago is forgotten, of what lies together. */
const capacity = 10_000

const ways = 7
/** A word, and numbers (Unix milliseconds): the last attempt, and until when there may be none. */
const [countAt, lastAt, untilAt] = [3, 2, 3]

class AttemptsByKey {
  readonly #rule: Rule
  readonly #attempts: Buckets

  constructor(rule: Rule, memory: SharedMemory, name: string) {
    this.#rule = rule
    this.#attempts = new Buckets(memory, `sign-in: ${name}`, { buckets: bucketsFor(capacity, ways), ways, words: 8 })
  }

  place(key: string): Place {
    return this.#attempts.placeOf(key)
  }

  get size(): number {
    return [...this.#attempts.slots()].filter((slot) => this.#attempts.words[slot] !== 0).length
  }

  waitMs(place: Place, now: number): number {
    return this.#attempts.locked(place, () => {
      const slot = this.#attempts.find(place)
      return slot === 0 ? 0 : Math.max(0, (this.#attempts.numbers[slot / 2 + untilAt] as number) - now)
    })
  }

  /** Counts an attempt that may be made. Answers the milliseconds to wait for one that may not, else 0. */
  take(place: Place, now: number): number {
    const attempts = this.#attempts
    const { words, numbers } = attempts
    return attempts.locked(place, () => {
      const known = attempts.find(place)
      const until = known === 0 ? 0 : (numbers[known / 2 + untilAt] as number)
      if (until > now) return until - now
      const recent = known !== 0 && now - (numbers[known / 2 + lastAt] as number) < forgottenAfterMs
      const count = recent ? (words[known + countAt] as number) + 1 : 1
      const beyond = count - this.#rule.free
      const waitMs = beyond < 0 ? 0 : Math.min(second * 2 ** Math.min(beyond, 30), this.#rule.longestMs)
      const slot = known || attempts.choose(place, (other) => numbers[other / 2 + lastAt] as number)
      attempts.free(slot)
      words[slot + countAt] = count
      numbers[slot / 2 + lastAt] = now
      numbers[slot / 2 + untilAt] = now + waitMs
      attempts.name(slot, place)
      return 0
    })
  }

  takeBack(place: Place): void {
    const attempts = this.#attempts
    attempts.locked(place, () => {
      const slot = attempts.find(place)
      if (slot === 0) return
      attempts.words[slot + countAt] = (attempts.words[slot + countAt] as number) - 1
      attempts.numbers[slot / 2 + untilAt] = 0
    })
  }

  forget(place: Place): void {
    this.#attempts.locked(place, () => {
      const slot = this.#attempts.find(place)
      if (slot !== 0) this.#attempts.free(slot)
    })
  }
}

/** The address, of IPv6 the network that one household has (RFC 6177): its first 64 bits. */
const network = (ip: string): string => {
  if (isIP(ip) !== 6) return ip
  const [left = '', right] = ip.toLowerCase().split('::')
  const groups = left.split(':').filter(Boolean)
  if (right !== undefined) {
    const after = right.split(':').filter(Boolean)
    groups.push(...Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0'), ...after)
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

export class SignInThrottle {
  readonly #byAccount: AttemptsByKey
  readonly #byAddress: AttemptsByKey

  /** `memory`: what the server's threads have in common. */
  constructor(memory: SharedMemory = ownMemory()) {
    this.#byAccount = new AttemptsByKey(byAccount, memory, 'account')
    this.#byAddress = new AttemptsByKey(byAddress, memory, 'address')
  }

  /**
   * Asks for an attempt and counts it, before the password is looked at: many at once are counted too. 0: it may be made; else the
   * milliseconds to wait. `account`: the e-mail address in its one form, whether somebody has it or not. `now`: Unix milliseconds.
   */
  take(account: string, ip: string, now: number): number {
    const [pair, address] = this.#places(account, ip)
    const waitMs = Math.max(this.#byAccount.waitMs(pair, now), this.#byAddress.waitMs(address, now))
    if (waitMs > 0) return waitMs
    // another thread may have counted one meanwhile
    const ofAccount = this.#byAccount.take(pair, now)
    if (ofAccount > 0) return ofAccount
    const ofAddress = this.#byAddress.take(address, now)
    if (ofAddress > 0) this.#byAccount.takeBack(pair)
    return ofAddress
  }

  /** The attempt was right: it does not count, and the account's from this address begin anew. */
  succeed(account: string, ip: string): void {
    const [pair, address] = this.#places(account, ip)
    this.#byAccount.forget(pair)
    this.#byAddress.takeBack(address)
  }

  /** The attempt was not looked at: it does not count. */
  takeBack(account: string, ip: string): void {
    const [pair, address] = this.#places(account, ip)
    this.#byAccount.takeBack(pair)
    this.#byAddress.takeBack(address)
  }

  /** Of what is remembered: bounded, whatever comes. */
  sizes(): { accounts: number; addresses: number } {
    return { accounts: this.#byAccount.size, addresses: this.#byAddress.size }
  }

  #places(account: string, ip: string): readonly [Place, Place] {
    const from = network(ip)
    return [this.#byAccount.place(`${from} ${account}`), this.#byAddress.place(from)]
  }
}
