// What a JWT or CWT says, for people to read. Nothing is verified.
import { fromCwtClaims } from './claims.ts'
import { parseCwt } from './cwt.ts'
import { parseJwt } from './jwt.ts'
import { looksLikeToken } from './read-token.ts'

export interface InspectedToken {
  format: 'jwt' | 'cwt'
  header: Record<string, unknown>
  /** A CWT's under their JWT names. */
  claims: Record<string, unknown>
}

/** What JSON has no form for, as RFC 8949 §8 writes it. */
const toJson = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return `h'${Buffer.from(value).toString('hex')}'`
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Map)
    return Object.fromEntries(
      [...value].map(([key, item]) => [typeof key === 'string' ? key : String(toJson(key)), toJson(item)]),
    )
  return value
}

/** undefined where `text` is neither, or not as strictly formed as ours. */
export const inspectToken = (text: string): InspectedToken | undefined => {
  if (looksLikeToken(text) === 'cwt') {
    const cwt = parseCwt(text)
    if ('malformed' in cwt) return undefined
    const claims = Object.entries(fromCwtClaims(cwt.claims)).map(([name, value]) => [name, toJson(value)])
    return { format: 'cwt', header: { ...cwt.header }, claims: Object.fromEntries(claims) as Record<string, unknown> }
  }
  const jwt = parseJwt(text)
  return 'malformed' in jwt ? undefined : { format: 'jwt', header: { ...jwt.header }, claims: jwt.claims }
}
