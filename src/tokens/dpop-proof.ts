// RFC 9449 §4.2: a DPoP proof, read strictly. Whether it fits a request is for verify/proofs.ts to say.
import { type ParsedJwt, parseProofJwt, verifyJwtSignature } from './jwt.ts'
import { type PublicKey, readPublicJwk } from './public-jwk.ts'

export interface DpopProof extends PublicKey {
  jti: string
  htm: string
  htu: string
  /** Unix seconds. */
  iat: number
  nonce: string | undefined
  ath: string | undefined
  jwt: ParsedJwt<unknown>
}

/** Characters. Only a hash of it is kept (§11.1). */
const maxIdLength = 256
const maxTextLength = 4096

const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maxLength
const isOptionalText = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value.length <= maxTextLength)

/** Takes a proof apart; its signature is unchecked. `malformed` says why and holds nothing of the proof. */
export const parseDpopProof = (text: string): DpopProof | { malformed: string } => {
  const jwt = parseProofJwt(text)
  if ('malformed' in jwt) return jwt
  const { typ, alg, jwk } = jwt.header
  if (typ !== 'dpop+jwt') return { malformed: 'its type is not dpop+jwt' }
  const key = readPublicJwk(jwk, alg)
  if (!key) return { malformed: 'its jwk is not a public key for its alg' }
  const { jti, htm, htu, iat, nonce, ath } = jwt.claims
  if (!isText(jti, maxIdLength) || !isText(htm, 64) || !isText(htu, maxTextLength) || !Number.isFinite(iat))
    return { malformed: 'jti, htm, htu or iat is missing or not of its type' }
  if (!isOptionalText(nonce) || !isOptionalText(ath)) return { malformed: 'nonce or ath is not of its type' }
  return { ...key, jti, htm, htu, iat: iat as number, nonce, ath, jwt }
}

/** Whether it was signed with the key that it brings. */
export const isSigned = ({ jwt, algorithm, key }: DpopProof): boolean => verifyJwtSignature(jwt, algorithm, key)
