// Tokens that only this server's own forms carry (OWASP ASVS 5.0 §3.5): good for one session, one purpose and one hour, and kept nowhere.
import { timingSafeEqual } from 'node:crypto'
import type { SecretBox } from '../secret-box.ts'

const lifetimeMs = 60 * 60_000
/** Clocks of several servers differ. */
const toleranceMs = 60_000
const form = /^([0-9]{1,15})\.[0-9a-f]{64}$/

const tokenOf = (box: SecretBox, sessionId: string, purpose: string, madeAt: string): string =>
  `${madeAt}.${box.hmac(JSON.stringify(['form token', sessionId, purpose, madeAt]))}`

/** `purpose` names what the form does, and with what. `now`: Unix milliseconds. */
export const formToken = (box: SecretBox, sessionId: string, purpose: string, now: number): string =>
  tokenOf(box, sessionId, purpose, String(now))

export const isFormToken = (
  box: SecretBox,
  sessionId: string,
  purpose: string,
  token: string,
  now: number,
): boolean => {
  const madeAt = form.exec(token)?.[1]
  if (madeAt === undefined) return false
  const right = Buffer.from(tokenOf(box, sessionId, purpose, madeAt))
  const given = Buffer.from(token)
  const age = now - Number(madeAt)
  return given.length === right.length && timingSafeEqual(given, right) && age >= -toleranceMs && age < lifetimeMs
}
