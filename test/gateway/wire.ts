// Both ends of the gateway on real sockets: an upstream of one's own behind it, and requests with header fields exactly as written.
import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Launched } from '../harness.ts'

type Ending = Pick<TestContext, 'after'>

const listen = (t: Ending, server: Server): Promise<number> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  t.after(async () => {
    for (const socket of sockets) socket.destroy() // upgraded ones too
    await new Promise((resolve) => server.close(resolve))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

export interface Upstream {
  server: Server
  port: number
  url: string
  /** Requests in the order in which they came. */
  seen: IncomingMessage[]
}

/** An upstream that answers by `handler`; it is gone when the test ends. */
export const upstream = async (t: Ending, handler: RequestListener): Promise<Upstream> => {
  const seen: IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    seen.push(request)
    handler(request, response)
  })
  const port = await listen(t, server)
  return { server, port, url: `http://127.0.0.1:${port}`, seen }
}

/** Lets the app listen; answers the port, by default any that is free. Connections that are still open when the test ends are cut. */
export const serve = async (t: Ending, { app }: Pick<Launched, 'app'>, port = 0): Promise<number> => {
  await app.prepare()
  await app.server.listen({ port, host: '127.0.0.1' })
  const sockets = new Set<Socket>()
  app.server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  return (app.server.server.address() as AddressInfo).port
}

export interface Answered {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  trailers: NodeJS.Dict<string>
  body: string
}

export interface Request {
  method?: string
  path?: string
  /** Names and values in turn, sent as they are; `Host` is among them. */
  headers: string[]
  body?: string | Buffer
}

/** One request on a connection of its own, which would stay open: as most callers' do, and so ahead of node:http where it is plain. */
export const send = (port: number, { method = 'GET', path = '/', headers, body }: Request): Promise<Answered> => {
  const agent = new http.Agent({ keepAlive: true })
  return new Promise<Answered>((resolve, reject) => {
    const framed =
      body === undefined || headers.some((name) => name.toLowerCase() === 'content-length')
        ? headers
        : [...headers, 'Content-Length', String(Buffer.byteLength(body))]
    const request = http.request({ host: '127.0.0.1', port, method, path, headers: framed, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          trailers: response.trailers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.once('error', reject)
    request.end(body)
  }).finally(() => agent.destroy())
}

/** Sends bytes and answers what comes back until the connection closes, or for `waitMs`. */
export const sendBytes = (port: number, text: string, waitMs = 2_000): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    let received = ''
    const timer = setTimeout(() => socket.destroy(), waitMs)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (received += chunk))
    socket.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? undefined : reject(error)))
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(received)
    })
  })

/** Waits until `condition` holds; fails after `forMs`. */
export const until = async (condition: () => boolean, forMs: number, what: string): Promise<void> => {
  const end = Date.now() + forMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${forMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
