// RFC 9068 §4, RFC 8392 §7.2, RFC 8725 §3: whether a token is ours, for this API, and in force. Whether what it was made from still stands is not asked here.
import type { KeyObject } from 'node:crypto'
import type { Api } from '../config/config.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import { algorithms, isAlgorithm } from './algorithms.ts'
import { type AccessClaims, fromCwtClaims, type Members, readClaims } from './claims.ts'
import { isCwtAlgorithm, maxCwtLength, parseCwt, verifyCwtSignature } from './cwt.ts'
import { type Genuine, GenuineTokens } from './genuine-tokens.ts'
import { maxJwtLength, type ParsedJwt, parseJwt, verifyJwtSignature } from './jwt.ts'
import type { SigningKeys } from './signing-keys.ts'

export type TokenRefusal =
  | 'malformed'
  | 'algorithm'
  | 'unknown_key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'

/** `detail` is for operators and the log; it holds nothing of the token's secrets. */
export type TokenReading =
  | { ok: true; kind: 'oauth_token' | 'jwt' | 'cwt'; claims: AccessClaims }
  | {
      ok: false
      reason: TokenRefusal
      detail: string
      /** Of one that is genuine, and over. */
      expired?: AccessClaims
    }

/** What the signature is right of, and by which key. */
interface Signed {
  format: 'jwt' | 'cwt'
  members: Members
  key: KeyObject
  /** undefined: the key is a secret. */
  kid: string | undefined
}

type Refused = Extract<TokenReading, { ok: false }>

/** Seconds that another clock may be ahead. */
const clockToleranceSeconds = 60

const refuse = (reason: TokenRefusal, detail: string): Refused => ({ ok: false, reason, detail })

/** What `text` looks like, cheaply, to send it the right way; nothing is checked. */
export const looksLikeToken = (text: string): 'jwt' | 'cwt' | undefined => {
  if (text.startsWith('eyJ'))
    return text.length <= maxJwtLength && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text) ? 'jwt' : undefined
  // 0xd2 0x84 0x4… or 0x5…: tag 18, an array of four, a byte string.
  if (/^0o[Q-X]/.test(text)) return text.length <= maxCwtLength && /^[\w-]+$/.test(text) ? 'cwt' : undefined
  return undefined
}

export class TokenReader {
  readonly #keys: SigningKeys
  readonly #issuer: string
  readonly #genuine = new GenuineTokens()

  constructor(keys: SigningKeys, issuer: string) {
    this.#keys = keys
    this.#issuer = issuer
  }

  /** Reads a JWT or CWT presented to `api` at `now` (Unix milliseconds). Never throws over what the token holds. */
  read(text: string, api: Api, now: number): MaybePromise<TokenReading> {
    const known = this.#genuine.find(text)
    const genuine = andThen(known !== undefined && this.#stillVerifies(known, api), (stands) =>
      known !== undefined && stands ? known : this.#verify(text, api),
    )
    return andThen(genuine, (found) => {
      if ('reason' in found) return found
      const flaw = this.#flaw(found.claims, api, now / 1000)
      if (flaw) return flaw
      const { claims } = found
      if (found !== known) this.#genuine.keep(text, found)
      return {
        ok: true,
        kind: claims.format === 'cwt' ? 'cwt' : claims.keyId === undefined ? 'oauth_token' : 'jwt',
        claims,
      }
    })
  }

  /** What of genuine claims keeps the token from being good at this API now. */
  #flaw(claims: AccessClaims, api: Api, nowSeconds: number): Refused | undefined {
    if (claims.issuer !== this.#issuer) return refuse('issuer', 'the token is of another issuer')
    if (!claims.audience.includes(api.audience)) return refuse('audience', `the token is not for ${api.audience}`)
    if (claims.expiresAt <= nowSeconds)
      return {
        ...refuse('expired', `the token ended at ${new Date(claims.expiresAt * 1000).toISOString()}`),
        expired: claims,
      }
    return Math.max(claims.issuedAt, claims.notBefore ?? 0) > nowSeconds + clockToleranceSeconds
      ? refuse('not_yet_valid', 'the token begins in the future')
      : undefined
  }

  /** Whether the key is still one that tokens of this API are verified with: a secret is that of one API. */
  #stillVerifies({ key, kid }: Genuine, api: Api): MaybePromise<boolean> {
    return kid === undefined
      ? andThen(this.#keys.secrets(api.name), (secrets) => secrets.includes(key))
      : andThen(this.#keys.verifier(kid), (verifier) => verifier?.key === key)
  }

  async #verify(text: string, api: Api): Promise<Genuine | Refused> {
    const signed = looksLikeToken(text) === 'cwt' ? await this.#readCwt(text) : await this.#readJwt(text, api)
    if ('reason' in signed) return signed
    const claims = readClaims(signed.format, signed.members)
    if (!claims) return refuse('malformed', 'a claim is missing or not of its type')
    return { claims, key: signed.key, kid: signed.kid }
  }

  async #readJwt(text: string, api: Api): Promise<Signed | Refused> {
    const jwt = parseJwt(text)
    if ('malformed' in jwt) return refuse('malformed', jwt.malformed)
    if (!isAlgorithm(jwt.header.alg)) return refuse('algorithm', 'the algorithm is not one of ours')
    const key = algorithms[jwt.header.alg].symmetric
      ? await this.#checkSymmetric(jwt, api)
      : await this.#checkAsymmetric(jwt)
    return 'reason' in key ? key : { format: 'jwt', members: jwt.claims, key, kid: jwt.header.kid }
  }

  /** Only where the API's tokens are so, and only with its own secrets: a public key never gets here (RFC 8725 §2.1). Answers the one that is right. */
  async #checkSymmetric(jwt: ParsedJwt, api: Api): Promise<KeyObject | Refused> {
    const { algorithm, type } = api.profile.token
    if (jwt.header.alg !== algorithm) return refuse('algorithm', `tokens of ${api.name} are not ${jwt.header.alg}`)
    if (jwt.header.typ !== type || jwt.header.kid !== undefined)
      return refuse('malformed', `the header is not that of a token of ${api.name}`)
    for (const secret of await this.#keys.secrets(api.name))
      if (verifyJwtSignature(jwt, algorithm, secret)) return secret
    return refuse('signature', 'the signature is not right')
  }

  async #checkAsymmetric(jwt: ParsedJwt): Promise<KeyObject | Refused> {
    const { alg, typ, kid } = jwt.header
    if (typ !== 'at+jwt' && typ !== 'application/at+jwt')
      return refuse('malformed', 'the type is not that of an access token')
    const verifier = kid === undefined ? undefined : await this.#keys.verifier(kid)
    if (!verifier) return refuse('unknown_key', 'there is no such key, or it has expired')
    if (verifier.algorithm !== alg) return refuse('algorithm', "the algorithm is not the key's")
    return verifyJwtSignature(jwt, verifier.algorithm, verifier.key)
      ? verifier.key
      : refuse('signature', 'the signature is not right')
  }

  async #readCwt(text: string): Promise<Signed | Refused> {
    const cwt = parseCwt(text)
    if ('malformed' in cwt) return refuse('malformed', cwt.malformed)
    const { alg, kid } = cwt.header
    if (!isCwtAlgorithm(alg)) return refuse('algorithm', 'the algorithm is not one of ours')
    const verifier = await this.#keys.verifier(kid)
    if (!verifier) return refuse('unknown_key', 'there is no such key, or it has expired')
    if (verifier.algorithm !== 'EdDSA') return refuse('algorithm', "the algorithm is not the key's")
    return verifyCwtSignature(cwt, verifier.key)
      ? { format: 'cwt', members: fromCwtClaims(cwt.claims), key: verifier.key, kid }
      : refuse('signature', 'the signature is not right')
  }
}
