// Slows down guessing (OWASP ASVS 5.0 §6.3.1): attempts are counted by address, and by account and address together, never by account
// alone: whoever guesses from one place locks nobody out who comes from another. In memory, of each process for itself.
import { isIP } from 'node:net'
import { hashOf } from '../credentials/format.ts'

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
/** Of each kind; beyond, what was tried longest ago is forgotten. */
const capacity = 10_000

interface Attempts {
  count: number
  last: number
  /** No attempt before that, Unix milliseconds. */
  until: number
}

class AttemptsByKey {
  readonly #rule: Rule
  readonly #byKey = new Map<string, Attempts>()

  constructor(rule: Rule) {
    this.#rule = rule
  }

  get size(): number {
    return this.#byKey.size
  }

  waitMs(key: string, now: number): number {
    return Math.max(0, (this.#byKey.get(key)?.until ?? 0) - now)
  }

  add(key: string, now: number): void {
    const before = this.#byKey.get(key)
    const count = before !== undefined && now - before.last < forgottenAfterMs ? before.count + 1 : 1
    const beyond = count - this.#rule.free
    const waitMs = beyond < 0 ? 0 : Math.min(second * 2 ** Math.min(beyond, 30), this.#rule.longestMs)
    this.#byKey.delete(key) // the map's order is that of the last attempts
    this.#byKey.set(key, { count, last: now, until: now + waitMs })
    if (this.#byKey.size > capacity) for (const oldest of this.#byKey.keys()) return void this.#byKey.delete(oldest)
  }

  takeBack(key: string): void {
    const attempts = this.#byKey.get(key)
    if (attempts) this.#byKey.set(key, { ...attempts, count: attempts.count - 1, until: 0 })
  }

  forget(key: string): void {
    this.#byKey.delete(key)
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
  readonly #byAccount = new AttemptsByKey(byAccount)
  readonly #byAddress = new AttemptsByKey(byAddress)

  /**
   * Asks for an attempt and counts it, before the password is looked at: many at once are counted too. 0: it may be made; else the
   * milliseconds to wait. `account`: the e-mail address in its one form, whether somebody has it or not. `now`: Unix milliseconds.
   */
  take(account: string, ip: string, now: number): number {
    const [pair, address] = [this.#pair(account, ip), network(ip)]
    const waitMs = Math.max(this.#byAccount.waitMs(pair, now), this.#byAddress.waitMs(address, now))
    if (waitMs > 0) return waitMs
    this.#byAccount.add(pair, now)
    this.#byAddress.add(address, now)
    return 0
  }

  /** The attempt was right: it does not count, and the account's from this address begin anew. */
  succeed(account: string, ip: string): void {
    this.#byAccount.forget(this.#pair(account, ip))
    this.#byAddress.takeBack(network(ip))
  }

  /** The attempt was not looked at: it does not count. */
  takeBack(account: string, ip: string): void {
    this.#byAccount.takeBack(this.#pair(account, ip))
    this.#byAddress.takeBack(network(ip))
  }

  /** Of what is remembered: bounded, whatever comes. */
  sizes(): { accounts: number; addresses: number } {
    return { accounts: this.#byAccount.size, addresses: this.#byAddress.size }
  }

  #pair(account: string, ip: string): string {
    return hashOf(`${network(ip)} ${account}`)
  }
}
