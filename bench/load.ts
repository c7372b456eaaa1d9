// The load generator: a process of its own that keeps N connections busy, one request in flight on each unless told otherwise
// (RFC 9112 §9.3), and checks every answer. Raw sockets, because a generator that costs more than the server would measure itself.
// Reads a LoadPlan from standard input, writes a LoadResult to standard output.
import { type Socket, connect } from 'node:net'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { keyNumber } from './many-keys.ts'

export interface LoadPlan {
  port: number
  /** Whole requests as sent; taken in turn. */
  requests: readonly string[]
  /** Instead, one request in which `key` stands for each of so many keys in turn (many-keys.ts). */
  keys?: { request: string; key: string; count: number }
  /** Requests a second, sent when they are due, whatever has become of those before; undefined: each as soon as the one before is answered. */
  perSecond?: number
  connections: number
  /** Requests in flight on each connection, sent together; the next when all are answered (RFC 9112 §9.3.2). Default 1. */
  inFlight?: number
  seconds: number
  /** Ends the run early, so that nothing grows without bound. */
  maxResponses: number
  /** Every answer must have this status, a header of each of these names, and this text in its body ('' where it has none). */
  expect: { status: number; headers: readonly string[]; body: string }
}

export interface LoadResult {
  responses: number
  /** Wall time from the first request to the last answer. */
  seconds: number
  /** Microseconds from a request, or from when it was due, to the end of its answer. */
  latency: { p50: number; p99: number; p999: number; max: number }
  /** Share of the wall time that the generator's own process computed: near 1, it is what was measured. */
  generatorBusy: number
  /** CPU time of the generator's process from its start. */
  generatorCpuSeconds: number
}

/** Latencies in buckets that grow by a sixteenth of a power of two: each is told to within 5 %. */
class Histogram {
  readonly #buckets = new Uint32Array(16 * 32)
  #count = 0
  #max = 0

  add(microseconds: number): void {
    const bucket = Math.min(this.#buckets.length - 1, Math.max(0, Math.floor(Math.log2(microseconds) * 16)))
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
    this.#count += 1
    if (microseconds > this.#max) this.#max = microseconds
  }

  quantile(share: number): number {
    let left = share * this.#count
    const bucket = this.#buckets.findIndex((count) => (left -= count) <= 0)
    return Math.round(2 ** ((bucket + 0.5) / 16))
  }

  summary(): LoadResult['latency'] {
    return {
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: Math.round(this.#max),
    }
  }
}

const cpuSeconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6

const headEnd = '\r\n\r\n'
const contentLength = /\r\ncontent-length: *(\d+)/i

/** Length of the answer that `received` starts with, once all of it is there. Throws where it is not the answer expected. */
const completeLength = (
  received: string,
  { status, body }: LoadPlan['expect'],
  headers: readonly RegExp[],
): number | undefined => {
  const headLength = received.indexOf(headEnd)
  if (headLength === -1) return undefined
  const head = received.slice(0, headLength)
  const announced = contentLength.exec(head)
  const length = headLength + headEnd.length + Number(announced?.[1])
  if (length > received.length) return undefined
  const right =
    announced !== null &&
    head.startsWith(`HTTP/1.1 ${status} `) &&
    headers.every((header) => header.test(head)) &&
    received.includes(body, headLength)
  if (!right) throw new Error(`An answer that was not expected: ${received.slice(0, 800)}`)
  return length
}

/** Each request of the plan, over and over; as many at once as are in flight together. */
const requestsOf = ({ requests, keys, inFlight = 1 }: LoadPlan): (() => Buffer) => {
  let next = 0
  if (keys) {
    const [before = '', after = ''] = keys.request.split(keys.key)
    return () => {
      let text = ''
      for (let i = 0; i < inFlight; i++) {
        text += before + keyNumber(next) + after
        next = next + 1 === keys.count ? 0 : next + 1
      }
      return Buffer.from(text, 'latin1')
    }
  }
  const together = requests.map((_, first) =>
    Buffer.from(Array.from({ length: inFlight }, (_, i) => requests[(first + i) % requests.length]).join(''), 'latin1'),
  )
  return () => {
    const written = together[next] as Buffer
    next = (next + inFlight) % together.length
    return written
  }
}

const run = (plan: LoadPlan): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const { inFlight = 1 } = plan
    const nextRequest = requestsOf(plan)
    const headers = plan.expect.headers.map((name) => new RegExp(`\\r\\n${name}: `, 'i'))
    const latencies = new Histogram()
    const sockets: Socket[] = []
    /** Of a given rate: connections with nothing to do, and how many requests have been due. */
    const idle: ((dueAt: number) => void)[] = []
    let due = 0
    let responses = 0
    let connected = 0
    let busy = 0
    let startedAt = 0
    let computed: NodeJS.CpuUsage

    const fail = (error: Error): void => {
      for (const socket of sockets) socket.destroy()
      clearTimeout(overdue)
      reject(error)
    }
    const overdue = setTimeout(() => fail(new Error('The load did not end in time.')), (plan.seconds + 10) * 1000)
    const finish = (): void => {
      const seconds = (performance.now() - startedAt) / 1000
      const generatorBusy = cpuSeconds(process.cpuUsage(computed)) / seconds
      const generatorCpuSeconds = cpuSeconds(process.cpuUsage())
      for (const socket of sockets) socket.destroy()
      clearTimeout(overdue)
      resolve({ responses, seconds, latency: latencies.summary(), generatorBusy, generatorCpuSeconds })
    }

    const begin: ((sentAt: number) => void)[] = []

    /** Sends what is due on connections that have nothing to do, as long as there is time. It never sleeps: a timer may be a millisecond late. */
    const pace = (perSecond: number): void => {
      const now = performance.now()
      const over = now - startedAt >= plan.seconds * 1000
      while (!over && idle.length > 0) {
        const dueAt = startedAt + (due * 1000) / perSecond
        if (dueAt > now) break
        due += 1
        ;(idle.pop() as (at: number) => void)(dueAt)
      }
      if (!over) setImmediate(pace, perSecond)
      else if (idle.length === plan.connections) finish()
      else setImmediate(pace, perSecond)
    }

    for (let i = 0; i < plan.connections; i++) {
      let received = ''
      let sentAt = 0
      let unanswered = 0
      const send = (at: number): void => {
        sentAt = at
        unanswered = inFlight
        socket.write(nextRequest())
      }
      const take = (count: number, chunk: Uint8Array): boolean => {
        const text = (chunk as Buffer).toString('latin1', 0, count)
        received = received === '' ? text : received + text
        const now = performance.now()
        try {
          while (received !== '') {
            const length = completeLength(received, plan.expect, headers)
            if (length === undefined) return true
            if (unanswered === 0) throw new Error('More was answered than was asked.')
            received = received.slice(length)
            unanswered -= 1
            responses += 1
            latencies.add((now - sentAt) * 1000)
          }
        } catch (error) {
          fail(error as Error)
          return false
        }
        if (unanswered > 0) return true
        if (plan.perSecond !== undefined) idle.push(send)
        else if (now - startedAt < plan.seconds * 1000 && responses < plan.maxResponses) send(now)
        else if (--busy === 0) finish()
        return true
      }
      const socket = connect({
        host: '127.0.0.1',
        port: plan.port,
        noDelay: true,
        onread: { buffer: Buffer.alloc(64 * 1024), callback: take },
      })
      sockets.push(socket)
      begin.push(send)
      socket.on('error', fail)
      socket.on('end', () => fail(new Error('The server closed a connection.')))
      socket.on('connect', () => {
        connected += 1
        if (connected < plan.connections) return
        busy = connected
        computed = process.cpuUsage()
        startedAt = performance.now()
        if (plan.perSecond === undefined) for (const start of begin) start(startedAt)
        else {
          idle.push(...begin)
          pace(plan.perSecond)
        }
      })
    }
  })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await run((await json(process.stdin)) as LoadPlan)))
}
