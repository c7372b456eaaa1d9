// The main thread of a server with several: it starts them, puts another in the place of one that dies, and serves nothing itself.
import { getCompileCacheDir } from 'node:module'
import { extname } from 'node:path'
import { type ResourceLimits, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { type Measured, together } from '../http/metrics.ts'
import { Holdings } from '../limits/holdings.ts'
import { SharedMemory } from '../threads/memory.ts'
import { type Asked, type Beginning, type Listening, type Told, errorOf } from './messages.ts'

/** Before another takes the place of one that died; twice as long each time, if they die soon. Milliseconds. */
const firstPauseMs = 100
const longestPauseMs = 30_000
/** Whoever has served so long did not die of its start. */
const soundMs = 60_000
/** How long a thread has to say what it has measured. */
const measureMs = 1_000

/** As it is in a checkout, or compiled. */
const workerFile = new URL(`worker${extname(import.meta.url)}`, import.meta.url)

export interface SupervisorOptions {
  /** Threads that serve. */
  count: number
  /** 0: any. */
  port: number
  configDigest: string | undefined
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** What a thread runs. */
  module?: URL
  env?: NodeJS.ProcessEnv
  resourceLimits?: ResourceLimits
}

interface Place {
  index: number
  worker: Worker | undefined
  /** Of the thread that has it. */
  thread: number
  listening: Listening | undefined
  startedAt: number
  deaths: number
  /** As it was last told. */
  measured: Measured | undefined
  pause: NodeJS.Timeout | undefined
}

interface Question {
  left: Set<Place>
  answer: () => void
}

export class Supervisor {
  readonly #options: SupervisorOptions & { module: URL }
  readonly #memory = new SharedMemory(undefined, 1)
  readonly #held = new Holdings(this.#memory)
  readonly #places: Place[]
  readonly #questions = new Map<number, Question>()
  #threads = 1
  #port: number
  /** Of threads that are no more, added up, so that no count ever falls. */
  #gone: Measured | undefined
  #asked = 0
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = { module: workerFile, ...options }
    this.#port = options.port
    this.#places = Array.from({ length: options.count }, (_, index) => ({
      index,
      worker: undefined,
      thread: 0,
      listening: undefined,
      startedAt: 0,
      deaths: 0,
      measured: undefined,
      pause: undefined,
    }))
  }

  /** The first alone, which makes what there is to be made; then all others. Throws what keeps any from serving, and then none serves. */
  async start(): Promise<Listening> {
    const [first, ...others] = this.#places as [Place, ...Place[]]
    try {
      const listening = await this.#begin(first, true)
      this.#port = listening.port
      await Promise.all(others.map((place) => this.#begin(place)))
      return listening
    } catch (error) {
      this.#stopping = true
      await Promise.all(this.#places.flatMap(({ worker }) => worker?.terminate() ?? []))
      throw error
    }
  }

  /** Threads that serve just now. */
  get serving(): number {
    return this.#places.filter(({ listening }) => listening).length
  }

  /** Lets all finish what is in flight. Answers whether every one of them did; those that have not after `withinMs` are ended. */
  async stop(signal: string, withinMs: number): Promise<boolean> {
    this.#stopping = true
    const running = this.#places.flatMap(({ worker, pause }) => {
      clearTimeout(pause)
      return worker ?? []
    })
    const ends = running.map((worker) => new Promise<number>((resolve) => worker.once('exit', resolve)))
    for (const worker of running) this.#ask(worker, { kind: 'stop', signal })
    const cut = setTimeout(() => running.forEach((worker) => void worker.terminate()), withinMs)
    const codes = await Promise.all(ends)
    clearTimeout(cut)
    return codes.every((code) => code === 0)
  }

  #ask(worker: Worker, asked: Asked): void {
    worker.postMessage(asked)
  }

  /** Starts a thread in that place; resolves once it listens. */
  #begin(place: Place, starts = false): Promise<Listening> {
    const { module, configDigest, env = process.env, resourceLimits } = this.#options
    this.#threads += 1
    const thread = this.#threads
    const once = place.index === 0
    const beginning: Beginning = {
      memory: this.#memory.buffer,
      thread,
      once,
      starts,
      port: this.#port,
      configDigest,
      compileCache: getCompileCacheDir(),
    }
    const worker = new Worker(module, {
      workerData: beginning,
      env,
      name: `worker ${place.index + 1}`,
      ...(resourceLimits && { resourceLimits }),
    })
    Object.assign(place, { worker, thread, listening: undefined, startedAt: performance.now(), measured: undefined })
    let fault: unknown
    return new Promise((resolve, reject) => {
      worker.on('message', (told: Told) => {
        if (told.kind === 'listening') {
          place.listening = told.listening
          resolve(told.listening)
        } else if (told.kind === 'failed') fault = errorOf(told.failure)
        else void this.#hear(place, worker, told)
      })
      worker.on('error', (error) => (fault = error))
      worker.on('exit', (code) => {
        const served = place.listening !== undefined
        this.#ended(place)
        if (!served) reject(fault ?? new Error(`A thread ended with ${code} before it served.`))
        else if (!this.#stopping) this.#replace(place, fault, code)
      })
    })
  }

  /** The thread in that place is no more: nobody waits for it, and what it counted stays counted. */
  #ended(place: Place): void {
    const { thread, measured } = place
    this.#memory.forget(thread)
    this.#held.forget(thread)
    Object.assign(place, { worker: undefined, listening: undefined, measured: undefined })
    if (measured) void this.#keep(measured)
    for (const question of this.#questions.values()) {
      question.left.delete(place)
      question.answer()
    }
  }

  async #keep(measured: Measured): Promise<void> {
    const counts = (measured as { type: string }[]).filter(({ type }) => type === 'counter' || type === 'histogram')
    this.#gone = this.#gone ? await together([this.#gone, counts]).getMetricsAsJSON() : counts
  }

  #replace(place: Place, error: unknown, code: number): void {
    const { log } = this.#options
    place.deaths = performance.now() - place.startedAt > soundMs ? 1 : place.deaths + 1
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (place.deaths - 1))
    log.error({ worker: place.index + 1, code, err: error }, 'a worker has died; another takes its place')
    place.pause = setTimeout(() => {
      this.#begin(place).then(
        () => log.info({ worker: place.index + 1 }, 'another worker has taken the place'),
        (fault: unknown) => {
          if (!this.#stopping) this.#replace(place, fault, 1)
        },
      )
    }, pauseMs)
  }

  async #hear(place: Place, worker: Worker, told: Exclude<Told, { kind: 'listening' | 'failed' }>): Promise<void> {
    if (told.kind === 'measured') {
      place.measured = told.measured
      const question = this.#questions.get(told.id)
      question?.left.delete(place)
      question?.answer()
      return
    }
    await this.#measure()
    const gathered = this.#places.flatMap(({ measured }) => (measured ? [measured] : []))
    this.#ask(worker, { kind: 'gathered', id: told.id, gathered: this.#gone ? [...gathered, this.#gone] : gathered })
  }

  /** Asks all what they have measured. Of one that does not answer in time, what it last said counts. */
  #measure(): Promise<void> {
    this.#asked += 1
    const id = this.#asked
    return new Promise((resolve) => {
      const left = new Set(this.#places.filter(({ listening }) => listening))
      const end = (): void => {
        clearTimeout(late)
        this.#questions.delete(id)
        resolve()
      }
      const late = setTimeout(end, measureMs)
      this.#questions.set(id, { left, answer: () => left.size === 0 && end() })
      for (const { worker } of left) if (worker) this.#ask(worker, { kind: 'measure', id })
    })
  }
}
