// A server whose answers tell what it has read, with the short ways on sockets in front of it or without.
import http, { type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { answerOnSockets } from '../../src/http/plain-connections.ts'
import { type DirectRoute, type RequestHead, createShortWays } from '../../src/http/short-way.ts'

/** A request as its reader saw it. */
interface Seen {
  method: string | undefined
  url: string | undefined
  rawHeaders: readonly string[]
  headers: Record<string, unknown>
  body: string
  from: string | undefined
}

export interface Stage {
  server: http.Server
  port: number
  /** In the order in which they were read, `short`: by a short way. */
  seen: (Seen & { short: boolean })[]
  end: () => void
}

const seenOf = ({ method, url, rawHeaders, headers, socket }: RequestHead, body: Buffer): Seen => ({
  method,
  url,
  rawHeaders,
  headers: { ...headers },
  body: body.toString('latin1'),
  from: socket.remoteAddress,
})

/** The text of every answer. */
const told = ({ method, url, rawHeaders, body }: Seen): string => JSON.stringify([method, url, rawHeaders, body])

export interface StageOptions {
  /** Whether the short ways are there. */
  front: boolean
  http?: ServerOptions
  /** What the short way answers with in place of what it saw. */
  answer?: DirectRoute['answer']
  /** Targets that are served on a response of node:http's, which the framework never sees. */
  served?: RegExp
}

/**
 * `POST /ask` and `GET /look` have short ways; the framework answers these, and anything else, alike. A body that holds "odd"
 * is not plain. It closes when the test ends.
 */
export const stage = async (
  t: Pick<TestContext, 'after'>,
  { front, http: options = {}, answer, served }: StageOptions,
): Promise<Stage> => {
  const seen: Stage['seen'] = []
  const server = http.createServer(options, (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    const from = request.socket.remoteAddress // once it is cut off it has none
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', () => {})
    request.on('end', () => {
      const one = { ...seenOf(request, Buffer.concat(parts)), from }
      seen.push({ ...one, short: false })
      response.setHeader('content-length', one.method === 'HEAD' ? 0 : Buffer.byteLength(told(one)))
      response.end(told(one))
    })
  })
  const answerSeen: DirectRoute['answer'] = (request, body, id, site) => {
    if (body.includes('odd')) return undefined
    const one = seenOf(request, body)
    seen.push({ ...one, short: true })
    return answer ? answer(request, body, id, site) : { status: 200, headers: {}, body: told(one) }
  }
  const serve = (request: RequestHead) => (body: Buffer, response: ServerResponse) => {
    const one = seenOf(request, body)
    seen.push({ ...one, short: true })
    response.setHeader('content-length', Buffer.byteLength(told(one)))
    setImmediate(() => response.end(told(one)))
  }
  const ways = createShortWays({
    routes: [
      {
        method: 'POST',
        path: '/ask',
        query: false,
        takes: { mediaTypes: new Set(['text/plain']), length: 30_000 },
        answer: answerSeen,
      },
      { method: 'GET', path: '/look', query: true, answer: answerSeen },
    ],
    siteOf: () => ({ kind: 'builtin' }),
    serviceOf: (request) => (served?.test(request.url ?? '') ? serve(request) : undefined),
    headers: {},
    failed: (thrown) => ({ status: 500, headers: {}, body: String(thrown) }),
    answered: () => {},
  })
  const end = front ? answerOnSockets(server, ways) : () => {}
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, port: (server.address() as AddressInfo).port, seen, end }
}

export interface Exchange {
  /** Status and body of each answer, in order. */
  answers: { status: number; connection: string | undefined; body: string }[]
  /** Whether the server closed the connection. */
  closed: boolean
}

const answersIn = (received: string): Exchange['answers'] => {
  const answers: Exchange['answers'] = []
  for (let at = 0; at < received.length;) {
    const ends = received.indexOf('\r\n\r\n', at)
    if (ends === -1) throw new Error(`No end of a head in ${JSON.stringify(received.slice(at))}`)
    const head = received.slice(at, ends)
    // in chunks comes only node:http's own answer to a request without a host, which is empty
    const length = /\r\ntransfer-encoding: chunked/i.test(head)
      ? '0\r\n\r\n'.length
      : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    answers.push({
      status: Number(head.slice(9, 12)),
      connection: /\r\nconnection: ([^\r]+)/i.exec(head)?.[1],
      body: received.slice(ends + 4, ends + 4 + length),
    })
    at = ends + 4 + length
  }
  return answers
}

/** Of a watch on what comes: its own length, and how often it passes without anything before nothing more is waited for. */
const watchMs = 5
const quietWatches = 30

/**
 * Sends the parts, each in a turn of its own, and gathers the answers until the server closes, an answer's body holds `last`, or nothing
 * comes any more. That is counted in turns of this process, which both ends are in: it may have to wait for the machine.
 */
export const exchange = (port: number, parts: readonly string[], last = '?last"'): Promise<Exchange> =>
  new Promise((resolve) => {
    let received = ''
    let closed = false
    let watches = quietWatches * 4
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    const done = (): void => {
      clearInterval(watch)
      socket.destroy()
      resolve({ answers: answersIn(received), closed })
    }
    const watch = setInterval(() => {
      watches -= 1
      if (watches === 0) done()
    }, watchMs)
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      watches = received.includes(last) ? 2 : quietWatches
    })
    socket.on('error', () => {})
    socket.on('end', () => {
      closed = true
      done()
    })
    socket.on('close', () => {
      closed = true
      done()
    })
    const sendNext = (index: number): void => {
      if (index === parts.length || socket.destroyed) return
      socket.write(parts[index] as string, 'latin1', () => setImmediate(() => setImmediate(() => sendNext(index + 1))))
    }
    socket.on('connect', () => sendNext(0))
  })
