// How tokens made elsewhere are kept and shown.
import type { SecretBox } from '../secret-box.ts'
import { hintOf } from './format.ts'

/** HMAC-SHA-256(LATCHKEY_SECRET, SHA-256(token)): how legacy tokens are kept. `sha256`: hex. */
export const legacyHash = (box: SecretBox, sha256: string): string => box.hmac(Buffer.from(sha256, 'hex'))

/** Characters of a token that a hint leaves unsaid, at least. */
const hidden = 16

/** As `hintOf`, but tokens made elsewhere may be short: of these only the last two characters are shown. */
export const legacyHintOf = (token: string): string => {
  const hint = hintOf(token)
  return token.length - (hint.length - 1) >= hidden ? hint : `…${token.slice(-2)}`
}

/** What a list shows of a token of which only the hash was given. */
export const hashHintOf = (sha256: string): string => `sha256…${sha256.slice(-4)}`
