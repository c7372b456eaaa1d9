// Tells everybody who keeps answers of verify whose standing has changed, in any process on the store, as server-sent events
// (HTML Living Standard §9.2). One reading of the store serves all streams; without streams none is made.
import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { Store } from '../store/store.ts'
import { lowestIdAt } from '../store/time-id.ts'
import { type Reading, type StandingChange, StandingChanges, changesSince } from './standing-changes.ts'

/** How often the store is read, milliseconds. */
const readEveryMs = 250
/** How often a stream that has nothing to tell says that it is still there, milliseconds. */
const beatEveryMs = 2_000

interface Bounds {
  /** Streams of one process. */
  streams: number
  /** What may wait in memory for one reader, bytes; a slower one is cut off, and begins again where it was. */
  behind: number
}

const usual: Bounds = { streams: 1_000, behind: 256 * 1024 }

const eventOf = (name: string, data: object, id?: string): string =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`

const changedEvent = ({ id, kind, target, clientId, userId }: StandingChange): string =>
  eventOf('changed', { kind, id: target, client_id: clientId, user_id: userId }, id)

const resetEvent = (): string => eventOf('reset', {})

/** What was read, as events; what is too much is to drop everything. */
const told = (reading: Reading): string => (reading ? reading.map(changedEvent).join('') : resetEvent())

class StandingStream extends Readable {
  readonly #maxBehind: number
  /** What has come since the stream began and waits for what was missed before. */
  #held: string[] | undefined = []

  constructor(maxBehind: number) {
    super()
    this.#maxBehind = maxBehind
  }

  override _read(): void {}

  tell(text: string): void {
    if (this.#held) this.#held.push(text)
    else if (this.readableLength > this.#maxBehind) this.destroy()
    else this.push(text)
  }

  begin(text: string): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.tell(text + held.join(''))
  }

  end(): void {
    if (!this.destroyed) this.push(null)
  }
}

export class StandingStreams {
  readonly #store: Store
  readonly #log: Pick<Logger, 'error'>
  readonly #bounds: Bounds
  readonly #streams = new Set<StandingStream>()
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, log: Pick<Logger, 'error'>, bounds = usual) {
    this.#store = store
    this.#bounds = bounds
    this.#log = log
  }

  get full(): boolean {
    return this.#streams.size >= this.#bounds.streams
  }

  /** A stream from now on; `lastEventId`: from where the reader was cut off. */
  open(lastEventId: string | undefined): { stream: Readable; end: () => void } {
    const stream = new StandingStream(this.#bounds.behind)
    this.#streams.add(stream)
    stream.once('close', () => {
      this.#streams.delete(stream)
      if (this.#streams.size === 0) this.#stop()
    })
    if (!this.#timer) this.#start(new StandingChanges(this.#store))
    // whoever hears this has missed nothing that happens from now on
    const ready = lowestIdAt(Date.now())
    const begin = (missed: string, resumed: boolean): void =>
      stream.begin(`retry: 1000\n${eventOf('ready', { resumed }, ready)}${missed}`)
    if (lastEventId === undefined) begin('', false)
    else {
      changesSince(this.#store, lastEventId).then(
        (missed) => begin(missed ? told(missed) : '', missed !== undefined),
        (error: unknown) => {
          this.#log.error({ err: error }, 'could not read what a stream has missed')
          stream.destroy()
        },
      )
    }
    return { stream, end: () => stream.end() }
  }

  /** Ends every stream: their readers come again, here or elsewhere. */
  close(): void {
    this.#stop()
    for (const stream of this.#streams) stream.end()
  }

  #start(changes: StandingChanges): void {
    let reading = false
    let beatAt = 0
    const turn = async (): Promise<void> => {
      const startedAt = Date.now()
      const found = await changes.read()
      let text = told(found)
      if (text === '' && startedAt < beatAt) return
      // an id without an event: all that was committed until then has been told
      if (text === '') text = `id: ${lowestIdAt(startedAt)}\n\n`
      beatAt = startedAt + beatEveryMs
      for (const stream of this.#streams) stream.tell(text)
    }
    this.#timer = setInterval(() => {
      if (reading) return
      reading = true
      turn()
        .catch((error: unknown) => {
          // who cannot hear must know it
          this.#log.error({ err: error }, 'could not read whose standing has changed')
          this.close()
        })
        .finally(() => {
          reading = false
        })
    }, readEveryMs).unref()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
