// What has been counted since the last write: found in place, in bounded room. Where there is no room, less is told apart and nothing is lost.
import type { Api } from '../config/config.ts'
import type { Code } from '../errors.ts'
import type { Decision } from '../verify/decision.ts'
import { type Room, Seen } from './seen.ts'

/** Counts that are told apart between two writes; beyond, those of an owner's credentials run together. */
const maxCounts = 20_000
/** Further ones, each for all of an owner's credentials; beyond, those of all owners run together. */
const maxFolded = 5_000
/** Networks, agents and endpoints of all credentials. */
const maxSeen = 50_000
/** Of one credential: a person's token may reach thousands of organizations. */
const maxChain = 32

export const hourMs = 3_600_000

/** The organization, else the person, whose requests are counted; '': nobody. */
export interface Owner {
  readonly id: string
  /** What of it has gone to the live tail since then, Unix milliseconds. */
  since: number
  allowed: number
  denied: number
}

/** Decisions of one credential at one API. */
export interface Count {
  readonly used: Used
  readonly owner: Owner
  readonly api: Api
  readonly environment: string
  allowed: number
  /** What those let in cost. */
  units: number
  denied: Map<Code, number> | undefined
  readonly next: Count | undefined
}

/** All that is known of one credential's use. */
export interface Used {
  /** '': nobody's, or several run together. */
  readonly credentialId: string
  counts: Count | undefined
  chained: number
  readonly seen: Seen | undefined
}

export class Window {
  /** When the hour begins that is counted in, Unix milliseconds, and when it ends. */
  readonly hour: number
  readonly endsAt: number
  readonly #owners = new Map<string, Owner>()
  /** By credential; what is not told apart, by its owner. */
  readonly #used = new Map<string, Used>()
  readonly #room: Room = { left: maxSeen }
  #size = 0

  constructor(now: number) {
    this.hour = Math.floor(now / hourMs) * hourMs
    this.endsAt = this.hour + hourMs
  }

  /** How many counts are told apart. */
  get size(): number {
    return this.#size
  }

  /** Whether it should be written soon. */
  get isFilling(): boolean {
    return this.#size > maxCounts * 0.75 || this.#room.left < maxSeen / 2
  }

  used(): IterableIterator<Used> {
    return this.#used.values()
  }

  /** Counts a decision, and says where. */
  add(api: Api, decision: Decision, units: number): Count {
    let ownerId = ''
    let credentialId = ''
    let environment = ''
    const { principal } = decision
    if (principal) {
      ownerId = principal.organizationId ?? principal.userId ?? ''
      credentialId = principal.clientId ?? principal.derivedFrom?.id ?? principal.id
      ;({ environment } = principal)
    } else if (!decision.valid && decision.of) {
      ;({ ownerId, credentialId, environment } = decision.of)
    }
    const used = this.#used.get(credentialId)
    const count =
      (used && find(used, api, ownerId, environment)) ?? this.#begin(used, api, ownerId, credentialId, environment)
    if (decision.valid) {
      count.allowed += 1
      count.units += units
    } else {
      count.denied ??= new Map()
      count.denied.set(decision.code, (count.denied.get(decision.code) ?? 0) + 1)
    }
    return count
  }

  #begin(used: Used | undefined, api: Api, ownerId: string, credentialId: string, environment: string): Count {
    if (credentialId !== '' && this.#size < maxCounts && (used?.chained ?? 0) < maxChain)
      return this.#place(credentialId, api, ownerId, credentialId, environment)
    return this.#size < maxCounts + maxFolded
      ? this.#place(ownerId, api, ownerId, '', environment)
      : this.#place('', api, '', '', '')
  }

  #place(key: string, api: Api, ownerId: string, credentialId: string, environment: string): Count {
    let used = this.#used.get(key)
    if (!used) {
      used = {
        credentialId,
        counts: undefined,
        chained: 0,
        seen: credentialId === '' ? undefined : new Seen(this.#room),
      }
      this.#used.set(key, used)
    }
    const found = find(used, api, ownerId, environment)
    if (found) return found
    const owner = this.#owner(ownerId)
    used.counts = { used, owner, api, environment, allowed: 0, units: 0, denied: undefined, next: used.counts }
    used.chained += 1
    this.#size += 1
    return used.counts
  }

  #owner(id: string): Owner {
    let owner = this.#owners.get(id)
    if (!owner) this.#owners.set(id, (owner = { id, since: 0, allowed: 0, denied: 0 }))
    return owner
  }
}

const find = ({ counts }: Used, api: Api, ownerId: string, environment: string): Count | undefined => {
  let count = counts
  while (count && (count.api !== api || count.owner.id !== ownerId || count.environment !== environment))
    count = count.next
  return count
}
