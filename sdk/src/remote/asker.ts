// Asks Latchkey about one credential, alone or together with others that came in the same moment.
import { type Connection, type Reply, refusedReply } from '../connection.ts'
import type { Question } from '../question.ts'
import { type Unavailable, type Verdict, unavailable } from '../verdict.ts'
import { itemOf, verdictOf } from './wire.ts'

export interface BatchOptions {
  /** Questions that are asked together, 2 to 1,000. Default 100. */
  readonly maxItems?: number
  /** How long the first of them waits for others, milliseconds, 0 to 100. Default 1. */
  readonly maxWaitMs?: number
}

interface Waiting {
  question: Question
  answer: (verdict: Verdict) => void
}

const path = '/api/v1/verify'

const parsed = (reply: Reply): { body: unknown } | Unavailable => {
  if ('failed' in reply) return unavailable(reply.failed)
  if (reply.response.status !== 200) {
    const { reason, retryAfterSeconds } = refusedReply(reply)
    return unavailable(reason, retryAfterSeconds)
  }
  try {
    return { body: JSON.parse(reply.text) as unknown }
  } catch {
    return unavailable('Latchkey’s answer cannot be read.')
  }
}

export class Asker {
  readonly #connection: Connection
  readonly #api: string | undefined
  readonly #batch: Required<BatchOptions> | undefined
  #waiting: Waiting[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(connection: Connection, api: string | undefined, batch: BatchOptions | boolean = false) {
    this.#connection = connection
    this.#api = api
    if (batch === false) return
    const { maxItems = 100, maxWaitMs = 1 } = batch === true ? {} : batch
    if (!Number.isInteger(maxItems) || maxItems < 2 || maxItems > 1000)
      throw new RangeError('batch.maxItems must be a whole number from 2 to 1000.')
    if (!(maxWaitMs >= 0 && maxWaitMs <= 100)) throw new RangeError('batch.maxWaitMs must be from 0 to 100.')
    this.#batch = { maxItems, maxWaitMs }
  }

  /** Never throws but for `signal`'s reason. */
  async ask(question: Question, signal?: AbortSignal): Promise<Verdict> {
    signal?.throwIfAborted()
    if (this.#batch) return this.#together(question, this.#batch, signal)
    const reply = parsed(await this.#connection.call('POST', path, JSON.stringify(itemOf(question, this.#api)), signal))
    return 'outcome' in reply ? reply : verdictOf(reply.body, question)
  }

  #together(
    question: Question,
    { maxItems, maxWaitMs }: Required<BatchOptions>,
    signal?: AbortSignal,
  ): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        // what has not been sent yet need not be
        this.#waiting = this.#waiting.filter((one) => one !== waiting)
        reject(signal?.reason as Error)
      }
      const waiting: Waiting = {
        question,
        answer(verdict) {
          signal?.removeEventListener('abort', abort)
          resolve(verdict)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(waiting)
      if (this.#waiting.length >= maxItems) this.#send()
      else this.#timer ??= setTimeout(() => this.#send(), maxWaitMs)
    })
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length > 0) void this.#ask(batch)
  }

  async #ask(batch: readonly Waiting[]): Promise<void> {
    const items = batch.map(({ question }) => itemOf(question, this.#api))
    const reply = parsed(await this.#connection.call('POST', path, JSON.stringify({ items })))
    const results = 'outcome' in reply ? undefined : (reply.body as { results?: unknown } | null)?.results
    const whole = Array.isArray(results) && results.length === batch.length ? (results as unknown[]) : undefined
    for (const [index, { question, answer }] of batch.entries()) {
      if (whole) answer(verdictOf(whole[index], question))
      else answer('outcome' in reply ? reply : unavailable('Latchkey’s answer cannot be read.'))
    }
  }
}
