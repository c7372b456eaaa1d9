// A JWT (RFC 7515, 8725, 9068) or CWT (RFC 8392) of Latchkey's, taken apart strictly and its signature checked by a key known beforehand.
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { decodeCbor, sigStructure } from './cbor.ts'
import { membersOf } from './claims.ts'
import { type Algorithm, hasSigned, isKeyId, type Keys } from './keys.ts'
import { parseStrictObject } from './strict-json.ts'

/** 'invalid': whatever is asked, it is no good; 'unsupported': of a form that is not judged here; 'unavailable': the keys cannot be had. */
export type Genuine =
  | { readonly members: Readonly<Record<string, unknown>> }
  | 'invalid'
  | 'unsupported'
  | 'unavailable'

/** What it looks like; nothing is checked. */
export const looksLike = (text: string): 'jwt' | 'cwt' | undefined => {
  if (text.startsWith('eyJ')) return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? 'jwt' : undefined
  // tag 18, an array of four, a byte string
  return /^0o[Q-X][\w-]+$/.test(text) ? 'cwt' : undefined
}

const ownMembers = new Set(['alg', 'typ', 'kid'])

const signedBy = async (
  keys: Keys,
  kid: string,
  isAllowed: (algorithm: Algorithm) => boolean,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<true | 'invalid' | 'unavailable'> => {
  const key = await keys.find(kid)
  if (key === 'unavailable') return key
  if (key === 'unknown' || !isAllowed(key.algorithm)) return 'invalid'
  return (await hasSigned(key, signature, data)) || 'invalid'
}

/** A JWT of the type `type`, by one of the algorithms. The header's other ways to name a key count for nothing: it must not have them. */
export const readJwt = async (
  text: string,
  { keys, type, algorithms }: { keys: Keys; type: string; algorithms: readonly Algorithm[] },
): Promise<Genuine> => {
  const [first = '', second = '', third = ''] = text.split('.')
  const [headerBytes, claimsBytes, signature] = [first, second, third].map(decodeBase64url)
  const header = headerBytes && parseStrictObject(headerBytes)
  if (!header || !claimsBytes || !signature || !Object.keys(header).every((name) => ownMembers.has(name)))
    return 'invalid'
  const { alg, typ, kid } = header
  if ((typ !== type && typ !== `application/${type}`) || !algorithms.includes(alg as Algorithm)) return 'unsupported'
  if (!isKeyId(kid)) return 'invalid'
  const data = new TextEncoder().encode(text.slice(0, first.length + 1 + second.length))
  const signed = await signedBy(keys, kid, (algorithm) => algorithm === alg, signature, data)
  if (signed !== true) return signed
  const members = parseStrictObject(claimsBytes)
  return members ? { members } : 'invalid'
}

const [algLabel, kidLabel] = [1, 4]
const algorithmLabels: readonly unknown[] = [-8, -19]

/** A tagged COSE_Sign1 with Ed25519; its protected header is `alg` and `kid` and nothing else, the other one empty. */
export const readCwt = async (text: string, keys: Keys): Promise<Genuine> => {
  const bytes = decodeBase64url(text)
  if (bytes?.[0] !== 0xd2) return 'invalid'
  const message = decodeCbor(bytes.slice(1))
  if (!Array.isArray(message) || message.length !== 4) return 'invalid'
  const [protectedBytes, unprotected, payload, signature] = message
  if (!(protectedBytes instanceof Uint8Array) || !(unprotected instanceof Map) || unprotected.size > 0) return 'invalid'
  if (!(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) return 'invalid'
  const header = decodeCbor(protectedBytes)
  if (!(header instanceof Map) || header.size !== 2 || !algorithmLabels.includes(header.get(algLabel))) return 'invalid'
  const kid = header.get(kidLabel)
  if (!(kid instanceof Uint8Array) || kid.length === 0 || kid.length > 48) return 'invalid'
  const data = sigStructure(protectedBytes, payload)
  const signed = await signedBy(keys, encodeBase64url(kid), (algorithm) => algorithm === 'EdDSA', signature, data)
  if (signed !== true) return signed
  const claims = decodeCbor(payload)
  return claims instanceof Map ? { members: membersOf(claims) } : 'invalid'
}
