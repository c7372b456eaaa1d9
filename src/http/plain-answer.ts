// RFC 9112 §4: an answer as the octets that are sent.
import { STATUS_CODES } from 'node:http'
import type { Headers } from '../verify/wire.ts'
import type { WholeAnswer } from './short-way.ts'

/** What no field of ours holds (RFC 9110 §5.5): a CR or LF would end it, or the head. */
const forbidden = /[^\t\x20-\x7e]/

/** Fields as they are sent. Throws where a value cannot be. */
export const fieldsText = (headers: Readonly<Headers>): string => {
  let text = ''
  for (const name in headers) {
    const value = headers[name] as string
    if (forbidden.test(value)) throw new TypeError(`The field ${name} of an answer holds what no field may.`)
    text += `${name}: ${value}\r\n`
  }
  return text
}

const sharedTexts = new WeakMap<Readonly<Headers>, string>()

/** `fieldsText`, once for each object. */
const sharedText = (headers: Readonly<Headers>): string => {
  let text = sharedTexts.get(headers)
  if (text === undefined) sharedTexts.set(headers, (text = fieldsText(headers)))
  return text
}

const statusLines = new Map<number, string>()

const statusLine = (status: number): string => {
  let line = statusLines.get(status)
  if (line === undefined) statusLines.set(status, (line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`))
  return line
}

/**
 * The whole answer: text to be written as latin1 where the body is ASCII, else its octets. `first` and `last`: fields that come
 * before and behind its own, `last` with the empty line. Throws where a field cannot be sent.
 */
export const answerOctets = (
  { status, headers, shared, body }: WholeAnswer,
  first: string,
  last: string,
): string | Buffer => {
  const length = Buffer.byteLength(body)
  const own = shared === undefined ? fieldsText(headers) : fieldsText(headers) + sharedText(shared)
  const text = `${statusLine(status)}${first}${own}content-length: ${length}\r\n${last}${body}`
  return length === body.length ? text : Buffer.from(text)
}
