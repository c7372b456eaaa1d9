// RFC 7517, RFC 8725 §3.1: the public keys of a client, each good for one algorithm and no other.
import type { KeyObject } from 'node:crypto'
import { type PublicAlgorithm, readPublicJwk, tellsSecret } from '../tokens/public-jwk.ts'
import { parseStrictObject } from '../tokens/strict-json.ts'

export interface ClientKey {
  kid: string | undefined
  algorithm: PublicAlgorithm
  key: KeyObject
}

/** Characters of a set's JSON. */
export const maxKeySetLength = 64 * 1024
const maxKeys = 20

const isText = (value: unknown): value is string => typeof value === 'string'

/** The one algorithm of each kind of key. */
const ownAlgorithm = ({ kty, crv }: Record<string, unknown>): PublicAlgorithm | undefined => {
  if (kty === 'RSA') return 'RS256'
  if (kty === 'EC') return crv === 'P-256' ? 'ES256' : undefined
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined
}

/** The key, where it is one to check signatures with; other ones are passed over (RFC 7517 §5). */
const toKey = (jwk: Record<string, unknown>): ClientKey | undefined => {
  const { kid } = jwk
  const algorithm = ownAlgorithm(jwk)
  if (!algorithm || !(kid === undefined || isText(kid))) return undefined
  const read = readPublicJwk(jwk, algorithm)
  return read && { kid, algorithm, key: read.key }
}

/** The keys of a JWK Set in JSON. A set that tells a secret is refused whole: whoever wrote it must hear of it. */
export const readKeySet = (text: string): { keys: readonly ClientKey[] } | { mistake: string } => {
  if (text.length > maxKeySetLength) return { mistake: `is longer than ${maxKeySetLength} characters` }
  const jwks = parseStrictObject(text)?.keys
  if (!Array.isArray(jwks)) return { mistake: 'is not a JWK Set: a JSON object with "keys", a list (RFC 7517 §5)' }
  if (jwks.length > maxKeys) return { mistake: `has more than ${maxKeys} keys` }
  const entries = jwks.filter(
    (jwk): jwk is Record<string, unknown> => typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk),
  )
  if (entries.some(tellsSecret))
    return { mistake: 'has a private or symmetric key; give the public ones alone, and make new ones' }
  const keys = entries.map(toKey).filter((key) => key !== undefined)
  return keys.length > 0
    ? { keys }
    : { mistake: 'has no key to check signatures with: EC P-256 (ES256), RSA of 2048 to 4096 bits (RS256), or Ed25519' }
}
