// RFC 7517, 7518 §6, 8037 §2: a public key that somebody else sends as a JWK, for one algorithm and no other; RFC 7638: its thumbprint.
import { type KeyObject, hash } from 'node:crypto'
import type { SigningAlgorithm } from '../profiles/profile.ts'
import { verificationKey } from './algorithms.ts'
import { decodeBase64url } from './base64url.ts'

export type PublicAlgorithm = Exclude<SigningAlgorithm, 'HS256'>

/** What JWS calls the algorithms whose keys others may bring (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2); never a symmetric one, never `none`. */
const algorithmNames: Readonly<Record<string, PublicAlgorithm>> = {
  ES256: 'ES256',
  EdDSA: 'EdDSA',
  Ed25519: 'EdDSA',
  RS256: 'RS256',
}

export const publicAlgorithms: readonly string[] = Object.keys(algorithmNames)

/** The algorithm of a JWS `alg`; undefined: none that others may sign with. */
export const publicAlgorithm = (name: string): PublicAlgorithm | undefined =>
  Object.hasOwn(algorithmNames, name) ? algorithmNames[name] : undefined

export interface PublicKey {
  key: KeyObject
  algorithm: PublicAlgorithm
  /** base64url of SHA-256 (RFC 7638 §3). */
  thumbprint: string
}

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1: whoever sends one has given the key away. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Whether the JWK is of a private or symmetric key. */
export const tellsSecret = (jwk: Record<string, unknown>): boolean =>
  secretMembers.some((name) => Object.hasOwn(jwk, name))

const isOf = (value: unknown, bytes: number): value is string =>
  typeof value === 'string' && value.length <= 64 && decodeBase64url(value)?.length === bytes

/** 2048 to 4096 bits and odd, without leading zeros. */
const isModulus = (value: unknown): value is string => {
  const bytes = typeof value === 'string' && value.length <= 684 ? decodeBase64url(value) : undefined
  if (!bytes || bytes.length < 256) return false
  return (bytes[0] as number) >= (bytes.length === 256 ? 0x80 : 1) && (bytes.at(-1) as number) % 2 === 1
}

/** From 65,537 up (FIPS 186-5 §A.1.1), within 32 bits, so that checking a signature stays cheap, and odd. */
const isExponent = (value: unknown): value is string => {
  const bytes = typeof value === 'string' && value.length <= 6 ? decodeBase64url(value) : undefined
  if (!bytes || bytes.length < 3 || bytes[0] === 0) return false
  const exponent = bytes.readUIntBE(0, bytes.length)
  return exponent >= 65_537 && exponent % 2 === 1
}

/** The members that make the key and its thumbprint, in the order of RFC 7638 §3.2. */
const required = (algorithm: PublicAlgorithm, jwk: Record<string, unknown>): Record<string, string> | undefined => {
  const { kty, crv, x, y, n, e } = jwk
  switch (algorithm) {
    case 'ES256':
      return kty === 'EC' && crv === 'P-256' && isOf(x, 32) && isOf(y, 32) ? { crv, kty, x, y } : undefined
    case 'EdDSA':
      return kty === 'OKP' && crv === 'Ed25519' && isOf(x, 32) ? { crv, kty, x } : undefined
    case 'RS256':
      return kty === 'RSA' && isModulus(n) && isExponent(e) ? { e, kty, n } : undefined
  }
}

/** Whether what the key says of its own use allows it (RFC 7517 §4.2 to §4.4). */
const isMeantFor = (algorithm: PublicAlgorithm, { use, key_ops: operations, alg }: Record<string, unknown>): boolean =>
  (use === undefined || use === 'sig') &&
  (operations === undefined || (Array.isArray(operations) && operations.includes('verify'))) &&
  (alg === undefined || (typeof alg === 'string' && publicAlgorithm(alg) === algorithm))

/** The key of `jwk` for signatures that say `alg`; undefined where it is none. What a JWK points to is never fetched. */
export const readPublicJwk = (jwk: unknown, alg: string): PublicKey | undefined => {
  const algorithm = publicAlgorithm(alg)
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk) || !algorithm) return undefined
  const members = jwk as Record<string, unknown>
  if (tellsSecret(members) || !isMeantFor(algorithm, members)) return undefined
  const needed = required(algorithm, members)
  if (!needed) return undefined
  try {
    const key = verificationKey(needed) // throws for a point that is not on the curve
    return { key, algorithm, thumbprint: hash('sha256', JSON.stringify(needed), 'base64url') }
  } catch {
    return undefined
  }
}
