// Where one credential was seen since the last write: each time as long as it is used a few times a second, else now and then.
import type { Api } from '../config/config.ts'
import type { CallerFacts } from '../verify/decision.ts'
import { agentOf, beginningOf, endpointOf, maxSightings, networkOf } from './sightings.ts'

interface Sighting {
  /** Unix milliseconds. */
  firstAt: number
  lastAt: number
  count: number
}

/** Looks of one credential in a second before most are left out. */
const looksASecond = 10
/** From then on every so many is looked at, and counts for all of them. */
const every = 16

/** How many more values may be kept, of all credentials together. */
export interface Room {
  left: number
}

/** The values of one kind. Nearly always it is the one before. */
class Values {
  readonly all = new Map<string, Sighting>()
  latest: Sighting | undefined
  readonly #room: Room

  constructor(room: Room) {
    this.#room = room
  }

  note(value: string, now: number, weight: number): void {
    const known = this.all.get(value)
    if (known) {
      this.latest = known
      this.again(now, weight)
      return
    }
    this.latest = { firstAt: now, lastAt: now, count: weight }
    if (this.all.size >= maxSightings) this.#forgetColdest()
    if (this.#room.left <= 0) return // counted where nobody looks
    this.#room.left -= 1
    this.all.set(value, this.latest)
  }

  again(now: number, weight: number): void {
    const latest = this.latest as Sighting
    latest.lastAt = now
    latest.count += weight
  }

  #forgetColdest(): void {
    let coldest: string | undefined
    let at = Infinity
    for (const [value, { lastAt }] of this.all) if (lastAt < at) [coldest, at] = [value, lastAt]
    if (coldest === undefined) return
    this.all.delete(coldest)
    this.#room.left += 1
  }
}

export class Seen {
  readonly networks: Values
  readonly agents: Values
  readonly endpoints: Values
  #since = 0
  #calls = 0
  #ip: string | undefined
  #userAgent: string | undefined
  #api: Api | undefined
  #method: string | undefined
  #beginning: string | undefined

  constructor(room: Room) {
    this.networks = new Values(room)
    this.agents = new Values(room)
    this.endpoints = new Values(room)
  }

  note(api: Api, caller: CallerFacts, now: number): void {
    if (now - this.#since >= 1000) {
      this.#since = now
      this.#calls = 0
    }
    this.#calls += 1
    if (this.#calls <= looksASecond) this.#look(api, caller, now, 1)
    else if (this.#calls % every === 0) this.#look(api, caller, now, every)
  }

  #look(api: Api, { ip, userAgent, method, path }: CallerFacts, now: number, weight: number): void {
    if (ip) {
      if (ip === this.#ip) this.networks.again(now, weight)
      else {
        this.networks.note(networkOf(ip), now, weight)
        this.#ip = ip
      }
    }
    if (userAgent) {
      if (userAgent === this.#userAgent) this.agents.again(now, weight)
      else {
        this.agents.note(agentOf(userAgent), now, weight)
        this.#userAgent = userAgent
      }
    }
    if (method !== undefined && path !== undefined) {
      const beginning = beginningOf(path)
      if (beginning === this.#beginning && method === this.#method && api === this.#api)
        this.endpoints.again(now, weight)
      else {
        this.endpoints.note(endpointOf(api.name, method, beginning), now, weight)
        this.#api = api
        this.#method = method
        this.#beginning = beginning
      }
    }
  }
}
