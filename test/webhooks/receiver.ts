// Somebody's server that takes messages, or does not.
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cleanup } from '../temporary-folder.ts'

export interface Received {
  method: string | undefined
  url: string | undefined
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
  /** How the next messages are answered; default: 204. */
  answer: RequestListener
}

export const receiver = async (t: Cleanup): Promise<Receiver> => {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      const { method, url, headers } = request
      it.received.push({ method, url, headers: headers as Record<string, string>, body })
      it.answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const it: Receiver = {
    url: `http://localhost:${(server.address() as AddressInfo).port}/hook?from=latchkey`,
    received: [],
    answer: (_request, response) => void response.writeHead(204).end(),
  }
  return it
}

export const answering =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end('no matter what')
