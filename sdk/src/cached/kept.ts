// Answers that are kept, by a hash of what was asked: bounded in number and bytes, and found again by every id that they stand on.
import type { Denied, Principal, Valid } from '../verdict.ts'
import type { Purse } from './purse.ts'

export interface Kept {
  readonly verdict: Valid | Denied
  /** What its limits are spent from; undefined: nothing limits it. */
  readonly purse: Purse | undefined
  /** When it was asked for: by a clock that nobody sets, and by one that goes on while the machine sleeps. Milliseconds. */
  at: number
  readonly wallAt: number
  /** How long it may be kept at most, milliseconds. */
  readonly forMs: number
  /** Looked up since it was last weighed for removal. */
  used: boolean
}

interface Bounds {
  entries: number
  bytes: number
}

/** Organizations of one principal that are told apart; of one with more, any organization's change drops it. */
const maxOrganizations = 100

/** Stands for the organizations of a principal that has too many to name. */
const anyOrganization = '*'

const idsOf = ({
  id,
  subject,
  organizationId,
  organizationIds = [],
  clientId,
  derivedFrom,
}: Principal): Set<string> => {
  const ids = new Set([id, subject])
  for (const one of [organizationId, clientId, derivedFrom?.id]) if (one !== undefined) ids.add(one)
  if (organizationIds.length > maxOrganizations) ids.add(anyOrganization)
  else for (const one of organizationIds) ids.add(one)
  return ids
}

/** Of the key, the maps and the objects; a principal's texts come on top. */
const entryBytes = 600

const bytesOf = (principal: Principal | undefined): number =>
  entryBytes + (principal ? 2 * JSON.stringify(principal).length + 100 * (principal.organizationIds?.length ?? 0) : 0)

/** Whose standing has changed. */
export interface StandingChange {
  readonly kind: string
  readonly id: string
  /** Of what a person allowed a client: no other answers about either are touched. */
  readonly clientId?: string | undefined
  readonly userId?: string | undefined
}

/** Entries that are spared at one removal, so that none takes long. */
const mostSpared = 16

export class KeptAnswers {
  readonly #bounds: Bounds
  readonly #entries = new Map<string, Kept & { bytes: number }>()
  readonly #byId = new Map<string, Set<string>>()
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Kept | undefined {
    return this.#entries.get(key)
  }

  set(key: string, kept: Kept): void {
    this.delete(key)
    const { principal } = kept.verdict
    const bytes = bytesOf(principal)
    if (bytes > this.#bounds.bytes) return
    this.#entries.set(key, Object.assign(kept, { bytes }))
    this.#bytes += bytes
    if (principal) {
      for (const id of idsOf(principal)) {
        const keys = this.#byId.get(id)
        if (keys) keys.add(key)
        else this.#byId.set(id, new Set([key]))
      }
    }
    this.#makeRoom()
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
    const { principal } = entry.verdict
    if (!principal) return
    for (const id of idsOf(principal)) {
      const keys = this.#byId.get(id)
      keys?.delete(key)
      if (keys?.size === 0) this.#byId.delete(id)
    }
  }

  /** No answer that stands on it is given again. What has been paid for stays: it is good if the next answer is. */
  drop({ kind, id, clientId, userId }: StandingChange): void {
    const both = clientId !== undefined && userId !== undefined
    this.#age(both ? userId : id, both ? clientId : undefined)
    if (kind === 'organization') this.#age(anyOrganization)
  }

  dropAll(): void {
    for (const entry of this.#entries.values()) entry.at = Number.NEGATIVE_INFINITY
  }

  clear(): void {
    this.#entries.clear()
    this.#byId.clear()
    this.#bytes = 0
  }

  #age(id: string, clientId?: string): void {
    for (const key of this.#byId.get(id) ?? []) {
      const entry = this.#entries.get(key)
      if (entry && (clientId === undefined || entry.verdict.principal?.clientId === clientId))
        entry.at = Number.NEGATIVE_INFINITY
    }
  }

  /** The oldest go first, but those used since they were last weighed are weighed again later. */
  #makeRoom(): void {
    let spared = 0
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#bounds.entries && this.#bytes <= this.#bounds.bytes) return
      if (entry.used && spared < mostSpared) {
        spared++
        entry.used = false
        this.#entries.delete(key)
        this.#entries.set(key, entry)
      } else this.delete(key)
    }
  }
}
