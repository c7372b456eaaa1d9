// An upstream's answer on its way to the caller: streamed as it comes, cut where it is cut (RFC 9112 §8).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Headers } from '../verify/wire.ts'
import { answerHeaders } from './answer-headers.ts'

/**
 * Passes `upstream` on to `response`, with `own` header fields. `shared`: on a host that carries the dashboard too. A side that breaks off breaks the other.
 * Informational answers (1xx) end here; trailers are passed on.
 */
export const relay = (upstream: IncomingMessage, response: ServerResponse, own: Headers, shared: boolean): void => {
  const headers = answerHeaders(upstream.rawHeaders, own, shared)
  for (let i = 0; i < headers.length; i += 2) response.appendHeader(headers[i] as string, headers[i + 1] as string)
  response.writeHead(upstream.statusCode as number, upstream.statusMessage)
  // an answer without a stated end may be a stream of events: its header does not wait for the first one
  if (upstream.headers['content-length'] === undefined) response.flushHeaders()
  upstream.once('end', () => {
    const trailers = answerHeaders(upstream.rawTrailers, {}, shared)
    const pairs: [string, string][] = []
    for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i] as string, trailers[i + 1] as string])
    if (pairs.length > 0) response.addTrailers(pairs)
  })
  upstream.once('error', () => response.destroy())
  upstream.once('close', () => {
    if (!upstream.complete) response.destroy()
  })
  response.once('close', () => {
    if (!upstream.complete) upstream.destroy()
  })
  upstream.pipe(response)
}

/** Writes an answer of Latchkey's own on a response that no framework looks after. */
export const writeAnswer = (response: ServerResponse, { status, headers, body }: Answer, own: Headers): void => {
  const text = JSON.stringify(body)
  response.writeHead(status, { ...own, ...headers, 'content-length': String(Buffer.byteLength(text)) })
  response.end(text)
}
