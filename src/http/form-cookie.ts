// What tells one browser from another before anybody is signed in in it: a random cookie, which the tokens of its forms are bound to.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { readCookie, setCookie } from './cookies.ts'

const name = 'latchkey_form'
const form = /^[\w-]{43}$/

export const readFormCookie = (request: IncomingMessage, secure: boolean): string | undefined => {
  const value = readCookie(request, name, secure)
  return value !== undefined && form.test(value) ? value : undefined
}

/** The browser's own, or a new one that goes with the reply; other tabs keep theirs. */
export const ensureFormCookie = (request: IncomingMessage, reply: FastifyReply, secure: boolean): string => {
  const value = readFormCookie(request, secure)
  if (value !== undefined) return value
  const made = randomBytes(32).toString('base64url')
  setCookie(reply, name, made, { secure })
  return made
}

export const clearFormCookie = (reply: FastifyReply, secure: boolean): FastifyReply =>
  setCookie(reply, name, '', { secure, maxAgeSeconds: 0 })
