// RFC 8392: CBOR Web Tokens, signed with Ed25519 and spelled in base64url so that they fit `Authorization: Bearer`.
import type { KeyObject } from 'node:crypto'
import { algorithms } from './algorithms.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { decodeCbor, encodeCbor, maxCborLength } from './cbor.ts'
import { coseAlgorithm, decodeSign1, encodeSign1, type Sign1Header, sign1Header } from './cose.ts'

export const maxCwtLength = Math.floor((maxCborLength * 4) / 3)

export interface ParsedCwt {
  header: Sign1Header
  claims: ReadonlyMap<unknown, unknown>
  /** What the signature is over. */
  toBeSigned: Uint8Array
  signature: Uint8Array
}

/** A signed CWT: the tagged COSE_Sign1, without the outer CWT tag (RFC 8392 §6). Throws where the token would be longer than readers take. */
export const signCwt = (
  claims: ReadonlyMap<number | string, unknown>,
  { id, key }: { id: string; key: KeyObject },
): string => {
  const token = encodeBase64url(
    encodeSign1({ alg: coseAlgorithm.EdDSA, kid: id }, encodeCbor(claims), (toBeSigned) =>
      algorithms.EdDSA.sign(toBeSigned, key),
    ),
  )
  if (token.length > maxCwtLength)
    throw new RangeError(`The claims make a token of ${token.length} characters; ${maxCwtLength} are the most.`)
  return token
}

/** Takes a token apart without believing it: the signature is unchecked. `malformed` says why and holds nothing of the token. */
export const parseCwt = (text: string): ParsedCwt | { malformed: string } => {
  if (text.length > maxCwtLength) return { malformed: `longer than ${maxCwtLength} characters` }
  const bytes = decodeBase64url(text)
  if (!bytes) return { malformed: 'not canonical base64url' }
  const message = decodeSign1(bytes)
  if (!message) return { malformed: 'not a tagged COSE_Sign1 in deterministic CBOR' }
  const header = sign1Header(message)
  if (!header) return { malformed: 'the header has other parameters than a protected alg and kid' }
  const claims = decodeCbor(message.payload)
  if (!(claims instanceof Map)) return { malformed: 'the claims are not a map in deterministic CBOR' }
  return { header, claims, toBeSigned: message.toBeSigned, signature: message.signature }
}

const acceptedAlgorithms: readonly number[] = [coseAlgorithm.EdDSA, coseAlgorithm.Ed25519]

export const isCwtAlgorithm = (alg: number): boolean => acceptedAlgorithms.includes(alg)

/** Whether the signature is right; `key` is an Ed25519 public key. */
export const verifyCwtSignature = (cwt: ParsedCwt, key: KeyObject): boolean =>
  algorithms.EdDSA.verify(cwt.toBeSigned, key, cwt.signature)
