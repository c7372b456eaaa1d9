// Forms of a browser that nobody is signed in in (OWASP ASVS 5.0 §3.5): each is good for this browser, one purpose and one hour.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SecretBox } from '../secret-box.ts'
import { ensureFormCookie, readFormCookie } from './form-cookie.ts'
import { formToken, isFormToken } from './form-token.ts'
import { isFromOwnPage } from './own-page.ts'

export interface StrangerFormDeps {
  box: SecretBox
  /** Whether cookies are. */
  secure: boolean
}

export const strangerToken = (
  { box, secure }: StrangerFormDeps,
  { raw }: FastifyRequest,
  reply: FastifyReply,
  purpose: string,
  now: number,
): string => formToken(box, ensureFormCookie(raw, reply, secure), purpose, now)

export const isStrangersOwn = (
  { box, secure }: StrangerFormDeps,
  { raw }: FastifyRequest,
  purpose: string,
  token: string,
  now: number,
): boolean => {
  const browser = readFormCookie(raw, secure)
  return browser !== undefined && isFormToken(box, browser, purpose, token, now) && isFromOwnPage(raw)
}
