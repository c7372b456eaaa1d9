// A mark in browsers in which somebody has signed in before: it signs nobody in. Strangers who guess share a limit that these browsers are not
// held to, and a sign-in in another is told by mail. (OWASP calls it a device cookie.)
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { SecretBox } from '../secret-box.ts'
import { readCookie, setCookie } from './cookies.ts'

const name = 'latchkey_known'
const maxAgeSeconds = 365 * 24 * 60 * 60
/** People who share a browser, the latest first. */
const maxMarks = 5
const form = /^([\w-]{22})\.([0-9a-f]{64})$/

const macOf = (box: SecretBox, random: string, userId: string): string =>
  box.hmac(JSON.stringify(['known browser', random, userId]))

const isOf = (box: SecretBox, mark: string, userId: string): boolean => {
  const [, random, mac] = form.exec(mark) ?? []
  return (
    random !== undefined &&
    mac !== undefined &&
    timingSafeEqual(Buffer.from(macOf(box, random, userId)), Buffer.from(mac))
  )
}

const marksIn = (request: IncomingMessage, secure: boolean): string[] =>
  (readCookie(request, name, secure) ?? '').split('~').filter(Boolean).slice(0, maxMarks)

export const isKnownBrowser = (
  request: IncomingMessage,
  { box, secure }: { box: SecretBox; secure: boolean },
  userId: string,
): boolean => marksIn(request, secure).some((mark) => isOf(box, mark, userId))

export const markBrowser = (
  request: IncomingMessage,
  reply: FastifyReply,
  { box, secure }: { box: SecretBox; secure: boolean },
  userId: string,
): FastifyReply => {
  const random = randomBytes(16).toString('base64url')
  const others = marksIn(request, secure).filter((mark) => form.test(mark) && !isOf(box, mark, userId))
  const marks = [`${random}.${macOf(box, random, userId)}`, ...others].slice(0, maxMarks)
  return setCookie(reply, name, marks.join('~'), { secure, maxAgeSeconds })
}
