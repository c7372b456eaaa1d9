// One request to a server that a stranger has named, to an address that was checked: no redirect is followed, nothing is kept open.
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { version } from '../version.ts'
import { Unfit } from './strangers-address.ts'

const connectMs = 2000

interface Sent {
  method: 'GET' | 'POST'
  headers: Readonly<Record<string, string>>
  body?: string
}

/**
 * Resolves with what `read` makes of the answer, after which the connection is gone. `address` is where to connect; the URL's name is for TLS
 * and the Host header alone, and is not looked up again.
 */
export const askStranger = <T>(
  url: URL,
  address: string,
  { method, headers, body }: Sent,
  deadline: AbortSignal,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const request = (secure ? httpsRequest : httpRequest)({
      method,
      host: address,
      port: url.port || (secure ? 443 : 80),
      ...(secure && { servername: isIP(url.hostname) === 0 ? url.hostname : '', rejectUnauthorized: true }),
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        ...headers,
        'accept-encoding': 'identity',
        'user-agent': `Latchkey/${version}`,
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      agent: false, // a connection of its own, closed after
      signal: deadline,
    })
    const connecting = setTimeout(() => request.destroy(new Unfit(`no connection within ${connectMs} ms`)), connectMs)
    request.once('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting)),
    )
    request.once('close', () => clearTimeout(connecting))
    request.on('error', reject)
    request.once('response', (response) => {
      read(response)
        .then(resolve, reject)
        .finally(() => request.destroy())
    })
    request.end(body)
  })
