// Connections ahead of node:http (RFC 9112 §9): as long as one asks nothing but what has a short way, in plain form, it is answered
// here, from socket to socket. With the first request that is anything else node:http gets it, and keeps it.
import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { answerOctets, fieldsText } from './plain-answer.ts'
import { type PlainRequest, readHead } from './plain-request.ts'
import { newId } from '../uuid.ts'
import type { DirectRoute, Service, ShortWay, ShortWays, WholeAnswer } from './short-way.ts'

/** A request that does not come whole within about so many milliseconds is node:http's, whose time-outs begin then. */
const wholeWithinMs = 1000
/** Parts that a request may come in: each is read again with those before it. */
const maxParts = 32
/** Octets received and not answered yet, beyond which no more is read. */
const maxUnread = 64 * 1024
/** Requests of one connection that are answered before others have their turn. */
const maxInARow = 16
const sweepEveryMs = 1000

/** What the connections of a server share. */
interface Shared {
  ways: ShortWays
  connections: Set<Connection>
  http: Server
  open: () => boolean
  /** To be answered at the end of this turn of the event loop. */
  enqueue: (connection: Connection) => void
  /** The first and the last fields of every answer. */
  first: string
  last: () => string
  /** To node:http, with what has come and has not been answered; `ended`: nothing will follow. */
  handOver: (socket: Socket, unread: Buffer | undefined, ended: boolean) => void
}

const takes = ({ takes: takeable }: DirectRoute, { contentType, bodyLength }: PlainRequest): boolean =>
  takeable === undefined ||
  (bodyLength > 0 && bodyLength <= takeable.length && takeable.mediaTypes.has(contentType ?? ''))

/** A socket that fails closes by itself, and there is nobody to tell. */
const ignored = (): void => {}

class Connection {
  readonly #shared: Shared
  readonly #socket: Socket
  /** Received; answered up to `#at`. */
  #unread: Buffer | undefined
  #at = 0
  #parts = 0
  /** The latest head, and the way that its requests take. */
  #head: PlainRequest | undefined
  #way: ShortWay | undefined
  /** What serves them, where they have no way. */
  #service: Service | undefined
  /** The response of the one that is being served. */
  #response: ServerResponse | undefined
  /** A request is being answered, or an answer waits for its reader. */
  #busy = false
  #blocked = false
  /** The other side sends nothing any more. */
  #ended = false
  /** When the request came, and when anything last happened: `performance.now()`. */
  #askedAt = 0
  #seenAt = performance.now()
  #fresh = true

  constructor(shared: Shared, socket: Socket) {
    this.#shared = shared
    this.#socket = socket
    socket.on('data', this.#receive).on('end', this.#end).on('drain', this.#drained)
    socket.on('error', ignored).on('close', this.#leave)
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#seenAt = performance.now()
    if (this.#unread === undefined) this.#unread = chunk
    else {
      this.#unread = Buffer.concat([this.#unread.subarray(this.#at), chunk])
      this.#at = 0
      this.#parts += 1
    }
    if (this.#busy) {
      if (this.#unread.length - this.#at > maxUnread) this.#socket.pause()
      return
    }
    if (!this.#isReady()) return
    this.#busy = true
    this.#shared.enqueue(this)
  }

  /** Whether a whole request with a short way is there. One without is handed over, unless more of it may come. */
  #isReady(): boolean {
    const bytes = this.#unread as Buffer
    const head = readHead(bytes, this.#at, this.#head, this.#socket)
    if (head === 'incomplete') return this.#awaitMore()
    if (head === 'unusual' || !this.#shared.open()) return this.#handOver()
    if (head !== this.#head) {
      const { ways } = this.#shared
      const route = ways.routeOf(head.method, head.url)
      const way = route && takes(route, head) ? ways.wayOf(route, head) : undefined
      const service = way === undefined ? ways.serviceOf(head) : undefined
      if (way === undefined && service === undefined) return this.#handOver()
      this.#head = head
      this.#way = way
      this.#service = service
    }
    if (this.#at + head.text.length + head.bodyLength > bytes.length)
      return this.#service ? this.#handOver() : this.#awaitMore() // served as it comes: that is for node:http to do
    this.#askedAt = this.#seenAt
    return true
  }

  #awaitMore(): false {
    return this.#ended || this.#parts >= maxParts ? this.#handOver() : false
  }

  #handOver(): false {
    const unread = this.#unread?.subarray(this.#at)
    this.#leave()
    if (!this.#socket.destroyed) this.#shared.handOver(this.#socket, unread, this.#ended)
    return false
  }

  /** Answers what is there, in its order: one after the other, the next when the one before it has been answered. */
  answer(): void {
    if (this.#unread === undefined) return // closed meanwhile
    const { text, bodyLength } = this.#head as PlainRequest
    const several = this.#at + text.length + bodyLength < this.#unread.length
    if (several) this.#socket.cork()
    let ready = true
    for (let i = 0; ready && i < maxInARow; i++) ready = this.#answerOne()
    if (ready) this.#shared.enqueue(this)
    if (several) this.#socket.uncork()
  }

  /** Whether the next one is ready to be answered. */
  #answerOne(): boolean {
    const { ways } = this.#shared
    const [head, way] = [this.#head as PlainRequest, this.#way as ShortWay]
    const bodyAt = this.#at + head.text.length
    const body = (this.#unread as Buffer).subarray(bodyAt, bodyAt + head.bodyLength)
    if (this.#service) return this.#serve(this.#service, head, body)
    const id = newId()
    const answer = ways.answer(way, head, body, id)
    if (!(answer instanceof Promise)) return this.#send(answer, id)
    void answer.then((later) => {
      if (this.#send(later, id)) this.#shared.enqueue(this)
    })
    return false
  }

  /** Lets the request be served on a response of node:http's, on this socket. Never ready: what follows waits for its end. */
  #serve(service: Service, head: PlainRequest, body: Buffer): false {
    const { open, http } = this.#shared
    const response = new ServerResponse(head as never as IncomingMessage)
    // as node:http sets them on its own: undocumented, but for the hint to the caller that they lead to
    Object.assign(response, { shouldKeepAlive: open(), _keepAliveTimeout: http.keepAliveTimeout })
    response.assignSocket(this.#socket)
    this.#response = response
    response.once('finish', () => {
      this.#response = undefined
      response.detachSocket(this.#socket)
      if (this.#socket.destroyed) return
      if (this.#answered(response.shouldKeepAlive, !this.#socket.writableNeedDrain)) this.#shared.enqueue(this)
    })
    service(body, response)
    return false
  }

  /** As `#answerOne`, once there is an answer. */
  #send(answer: WholeAnswer | undefined, id: string): boolean {
    if (this.#socket.destroyed) return false
    if (answer === undefined) return this.#handOver()
    const [head, { route }] = [this.#head as PlainRequest, this.#way as ShortWay]
    const { ways, open } = this.#shared
    const stays = open()
    const flows = this.#socket.write(this.#written(answer, id), 'latin1')
    ways.answered(route, head, id, answer.status, performance.now() - this.#askedAt)
    return this.#answered(stays, flows)
  }

  /** Whether the next one is ready to be answered, now that this one has been. `stays`: so does the connection. */
  #answered(stays: boolean, flows: boolean): boolean {
    const head = this.#head as PlainRequest
    this.#seenAt = performance.now()
    this.#fresh = false
    this.#at += head.text.length + head.bodyLength
    this.#parts = 0
    if (this.#at === (this.#unread as Buffer).length) {
      this.#unread = undefined
      this.#at = 0
    }
    this.#blocked = !flows
    if (stays) return flows && this.#goOn()
    this.#socket.destroySoon()
    return false
  }

  #written(answer: WholeAnswer, id: string): string | Buffer {
    const { first, last, ways } = this.#shared
    const start = `x-request-id: ${id}\r\n${first}`
    try {
      return answerOctets(answer, start, last())
    } catch (thrown) {
      return answerOctets(ways.failed(thrown, id), start, last())
    }
  }

  /** Whether a request is ready, now that the one before it has been answered. */
  #goOn(): boolean {
    if (this.#socket.isPaused()) this.#socket.resume()
    if (this.#unread !== undefined) {
      if (this.#isReady()) return true
    } else if (this.#ended || !this.#shared.open()) this.#socket.destroySoon()
    this.#busy = false
    return false
  }

  readonly #drained = (): void => {
    if (this.#response) return void this.#response.emit('drain')
    this.#blocked = false
    if (!this.#socket.writableEnded && this.#goOn()) this.#shared.enqueue(this)
  }

  readonly #end = (): void => {
    this.#ended = true
    if (this.#response) return void this.#socket.end() // as node:http does: who leaves while being served has gone
    if (this.#busy) return
    if (this.#unread === undefined) this.#socket.end()
    else this.#handOver()
  }

  readonly #leave = (): void => {
    this.#shared.connections.delete(this)
    this.#unread = undefined
    this.#socket.off('data', this.#receive).off('end', this.#end).off('drain', this.#drained)
    this.#socket.off('close', this.#leave)
  }

  /** Called every second; `now`: `performance.now()`. Milliseconds; 0: for ever. */
  sweep(now: number, { headersTimeout, keepAliveTimeout }: Pick<Server, 'headersTimeout' | 'keepAliveTimeout'>): void {
    const silent = now - this.#seenAt
    if (this.#busy && !this.#blocked) return
    if (this.#unread !== undefined && !this.#blocked) {
      if (silent > wholeWithinMs) this.#handOver()
      return
    }
    const within = this.#fresh ? headersTimeout : keepAliveTimeout
    // a little longer than what was said: the next request may be on its way
    if (within > 0 && silent > within + sweepEveryMs) this.#socket.destroy()
  }

  closeIfIdle(): void {
    if (this.#busy) return
    if (this.#unread === undefined) this.#socket.destroy()
    else this.#handOver()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** The fields of the connection, and the empty line: the same for all answers of a second. */
const connectionFields = ({ keepAliveTimeout }: Server, open: () => boolean): (() => string) => {
  let known = { second: NaN, open: true, text: '' }
  return () => {
    const second = Math.floor(Date.now() / 1000)
    const stays = open()
    if (known.second === second && known.open === stays) return known.text
    const date = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    const hint = keepAliveTimeout > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n` : ''
    const text = `${date}${stays ? `Connection: keep-alive\r\n${hint}` : 'Connection: close\r\n'}\r\n`
    known = { second, open: stays, text }
    return text
  }
}

/**
 * Puts the short ways in front of node:http's own way with a connection. All requests that came in one turn of the event loop
 * are answered together at its end: one question to the store serves them all (store/once-a-run.ts). The server's own
 * `closeIdleConnections` and `closeAllConnections` mean these connections too. Returns what ends the short ways: what is being
 * answered still is, and its connection then closes.
 */
export const answerOnSockets = (http: Server, ways: ShortWays): (() => void) => {
  const [original] = http.listeners('connection') as ((this: Server, socket: unknown) => void)[]
  if (!original) throw new Error('The server takes no connections.')
  let isOpen = true
  let waiting: Connection[] = []
  const connections = new Set<Connection>()
  const answerTurn = (): void => {
    const turn = waiting
    waiting = []
    for (const connection of turn) connection.answer()
  }
  const open = (): boolean => isOpen
  const shared: Shared = {
    ways,
    connections,
    http,
    open,
    enqueue(connection) {
      if (waiting.push(connection) === 1) setImmediate(answerTurn)
    },
    first: fieldsText(ways.headers),
    last: connectionFields(http, open),
    handOver(socket, unread, ended) {
      if (ended) {
        // nothing can be put back behind an end: what node:http says to a request that was cut off is said here
        const cut = Object.assign(new Error('The request was cut off.'), { code: 'HPE_INVALID_EOF_STATE' })
        if (http.emit('clientError', cut, socket)) return
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
        socket.destroySoon()
        return
      }
      socket.pause()
      if (unread) socket.unshift(unread)
      original.call(http, socket)
      socket.resume()
    },
  }
  http.off('connection', original).prependListener('connection', (socket: unknown) => {
    if (isOpen && socket instanceof Socket) connections.add(new Connection(shared, socket))
    else original.call(http, socket)
  })
  const sweep = setInterval(() => {
    const now = performance.now()
    for (const connection of connections) connection.sweep(now, http)
  }, sweepEveryMs).unref()
  http.once('close', () => clearInterval(sweep))

  const closeTheirIdle = http.closeIdleConnections.bind(http)
  const closeAllOfTheirs = http.closeAllConnections.bind(http)
  http.closeIdleConnections = () => {
    for (const connection of connections) connection.closeIfIdle()
    closeTheirIdle()
  }
  http.closeAllConnections = () => {
    for (const connection of connections) connection.destroy()
    closeAllOfTheirs()
  }
  return () => {
    isOpen = false
  }
}
