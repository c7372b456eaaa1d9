// Hears from Latchkey whose standing changes, for as long as answers are kept; and knows when it does not hear.
import { type Connection, refusedReply } from '../connection.ts'
import { EventParser, type ServerEvent } from './event-stream.ts'
import type { StandingChange } from './kept.ts'

/** Latchkey says every two seconds that it is there: after so long without a word it is not, milliseconds. */
const silenceMs = 5_000
const shortestPauseMs = 200
const longestPauseMs = 10_000

export interface Listener {
  /** Whether every change is heard of from now on. */
  hears(heard: boolean): void
  /** No answer that stands on this is good any more. */
  changed(change: StandingChange): void
  /** Something may have been missed: no answer from before is. */
  reset(): void
}

interface Changed {
  kind?: unknown
  id?: unknown
  client_id?: string
  user_id?: string
}

/** Keeps no process alive by itself, where the runtime has such a thing. */
const unref = (timer: ReturnType<typeof setTimeout>): void => {
  ;(timer as { unref?: () => void }).unref?.()
}

export class Revocations {
  readonly #connection: Connection
  readonly #listener: Listener
  #running = false
  #stop = new AbortController()
  #lastId: string | undefined

  constructor(connection: Connection, listener: Listener) {
    this.#connection = connection
    this.#listener = listener
  }

  /** Begins to listen; does nothing where it has begun. */
  start(): void {
    if (this.#running) return
    this.#running = true
    this.#stop = new AbortController()
    void this.#listen(this.#stop.signal)
  }

  stop(): void {
    this.#running = false
    this.#listener.hears(false)
    this.#stop.abort()
  }

  async #listen(stop: AbortSignal): Promise<void> {
    for (let pauseMs = shortestPauseMs; !stop.aborted;) {
      const heard = await this.#hear(stop)
      this.#listener.hears(false)
      if (stop.aborted) return
      pauseMs = heard ? shortestPauseMs : Math.min(longestPauseMs, pauseMs * 2)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2))
        unref(timer)
        stop.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** One stream, to its end. Answers whether it told anything. */
  async #hear(stop: AbortSignal): Promise<boolean> {
    const silence = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const awake = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(new Error('it was silent for too long')), silenceMs)
      unref(timer)
    }
    let heard = false
    try {
      awake()
      const signal = AbortSignal.any([stop, silence.signal])
      const response = await this.#connection.open('GET', '/api/v1/revocations', signal, undefined, {
        accept: 'text/event-stream',
        ...(this.#lastId !== undefined && { 'last-event-id': this.#lastId }),
      })
      if (response.status !== 200 || !response.body) {
        const { reason } = refusedReply({ response, text: await response.text() })
        throw new Error(reason)
      }
      const parser = new EventParser(
        (event) => {
          heard = true
          this.#take(event)
        },
        (id) => {
          this.#lastId = id
        },
      )
      const decoder = new TextDecoder()
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        awake()
        parser.take(decoder.decode(value, { stream: true }))
      }
    } catch (error) {
      if (!stop.aborted)
        this.#connection.fault(
          `Revocations are not heard: ${error instanceof Error ? error.message : 'unknown'}.`,
          error,
        )
    } finally {
      clearTimeout(timer)
    }
    return heard
  }

  #take({ event, data }: ServerEvent): void {
    const told = JSON.parse(data) as Changed & { resumed?: boolean }
    if (event === 'ready') {
      if (told.resumed !== true) this.#listener.reset()
      this.#listener.hears(true)
    } else if (event === 'changed' && typeof told.id === 'string') {
      this.#listener.changed({ kind: String(told.kind), id: told.id, clientId: told.client_id, userId: told.user_id })
    } else {
      // a reset; and what is not understood may mean anything
      this.#listener.reset()
    }
  }
}
