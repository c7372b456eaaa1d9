// The short ways on node:http, for requests that plain-connections.ts has handed over.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { andThen } from '../store/maybe-promise.ts'
import { newId } from '../uuid.ts'
import type { DirectRoute, ShortWays, WholeAnswer } from './short-way.ts'

const nothing = Buffer.alloc(0)

/** The body, if it is of exactly one of these media types and not large; it is all there. */
const wholeBody = (request: IncomingMessage, { takes }: DirectRoute): Buffer | undefined => {
  if (takes === undefined) return nothing
  const { rawHeaders } = request
  let mediaType: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length !== 12 || name.toLowerCase() !== 'content-type') continue
    if (mediaType !== undefined) return undefined
    mediaType = rawHeaders[i + 1]
  }
  if (mediaType === undefined || !takes.mediaTypes.has(mediaType)) return undefined
  const { readableLength } = request
  // to read where there is nothing would end the stream before the framework listens to it
  return readableLength > 0 && readableLength <= takes.length ? (request.read() as Buffer) : undefined
}

interface Waiting {
  request: IncomingMessage
  response: ServerResponse
  route: DirectRoute
  since: number
}

/**
 * Puts the short ways in front of the framework's listener. All requests that came in one turn of the event loop are answered
 * together at its end: by then most bodies are there, and one question to the store serves all of them (store/once-a-run.ts).
 * Whatever has not come whole by then goes the framework's way, with its time-outs and caps. Returns what ends the short ways.
 */
export const answerOnHttp = (http: Server, ways: ShortWays): (() => void) => {
  const [framework] = http.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  if (!framework) throw new Error('The framework does not listen.')
  const common = Object.entries(ways.headers).flat()
  let open = true
  let waiting: Waiting[] = []

  const send = (
    { response, request, route, since }: Waiting,
    id: string,
    { status, headers, shared = {}, body }: WholeAnswer,
  ): void => {
    const fields = ['x-request-id', id, ...common]
    for (const one of [headers, shared]) for (const name in one) fields.push(name, one[name] as string)
    const length = Buffer.byteLength(body)
    fields.push('content-length', String(length))
    response.writeHead(status, fields)
    // of text in ASCII both encodings are the same bytes, and this one is the cheaper
    response.end(body, length === body.length ? 'latin1' : 'utf8')
    ways.answered(route, request, id, status, performance.now() - since)
  }

  const answerOne = (one: Waiting): void => {
    const { request, response, route } = one
    const way = request.complete && !request.destroyed ? ways.wayOf(route, request) : undefined
    const body = way && wholeBody(request, route)
    if (!way || !body) return framework(request, response)
    const id = newId()
    void andThen(ways.answer(way, request, body, id), (whole) => {
      if (whole) return send(one, id, whole)
      if (body.length > 0) request.unshift(body)
      framework(request, response)
    })
  }

  const answerTurn = (): void => {
    const turn = waiting
    waiting = []
    for (const one of turn) answerOne(one)
  }

  http.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
    const route = open ? ways.routeOf(request.method, request.url ?? '') : undefined
    if (!route) return framework(request, response)
    if (waiting.push({ request, response, route, since: performance.now() }) === 1) setImmediate(answerTurn)
  })
  return () => {
    open = false
  }
}
