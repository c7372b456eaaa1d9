// RFC 6238, RFC 4226: time-based one-time passwords as every authenticator app makes them: HMAC-SHA-1, six digits, thirty seconds.
import { createHmac, timingSafeEqual } from 'node:crypto'

const stepMs = 30_000
const digits = 6
/** RFC 4226 §4 (R6) recommends 160 bits. */
export const secretBytes = 20

export const stepAt = (now: number): number => Math.floor(now / stepMs)

/** RFC 4226 §5.3. `length`: digits. */
export const codeOf = (secret: Uint8Array, step: number, length = digits): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** length).padStart(length, '0')
}

/**
 * The step that the code is of: the present one or a neighbour (RFC 6238 §5.2), and later than `after`, so that none is taken twice.
 * undefined: of none of them. All are computed, whichever it is. `now`: Unix milliseconds.
 */
export const matchingStep = (secret: Uint8Array, code: string, now: number, after: number): number | undefined => {
  const given = Buffer.from(code)
  if (given.length !== digits) return undefined
  const present = stepAt(now)
  let found: number | undefined
  for (const step of [present - 1, present, present + 1])
    if (timingSafeEqual(Buffer.from(codeOf(secret, step)), given) && step > after) found = step
  return found
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 §6, without padding: as people type it. */
export const encodeBase32 = (bytes: Uint8Array): string => {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
}

/** What the QR code says: the de facto key URI format of authenticator apps. `issuer`: what they call this deployment. */
export const keyUri = (secret: Uint8Array, issuer: string, account: string): string => {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  // no `+` for a space: apps show it as it stands
  return `otpauth://totp/${label}?secret=${encodeBase32(secret)}&issuer=${encodeURIComponent(issuer)}`
}
