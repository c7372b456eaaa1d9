// Requests as they are sent, and answers as they are kept (RFC 9112).
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Call {
  method: 'GET' | 'POST'
  /** Path and query. */
  target: string
  headers: Record<string, string>
  body?: string
}

/** A call as it goes over the wire. */
export const written = ({ method, target, headers, body = '' }: Call): string => {
  const all = {
    host: 'localhost',
    ...headers,
    ...(method === 'POST' && { 'content-length': String(Buffer.byteLength(body)) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

export interface Answer {
  headers: string[]
  body: string
}

/** What a connection and a clock add by themselves. */
const notTheAnswer = new Set(['connection', 'keep-alive', 'date'])

/** One answer as it comes over the wire, to be served again by the bare server. */
export const record = (port: number, { method, target, headers, body }: Call): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path: target, agent: false, headers: { host: 'localhost', ...headers } },
      (response) => {
        const { rawHeaders } = response
        const kept: string[] = []
        for (let i = 0; i < rawHeaders.length; i += 2) {
          if (!notTheAnswer.has((rawHeaders[i] as string).toLowerCase()))
            kept.push(rawHeaders[i] as string, rawHeaders[i + 1] as string)
        }
        text(response).then((body) => {
          if (response.statusCode === 200) resolve({ headers: kept, body })
          else reject(new Error(`${method} ${target}: Latchkey answered ${response.statusCode} ${body}`))
        }, reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })

/** Header fields of a client that authenticates itself (RFC 6749 §2.3.1). */
export const asClient = (clientId: string, clientSecret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
})
