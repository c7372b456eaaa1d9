// OpenID Connect Core §2, §3.1.3.6: the id_token, which tells a client who has signed in. It opens nothing.
import { hash } from 'node:crypto'
import type { ClientRecord } from '../store/store.ts'
import { encodeBase64url } from '../tokens/base64url.ts'
import { parseJwt, signJwt, verifyJwtSignature } from '../tokens/jwt.ts'
import type { OAuthDeps } from './grant.ts'
import { subjectOf } from './subject.ts'

/** The one algorithm: every client must be able to read it (§15.1). */
export const idTokenAlgorithm = 'RS256'

/** Not that of an access token, `at+jwt`, so that neither is ever taken for the other (RFC 8725 §3.11). */
const idTokenType = 'JWT'

const lifetimeSeconds = 3600

/** Of those that a session knows, the ones that RFC 8176 §2 names. */
const registeredMethods: ReadonlySet<string> = new Set(['pwd', 'otp', 'hwk', 'swk', 'user', 'mfa'])

interface SignIn {
  client: ClientRecord
  userId: string
  /** When the person last proved who they are, Unix milliseconds. */
  authenticatedAt: number
  /** By what, of the session. */
  methods?: readonly string[]
  /** Of the authorization request. */
  nonce?: string | undefined
  /** The one that is handed out with it. */
  accessToken: string
}

/** §3.1.3.6: the left half of the hash that the algorithm uses. */
const accessTokenHash = (accessToken: string): string =>
  encodeBase64url(hash('sha256', accessToken, 'buffer').subarray(0, 16))

/** Without name and e-mail address: those are had at the userinfo endpoint (§5.4). */
export const makeIdToken = async (
  { config, keys, box, now }: Pick<OAuthDeps, 'config' | 'keys' | 'box' | 'now'>,
  { client, userId, authenticatedAt, methods = [], nonce, accessToken }: SignIn,
): Promise<string> => {
  const { id: kid, key } = await keys.signer(idTokenAlgorithm)
  const issuedAt = Math.floor(now() / 1000)
  const amr = methods.filter((method) => registeredMethods.has(method))
  return signJwt(
    { alg: idTokenAlgorithm, typ: idTokenType, kid },
    {
      iss: config.issuer,
      sub: subjectOf(box, client, userId),
      aud: client.id,
      exp: issuedAt + lifetimeSeconds,
      iat: issuedAt,
      auth_time: Math.floor(authenticatedAt / 1000),
      amr: amr.length > 0 ? amr : undefined,
      nonce,
      at_hash: accessTokenHash(accessToken),
    },
    key,
  )
}

/**
 * Whom and for which client an id_token of ours names, if it is one: as a hint it may have ended (RP-Initiated Logout §2).
 * undefined for everything else, access tokens among it. It proves nothing about who sends it.
 */
export const readIdTokenHint = async (
  { config, keys }: Pick<OAuthDeps, 'config' | 'keys'>,
  text: string,
): Promise<{ clientId: string; subject: string } | undefined> => {
  const jwt = parseJwt(text)
  if ('malformed' in jwt || jwt.header.typ !== idTokenType || jwt.header.kid === undefined) return undefined
  const verifier = await keys.verifier(jwt.header.kid)
  if (verifier?.algorithm !== idTokenAlgorithm || jwt.header.alg !== idTokenAlgorithm) return undefined
  if (!verifyJwtSignature(jwt, idTokenAlgorithm, verifier.key)) return undefined
  const { iss, sub, aud } = jwt.claims
  return iss === config.issuer && typeof sub === 'string' && typeof aud === 'string'
    ? { clientId: aud, subject: sub }
    : undefined
}
