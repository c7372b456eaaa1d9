// RFC 9052: COSE_Sign1 messages and COSE_Key sets.
import { decodeCbor, encodeCbor } from './cbor.ts'

const sign1Tag = 0xd2 // tag 18 (§2)

const label = { alg: 1, kid: 4, type: 16 } // §3.1, RFC 9596 §2

/** Identifiers of RFC 9053 §2.2 and RFC 9864 §2.2. */
export const coseAlgorithm = { EdDSA: -8, Ed25519: -19 }

export interface Sign1Header {
  alg: number
  /** The `kid` bytes as base64url. */
  kid: string
}

export interface Sign1 {
  protectedHeader: ReadonlyMap<unknown, unknown>
  unprotectedHeader: ReadonlyMap<unknown, unknown>
  payload: Uint8Array
  signature: Uint8Array
  /** What the signature is over. */
  toBeSigned: Uint8Array
}

/** Sig_structure (§4.4), without external data. */
const sigStructure = (protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array =>
  encodeCbor(['Signature1', protectedBytes, new Uint8Array(), payload])

/** A tagged COSE_Sign1 with everything in the protected header. `sign` is given the bytes to be signed. */
export const encodeSign1 = (
  { alg, kid, type }: Sign1Header & { type?: string },
  payload: Uint8Array,
  sign: (toBeSigned: Uint8Array) => Uint8Array,
): Uint8Array => {
  const protectedBytes = encodeCbor(
    new Map<number, unknown>([
      [label.alg, alg],
      [label.kid, Buffer.from(kid, 'base64url')],
      ...(type === undefined ? [] : ([[label.type, type]] as const)),
    ]),
  )
  const signature = sign(sigStructure(protectedBytes, payload))
  return Buffer.concat([Uint8Array.of(sign1Tag), encodeCbor([protectedBytes, new Map(), payload, signature])])
}

/** Takes a tagged COSE_Sign1 apart without believing it; undefined for anything else. */
export const decodeSign1 = (bytes: Uint8Array): Sign1 | undefined => {
  if (bytes[0] !== sign1Tag) return undefined
  const message = decodeCbor(bytes.subarray(1))
  if (!Array.isArray(message) || message.length !== 4) return undefined
  const [protectedBytes, unprotectedHeader, payload, signature] = message as unknown[]
  if (
    !(
      protectedBytes instanceof Uint8Array &&
      unprotectedHeader instanceof Map &&
      payload instanceof Uint8Array &&
      signature instanceof Uint8Array
    )
  )
    return undefined
  const protectedHeader = decodeCbor(protectedBytes)
  if (!(protectedHeader instanceof Map)) return undefined
  return { protectedHeader, unprotectedHeader, payload, signature, toBeSigned: sigStructure(protectedBytes, payload) }
}

/** The header of messages such as ours: `alg` and `kid`, both protected, and nothing else, `crit` neither; undefined for every other. */
export const sign1Header = ({ protectedHeader, unprotectedHeader }: Sign1): Sign1Header | undefined => {
  const [alg, kid] = [protectedHeader.get(label.alg), protectedHeader.get(label.kid)]
  if (protectedHeader.size !== 2 || unprotectedHeader.size !== 0) return undefined
  if (
    typeof alg !== 'number' ||
    !Number.isInteger(alg) ||
    !(kid instanceof Uint8Array) ||
    kid.length === 0 ||
    kid.length > 48
  )
    return undefined
  return { alg, kid: Buffer.from(kid).toString('base64url') }
}

/** COSE_KeySet (§7) of Ed25519 public keys (RFC 9053 §7.2); `x` is base64url, as in a JWK. */
export const encodeKeySet = (keys: readonly { kid: string; x: string }[]): Uint8Array =>
  encodeCbor(
    keys.map(
      ({ kid, x }) =>
        new Map<number, unknown>([
          [1, 1], // kty: OKP
          [2, Buffer.from(kid, 'base64url')],
          [3, coseAlgorithm.EdDSA],
          [-1, 6], // crv: Ed25519
          [-2, Buffer.from(x, 'base64url')],
        ]),
    ),
  )
