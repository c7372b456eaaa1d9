// RFC 7517, RFC 8725 §3.1: the public keys of a client, each good for one algorithm and no other.
import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../profiles/profile.ts'
import { verificationKey } from '../tokens/algorithms.ts'
import { parseStrictObject } from '../tokens/strict-json.ts'

type KeyAlgorithm = Exclude<SigningAlgorithm, 'HS256'>

export interface ClientKey {
  kid: string | undefined
  algorithm: KeyAlgorithm
  key: KeyObject
}

/** What JWS calls the algorithms (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
const algorithmNames: Readonly<Record<string, KeyAlgorithm>> = {
  ES256: 'ES256',
  RS256: 'RS256',
  EdDSA: 'EdDSA',
  Ed25519: 'EdDSA',
}

/** Values of `alg` that a client may sign with. */
export const clientAlgorithms: readonly string[] = Object.keys(algorithmNames)

export const algorithmNamed = (name: string): KeyAlgorithm | undefined =>
  Object.hasOwn(algorithmNames, name) ? algorithmNames[name] : undefined

/** Characters of a set's JSON. */
export const maxKeySetLength = 64 * 1024
const maxKeys = 20

const isText = (value: unknown): value is string => typeof value === 'string'

/** The one algorithm of each kind of key. */
const ownAlgorithm = ({ kty, crv }: Record<string, unknown>): KeyAlgorithm | undefined => {
  if (kty === 'RSA') return 'RS256'
  if (kty === 'EC') return crv === 'P-256' ? 'ES256' : undefined
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined
}

/** What RSA keys may cost to check a signature with, and how weak they may be (NIST SP 800-131A). */
const isSound = ({ asymmetricKeyDetails: { modulusLength, publicExponent = 3n } = {} }: KeyObject): boolean =>
  modulusLength === undefined ||
  (modulusLength >= 2048 && modulusLength <= 4096 && publicExponent >= 3n && publicExponent < 2n ** 33n)

/** The key, where it is one to check signatures with; other ones are passed over (RFC 7517 §5). */
const toKey = (jwk: Record<string, unknown>): ClientKey | undefined => {
  const { kty, crv, x, y, n, e, kid, use, key_ops: operations, alg } = jwk
  const algorithm = ownAlgorithm(jwk)
  if (!algorithm || (use !== undefined && use !== 'sig')) return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  if (alg !== undefined && !(isText(alg) && algorithmNamed(alg) === algorithm)) return undefined
  if (kid !== undefined && !isText(kid)) return undefined
  try {
    const members = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => isText(value)))
    const key = verificationKey(members)
    return isSound(key) ? { kid, algorithm, key } : undefined
  } catch {
    return undefined // not a point of the curve, say
  }
}

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The keys of a JWK Set in JSON. A set that tells a secret is refused whole: whoever wrote it must hear of it. */
export const readKeySet = (text: string): { keys: readonly ClientKey[] } | { mistake: string } => {
  if (text.length > maxKeySetLength) return { mistake: `is longer than ${maxKeySetLength} characters` }
  const jwks = parseStrictObject(text)?.keys
  if (!Array.isArray(jwks)) return { mistake: 'is not a JWK Set: a JSON object with "keys", a list (RFC 7517 §5)' }
  if (jwks.length > maxKeys) return { mistake: `has more than ${maxKeys} keys` }
  const entries = jwks.filter(
    (jwk): jwk is Record<string, unknown> => typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk),
  )
  if (entries.some((jwk) => secretMembers.some((member) => member in jwk)))
    return { mistake: 'has a private or symmetric key; give the public ones alone, and make new ones' }
  const keys = entries.map(toKey).filter((key) => key !== undefined)
  return keys.length > 0
    ? { keys }
    : { mistake: 'has no key to check signatures with: EC P-256 (ES256), RSA of 2048 to 4096 bits (RS256), or Ed25519' }
}
