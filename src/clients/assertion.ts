// RFC 7523 §2.2, §3, draft-ietf-oauth-rfc7523bis-11 §4, OpenID Connect Core §9 (private_key_jwt): a client proves itself by a JWT that it has signed.
import type { ClientRecord, Store } from '../store/store.ts'
import { useOnce } from '../store/used-ids.ts'
import { type ParsedJwt, parseForeignJwt, verifyJwtSignature } from '../tokens/jwt.ts'
import { publicAlgorithm } from '../tokens/public-jwk.ts'
import type { KeySets } from './key-sets.ts'

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The longest that an assertion may still have to live: so long its `jti` is remembered. */
const maxLifeSeconds = 300
/** Seconds that the client's clock may be ahead. */
const clockToleranceSeconds = 60
const maxIdLength = 256

/** RFC 8725 §3.11: none, the general one, or its own; a token of another type is no assertion. */
const types: readonly (string | undefined)[] = [
  undefined,
  'jwt',
  'client-authentication+jwt',
  'application/client-authentication+jwt',
]

export interface Assertion {
  /** Whom it speaks for, as it says itself. */
  clientId: string
  jwt: ParsedJwt
}

/** The assertion of a request, unchecked; undefined: it has none. */
export const readAssertion = (parameters: ReadonlyMap<string, string>): Assertion | 'malformed' | undefined => {
  const [type, text] = [parameters.get('client_assertion_type'), parameters.get('client_assertion')]
  if (type === undefined && text === undefined) return undefined
  if (type !== jwtBearer || text === undefined) return 'malformed'
  const jwt = parseForeignJwt(text)
  if ('malformed' in jwt) return 'malformed'
  const { iss, sub } = jwt.claims
  return typeof sub === 'string' && sub !== '' && iss === sub ? { clientId: sub, jwt } : 'malformed'
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** What is wrong with the claims; undefined: nothing. */
const claimFlaw = (
  { aud, exp, nbf, iat, jti }: Record<string, unknown>,
  issuer: string,
  nowSeconds: number,
): string | undefined => {
  // the issuer alone: whoever is made to sign for another server's endpoint must not open this one's door
  const audience: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (audience !== issuer) return `its aud is not the issuer ${issuer} alone`
  if (!isTime(exp)) return 'it has no exp'
  if (exp <= nowSeconds) return 'it has expired'
  if (exp > nowSeconds + maxLifeSeconds + clockToleranceSeconds)
    return `its exp is more than ${maxLifeSeconds} seconds ahead`
  for (const [name, value] of Object.entries({ nbf, iat })) {
    if (value === undefined) continue
    if (!isTime(value) || value > nowSeconds + clockToleranceSeconds) return `its ${name} is not a time in the past`
  }
  return typeof jti === 'string' && jti !== '' && jti.length <= maxIdLength ? undefined : 'it has no jti'
}

interface AssertionDeps {
  store: Pick<Store, 'activity'>
  config: { issuer: string }
  keySets: KeySets
  /** Unix milliseconds. */
  now: () => number
}

/** What is wrong with an assertion of `client`, for the log; undefined: it proves the client, and is used up. */
export const assertionFlaw = async (
  { store, config, keySets, now }: AssertionDeps,
  client: ClientRecord,
  { jwt }: Assertion,
): Promise<string | undefined> => {
  const { alg, typ, kid } = jwt.header
  if (!types.includes(typ?.toLowerCase())) return 'its typ is that of another kind of token'
  const algorithm = publicAlgorithm(alg)
  if (!algorithm) return 'its alg is none that clients may use'
  const flaw = claimFlaw(jwt.claims, config.issuer, now() / 1000)
  if (flaw !== undefined) return flaw
  const found = await keySets.find(client, kid)
  if ('failed' in found) return found.failed
  const keys = found.keys.filter((key) => key.algorithm === algorithm) // the key says which algorithm, the header only whether it agrees
  if (keys.length === 0) return 'the client has no such key'
  if (!keys.some(({ key }) => verifyJwtSignature(jwt, algorithm, key))) return 'its signature is not right'
  const { exp, jti } = jwt.claims as { exp: number; jti: string }
  const forgottenAt = Math.ceil(exp + clockToleranceSeconds) * 1000
  const first = await useOnce(store, ['client assertion', client.id, jti], forgottenAt)
  return first ? undefined : 'its jti was used before'
}
