// RFC 7515, 7519, 8725: JSON Web Tokens in compact form, written plainly and read strictly.
import type { KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../profiles/profile.ts'
import { algorithms } from './algorithms.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { parseStrictObject } from './strict-json.ts'

export const maxJwtLength = 8192

interface JwtHeader {
  alg: string
  typ?: string
  kid?: string
}

/** The header of a DPoP proof (RFC 9449 §4.2). */
interface ProofHeader {
  alg: string
  typ: string
  jwk: unknown
}

export interface ParsedJwt<Header = JwtHeader> {
  header: Header
  claims: Record<string, unknown>
  /** What the signature is over. */
  signingInput: Buffer
  signature: Buffer
}

interface SigningHeader {
  alg: SigningAlgorithm
  typ: string
  kid?: string
}

/** The latest header that each key has signed, encoded: nearly always it signs with one. */
const headers = new WeakMap<KeyObject, SigningHeader & { encoded: string }>()

const encodedHeader = ({ alg, typ, kid }: SigningHeader, key: KeyObject): string => {
  const latest = headers.get(key)
  if (latest && latest.alg === alg && latest.typ === typ && latest.kid === kid) return latest.encoded
  const encoded = encodeBase64url(JSON.stringify({ alg, typ, kid }))
  headers.set(key, { alg, typ, ...(kid !== undefined && { kid }), encoded })
  return encoded
}

/** A signed JWT of any length; `header` is serialised in the order alg, typ, kid. */
export const signCompact = (header: SigningHeader, claims: object, key: KeyObject): string => {
  const signingInput = `${encodedHeader(header, key)}.${encodeBase64url(JSON.stringify(claims))}`
  return `${signingInput}.${encodeBase64url(algorithms[header.alg].sign(Buffer.from(signingInput, 'latin1'), key))}`
}

/** A signed JWT. Throws where it would be longer than readers take. */
export const signJwt = (header: SigningHeader, claims: object, key: KeyObject): string => {
  const token = signCompact(header, claims, key)
  if (token.length > maxJwtLength)
    throw new RangeError(`The claims make a token of ${token.length} characters; ${maxJwtLength} are the most.`)
  return token
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const parseObject = (bytes: Buffer): Record<string, unknown> | undefined => {
  try {
    return parseStrictObject(utf8.decode(bytes))
  } catch {
    return undefined // not UTF-8
  }
}

const isShort = (value: unknown, most = 64): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most

/** `alg`, `typ` and `kid`; other members are passed over. */
const toHeader = ({ alg, typ, kid }: Record<string, unknown>, maxKidLength: number): JwtHeader | undefined => {
  if (!isShort(alg) || (typ !== undefined && !isShort(typ)) || (kid !== undefined && !isShort(kid, maxKidLength)))
    return undefined
  return { alg, ...(typ !== undefined && { typ }), ...(kid !== undefined && { kid }) }
}

const ownMembers = new Set(['alg', 'typ', 'kid'])

/** The members that our own tokens have and no others: not `jwk`, `jku`, `x5u`, `x5c`, which name a key; not `crit`, not `b64` (RFC 8725 §3.10, RFC 7515 §4.1.11, RFC 7797). */
const toOwnHeader = (members: Record<string, unknown>): JwtHeader | undefined =>
  Object.keys(members).every((name) => ownMembers.has(name)) ? toHeader(members, 64) : undefined

/** Of tokens made elsewhere: what is not known is passed over (RFC 7515 §4), and what must not be (§4.1.11) refused. The `kid` may be a thumbprint's URI (RFC 9278). */
const toForeignHeader = (members: Record<string, unknown>): JwtHeader | undefined =>
  'crit' in members || 'b64' in members ? undefined : toHeader(members, 256)

/** Takes a token of our own apart without believing it: the signature is unchecked. `malformed` says why and holds nothing of the token. */
export const parseJwt = (text: string): ParsedJwt | { malformed: string } => parse(text, toOwnHeader)

/** As `parseJwt`, of a token that a client made. What in its header names a key counts for nothing: the key is known beforehand. */
export const parseForeignJwt = (text: string): ParsedJwt | { malformed: string } => parse(text, toForeignHeader)

/** Exactly the three: what else names or brings a key has no place beside `jwk`. */
const toProofHeader = ({ alg, typ, jwk, ...others }: Record<string, unknown>): ProofHeader | undefined =>
  isShort(alg) && isShort(typ) && jwk !== undefined && Object.keys(others).length === 0 ? { alg, typ, jwk } : undefined

/** As `parseJwt`, of a DPoP proof, which brings its key in the header. */
export const parseProofJwt = (text: string): ParsedJwt<ProofHeader> | { malformed: string } =>
  parse(text, toProofHeader)

const parse = <Header>(
  text: string,
  readHeader: (members: Record<string, unknown>) => Header | undefined,
): ParsedJwt<Header> | { malformed: string } => {
  if (text.length > maxJwtLength) return { malformed: `longer than ${maxJwtLength} characters` }
  const [first, second, third, more] = text.split('.', 4)
  if (first === undefined || second === undefined || third === undefined || more !== undefined)
    return { malformed: 'not three parts' }
  const [headerBytes, claimsBytes, signature] = [
    decodeBase64url(first),
    decodeBase64url(second),
    decodeBase64url(third),
  ]
  if (!headerBytes || !claimsBytes || !signature) return { malformed: 'not canonical base64url' }
  const members = parseObject(headerBytes)
  if (!members) return { malformed: 'the header is not a JSON object with distinct members' }
  const header = readHeader(members)
  if (!header) return { malformed: 'the header has members that it must not have, or of another form' }
  const claims = parseObject(claimsBytes)
  if (!claims) return { malformed: 'the claims are not a JSON object with distinct members' }
  return {
    header,
    claims,
    signingInput: Buffer.from(text.slice(0, first.length + 1 + second.length), 'latin1'),
    signature,
  }
}

/** Whether the signature is right. `algorithm` is the key's, never the header's. */
export const verifyJwtSignature = (jwt: ParsedJwt<unknown>, algorithm: SigningAlgorithm, key: KeyObject): boolean =>
  algorithms[algorithm].verify(jwt.signingInput, key, jwt.signature)
