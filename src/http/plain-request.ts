// RFC 9112: requests in the plain form that nearly all have, read from bytes. Whatever is not wholly in this form, be it wrong
// or only unusual, is `unusual`: node:http reads it and has the only word about it, so that no two readers can differ.
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestHead } from './short-way.ts'

/** Octets; a longer head is unusual. */
const maxHeadLength = 8 * 1024
const maxFields = 64

/**
 * The request line in origin form, then fields of visible ASCII and spaces: no obs-fold, no bare CR or LF, no space before the
 * colon, no control characters, none of the octets above 127.
 */
const headForm = /^(?:GET|POST) \/[!"$-~]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ -~]*\r\n)+\r\n$/
const lengthForm = /^(?:0|[1-9]\d{0,7})$/

/** Fields that change how a message is read or a connection goes on (RFC 9110 §7.6.1, §7.8, §10.1.1, RFC 9112 §6.1). */
const changing: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'http2-settings',
  'proxy-connection',
  'keep-alive',
  '__proto__', // node:http cannot hold it, and forgets it
])

/** The head of a request in plain form. Never changed, so that one may stand for all requests with the same octets. */
export class PlainRequest implements RequestHead {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly socket: Pick<Socket, 'remoteAddress'>
  /** The head as it came, with its empty line. */
  readonly text: string
  /** Octets of the body. */
  readonly bodyLength: number
  readonly contentType: string | undefined
  #headers: IncomingHttpHeaders | undefined

  constructor(
    text: string,
    {
      url,
      rawHeaders,
      bodyLength,
      contentType,
    }: Pick<PlainRequest, 'url' | 'rawHeaders' | 'bodyLength' | 'contentType'>,
    socket: Pick<Socket, 'remoteAddress'>,
  ) {
    this.method = text.startsWith('GET') ? 'GET' : 'POST'
    this.url = url
    this.rawHeaders = rawHeaders
    this.socket = socket
    this.text = text
    this.bodyLength = bodyLength
    this.contentType = contentType
  }

  get headers(): IncomingHttpHeaders {
    if (this.#headers) return this.#headers
    const headers: IncomingHttpHeaders = {}
    for (let i = 0; i < this.rawHeaders.length; i += 2)
      headers[(this.rawHeaders[i] as string).toLowerCase()] = this.rawHeaders[i + 1]
    this.#headers = headers
    return headers
  }
}

const unusual = 'unusual'
const incomplete = 'incomplete'

const space = 0x20

/** The value between these places, without the spaces around it. */
const valueOf = (text: string, from: number, to: number): string => {
  let [start, end] = [from, to]
  while (start < end && text.charCodeAt(start) === space) start += 1
  while (end > start && text.charCodeAt(end - 1) === space) end -= 1
  return text.slice(start, end)
}

/** From the text of a whole head, its empty line included. */
const parseHead = (text: string, socket: Pick<Socket, 'remoteAddress'>): PlainRequest | typeof unusual => {
  if (!headForm.test(text)) return unusual
  const isGet = text.startsWith('GET')
  let at = text.indexOf('\r\n')
  const url = text.slice(isGet ? 'GET '.length : 'POST '.length, at - ' HTTP/1.1'.length)
  const names: string[] = []
  const rawHeaders: string[] = []
  let length: string | undefined
  let contentType: string | undefined
  let hasHost = false
  for (at += 2; at < text.length - 2;) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r\n', colon)
    const spelled = text.slice(at, colon)
    const name = spelled.toLowerCase()
    const value = valueOf(text, colon + 1, end)
    // how two of one name are to be joined depends on the name (RFC 9110 §5.3)
    if (changing.has(name) || names.includes(name) || names.push(name) > maxFields) return unusual
    if (name === 'host') hasHost = true
    else if (name === 'content-length') length = value
    else if (name === 'content-type') contentType = value
    else if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return unusual
    rawHeaders.push(spelled, value)
    at = end + 2
  }
  // a GET that says how long its body is has one, or means to
  if (!hasHost || (isGet ? length !== undefined : length === undefined || !lengthForm.test(length))) return unusual
  return new PlainRequest(text, { url, rawHeaders, bodyLength: Number(length ?? 0), contentType }, socket)
}

/**
 * The head that `bytes` begin with from `at` on. `last`: a head that came before on this connection; the same octets are the
 * same head. `incomplete`: it may still become one when more comes.
 */
export const readHead = (
  bytes: Buffer,
  at: number,
  last: PlainRequest | undefined,
  socket: Pick<Socket, 'remoteAddress'>,
): PlainRequest | typeof unusual | typeof incomplete => {
  const ends = bytes.indexOf('\r\n\r\n', at, 'latin1')
  if (ends === -1) return bytes.length - at > maxHeadLength || !mayBegin(bytes, at) ? unusual : incomplete
  if (ends + 4 - at > maxHeadLength) return unusual
  const text = bytes.toString('latin1', at, ends + 4)
  return text === last?.text ? last : parseHead(text, socket)
}

const beginnings = ['GET /', 'POST /']

/** Whether a request in plain form may begin so. */
const mayBegin = (bytes: Buffer, at: number): boolean => {
  const begins = bytes.toString('latin1', at, at + 6)
  return beginnings.some((one) => one.startsWith(begins) || begins.startsWith(one))
}
