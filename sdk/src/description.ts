// How the API answers its callers, as Latchkey tells it: asked for once, and again now and then.
import { type Connection, refusedReply } from './connection.ts'
import type { MaybePromise } from './maybe-promise.ts'

/** A refusal; `{request_id}`, `{message}` and `{scope}` stand where a request says what belongs there. */
export interface DescribedAnswer {
  readonly code: string
  readonly scheme: 'Bearer' | 'DPoP'
  /** To a caller who sent no credential. */
  readonly missing?: boolean
  /** The limit that refused. */
  readonly limit?: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export interface ApiDescription {
  readonly api: string
  readonly audience: string
  readonly environments: readonly string[]
  readonly accepts: readonly string[]
  readonly presentation: {
    readonly bearer: boolean
    readonly bare: boolean
    readonly header?: string
    readonly dpop: boolean
  }
  /** Periods in seconds, or the calendar month in UTC. */
  readonly limits: readonly { readonly name: string; readonly per: string; readonly period: number | 'month' }[]
  /** Form of `X-RateLimit-Reset`. */
  readonly reset: 'unix' | 'iso8601'
  /** Sent with every answer to a legacy token. */
  readonly deprecation?: Readonly<Record<string, string>>
  readonly answers: readonly DescribedAnswer[]
}

const freshMs = 5 * 60_000
/** After a failure, so that a Latchkey that is down is not asked by every request. */
const pauseMs = 1_000

export class Descriptions {
  readonly #connection: Connection
  readonly #path: string
  #known: ApiDescription | undefined
  #askAgainAt = 0
  #asking: Promise<ApiDescription | undefined> | undefined

  constructor(connection: Connection, api: string | undefined) {
    this.#connection = connection
    this.#path = `/api/v1/describe${api === undefined ? '' : `?api=${encodeURIComponent(api)}`}`
  }

  /** At once where it is known; one that has grown old is used until the new one has come. undefined: it cannot be had just now. */
  get(): MaybePromise<ApiDescription | undefined> {
    const now = performance.now()
    if (now >= this.#askAgainAt && !this.#asking) {
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined
      })
    }
    return this.#known ?? this.#asking
  }

  async #ask(): Promise<ApiDescription | undefined> {
    const reply = await this.#connection.call('GET', this.#path)
    let fault: string | undefined
    if ('failed' in reply) fault = reply.failed
    else if (reply.response.status !== 200) fault = refusedReply(reply).reason
    else {
      try {
        this.#known = JSON.parse(reply.text) as ApiDescription
      } catch {
        fault = 'The description cannot be read.'
      }
    }
    this.#askAgainAt = performance.now() + (fault === undefined ? freshMs : pauseMs)
    if (fault !== undefined) this.#connection.fault(`Latchkey did not describe the API: ${fault}`)
    return this.#known
  }
}
