// Work that begins once the answer has been sent, so that the time of the answer tells nothing of it.
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'

/** At a time; beyond that it is left out, and logged. */
const most = 200

export class AfterAnswer {
  readonly #log: Logger
  readonly #running = new Set<Promise<void>>()

  constructor(log: Logger) {
    this.#log = log
  }

  run({ raw }: Pick<FastifyReply, 'raw'>, work: () => Promise<void>): void {
    if (this.#running.size >= most) return this.#log.error('too much waits for its answer to be sent')
    const sent = new Promise((resolve) => raw.once('close', resolve))
    const running = sent
      .then(work)
      .catch((error: unknown) => this.#log.error({ err: error }, 'could not do what follows an answer'))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves once all of it is done. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
