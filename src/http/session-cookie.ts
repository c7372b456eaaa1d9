// The cookie of a signed-in browser. SameSite=Lax: it comes along when another site leads here, as clients do to /oauth/authorize, and with none of their posts.
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { readCookie, setCookie } from './cookies.ts'

const name = 'latchkey_session'

export const readSessionCookie = (request: IncomingMessage, secure: boolean): string | undefined =>
  readCookie(request, name, secure)

export const setSessionCookie = (
  reply: FastifyReply,
  value: string,
  options: { secure: boolean; maxAgeSeconds: number },
): FastifyReply => setCookie(reply, name, value, options)

export const clearSessionCookie = (reply: FastifyReply, secure: boolean): FastifyReply =>
  setCookie(reply, name, '', { secure, maxAgeSeconds: 0 })
