// Work that is done in rounds, one at a time in a process: at once when something is due, by a timer for what others have left, and until
// nothing is due any more. Whoever stops waits a moment for what is in flight.

/** How long those in flight are waited for at a stop. */
const graceMs = 3000

export interface RoundsOptions {
  everyMs: number
  /** Does what is due now; answers whether there may be more. */
  round: (signal: AbortSignal) => Promise<boolean>
  failed: (error: unknown) => void
}

export class Rounds {
  readonly #options: RoundsOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  /** Aborted once it is over. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Works from now on by itself. */
  start(): void {
    this.#timer ??= setInterval(() => void this.run(), this.#options.everyMs).unref()
    void this.run()
  }

  /** Looks for what is due, in a process that works by itself. */
  async kick(): Promise<void> {
    if (this.#timer) await this.run()
  }

  /** Does all that is due, and resolves once there is nothing left to do now. */
  async run(): Promise<void> {
    if (this.#stop.signal.aborted) return
    if (this.#running) this.#again = true
    this.#running ??= this.#rounds()
      .catch(this.#options.failed)
      .finally(() => {
        this.#running = undefined
      })
    await this.#running
  }

  /** Ends what is in flight after a moment. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#again = false
    const cut = setTimeout(() => this.#stop.abort(), graceMs)
    await this.#running
    clearTimeout(cut)
    this.#stop.abort()
  }

  async #rounds(): Promise<void> {
    let more: boolean
    do {
      this.#again = false
      more = await this.#options.round(this.#stop.signal)
    } while ((more || this.#again) && !this.#stop.signal.aborted)
  }
}

/** Goes through `items` with so many at a time, until `signal` says no. */
export const inLanes = async <T>(
  lanes: number,
  items: Iterator<T> & Iterable<T>,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const lane = async (): Promise<void> => {
    for (const item of items) if (!signal.aborted) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
