// What a JWT or CWT says of itself before it is believed: which API's keys and audience it is to be read with. Nothing more rests on it.
import { fromCwtClaims, type Members } from './claims.ts'
import { parseCwt } from './cwt.ts'
import { looksLikeToken } from './read-token.ts'

/** Its claims by their JWT names, as they stand there; undefined where `text` looks like neither. */
export const peekClaims = (text: string): Members | undefined => {
  const form = looksLikeToken(text)
  if (form === 'cwt') {
    const cwt = parseCwt(text)
    return 'malformed' in cwt ? undefined : fromCwtClaims(cwt.claims)
  }
  if (form === undefined) return undefined
  try {
    const start = text.indexOf('.') + 1
    const claims: unknown = JSON.parse(Buffer.from(text.slice(start, text.indexOf('.', start)), 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? (claims as Members) : undefined
  } catch {
    return undefined
  }
}
