// Links that people are mailed. What they allow is sealed into them and kept nowhere: anybody can ask for one, and nobody shall write to the
// store by that. Each ends by what it does: it names how the account stood, and holds as long as that is so.
import type { SecretBox } from '../secret-box.ts'

type Purpose = 'sign-up' | 'reset' | 'address'

const maxLength = 2000
const version = 'v1.'

/** Each has one spelling. */
const isSpelledSo = (token: string): boolean =>
  token === version + Buffer.from(token.slice(version.length), 'base64url').toString('base64url')

/** `expiresAt`: Unix milliseconds. */
export const sealLink = (box: SecretBox, purpose: Purpose, facts: object, expiresAt: number): string =>
  box.seal(Buffer.from(JSON.stringify({ ...facts, expiresAt })), `${purpose} link`)

/** What `sealLink` was given; undefined: it never made this token, or its time is over. */
export const openLink = <Facts extends object>(
  box: SecretBox,
  purpose: Purpose,
  token: string,
  now: number,
): Facts | undefined => {
  if (token.length > maxLength || !isSpelledSo(token)) return undefined
  let opened: Facts & { expiresAt: number }
  try {
    opened = JSON.parse(box.open(token, `${purpose} link`).toString()) as typeof opened
  } catch {
    return undefined
  }
  return opened.expiresAt > now ? opened : undefined
}

/** How an account stands: another password, or another address, and no link of before holds. */
export const standingOf = (
  box: SecretBox,
  { id, email, password_hash }: { id: string; email: string; password_hash: string | null },
): string => box.hmac(JSON.stringify(['account standing', id, email, password_hash]))
