// draft-ietf-oauth-status-list-21 §6, §12.5: gives each token its place in a status list, and keeps what it stands on, so that the
// list can say later whether it still does. docs/offline-verification.md argues the design.
import { randomBytes, randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Store } from '../store/store.ts'
import { type StatusReference, statusListSize, statusListUri } from './status-list.ts'

/** Rows in one write: SQLite takes 32,766 parameters. */
const maxRows = 1000

/** A list that is not full is left for a new one after so long, so that it can go once its last token has ended. */
const openMs = 86_400_000

/** What a token stands on. */
interface StatusOrigin {
  kind: ActivitySchema['status_entries']['origin_kind']
  id: string
}

export interface StatusEntry {
  /** The `jti` or `cti`. */
  tokenId: string
  origin: StatusOrigin
  organizationId: string | undefined
  /** Unix seconds. */
  expiresAt: number
}

interface Batch {
  rows: ActivitySchema['status_entries'][]
  written: Promise<void>
}

/** Positions of one list in random order (a shuffle that stops where it is): neighbours tell nothing of each other. */
class OpenList {
  readonly id = randomBytes(16).toString('base64url')
  readonly openedAt: number
  readonly #indexes = Uint32Array.from({ length: statusListSize }, (_, index) => index)
  #left = statusListSize

  constructor(openedAt: number) {
    this.openedAt = openedAt
  }

  get isFull(): boolean {
    return this.#left === 0
  }

  draw(): number {
    const drawn = randomInt(this.#left--)
    const index = this.#indexes[drawn] as number
    this.#indexes[drawn] = this.#indexes[this.#left] as number
    return index
  }
}

/** Each process fills lists of its own: there is nothing to agree on with others, and nothing to ask the store for. */
export class StatusIndexes {
  readonly #activity: Store['activity']
  readonly #issuer: string
  readonly #now: () => number
  #list: OpenList | undefined
  /** Takes rows until its write begins. */
  #gathering: Batch | undefined
  #lastWrite: Promise<void> = Promise.resolve()

  /** `now` in Unix milliseconds. */
  constructor({ activity }: Pick<Store, 'activity'>, issuer: string, now: () => number) {
    this.#activity = activity
    this.#issuer = issuer
    this.#now = now
  }

  /** Resolves once the entry is durable: a token whose entry were lost could not be shown as revoked. */
  async allot({ tokenId, origin, organizationId, expiresAt }: StatusEntry): Promise<StatusReference> {
    const now = this.#now()
    if (!this.#list || this.#list.isFull || this.#list.openedAt + openMs <= now) this.#list = new OpenList(now)
    const { id } = this.#list
    const index = this.#list.draw()
    await this.#write({
      token_id: tokenId,
      list_id: id,
      list_index: index,
      origin_kind: origin.kind,
      origin_id: origin.id,
      organization_id: organizationId ?? null,
      expires_at: expiresAt * 1000,
    })
    return { index, uri: statusListUri(this.#issuer, id) }
  }

  /** Together with whatever else is to be written while the write before is under way, or in this turn of the event loop. */
  #write(row: ActivitySchema['status_entries']): Promise<void> {
    if (!this.#gathering || this.#gathering.rows.length >= maxRows) this.#gathering = this.#begin()
    this.#gathering.rows.push(row)
    return this.#gathering.written
  }

  #begin(): Batch {
    const batch: Batch = {
      rows: [],
      written: this.#lastWrite.then(async () => {
        await setImmediate()
        if (this.#gathering === batch) this.#gathering = undefined
        await this.#activity.insertInto('status_entries').values(batch.rows).execute()
      }),
    }
    this.#lastWrite = batch.written.catch(() => {}) // those who wait for it are told
    return batch
  }
}
