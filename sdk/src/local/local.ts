// Verifies JWTs and CWTs offline: signature, issuer, audience, times, environment, organization, scopes, and status where the token has a
// place in a list. What cannot be judged offline is another verifier's, or is refused.
import { type Fetch, baseUrl } from '../connection.ts'
import { type VerifyOptions, noScopes, questionOf } from '../question.ts'
import { sha256 } from '../sha256.ts'
import {
  type Denied,
  type Principal,
  type Valid,
  type Verdict,
  denied,
  missingScopes,
  unavailable,
} from '../verdict.ts'
import type { Verifier } from '../verifier.ts'
import { type Claims, readClaims } from './claims.ts'
import { type Algorithm, Keys, freshKeysMs, maxKeySetBytes, readCoseKeys, readJwks } from './keys.ts'
import { readCapped } from './read-capped.ts'
import { StatusLists, maxListTokenBytes } from './status-lists.ts'
import { type Genuine, looksLike, readCwt, readJwt } from './token.ts'

export interface LocalOptions {
  readonly mode: 'local'
  /** Where Latchkey publishes its keys. */
  readonly url: string
  /** Default: `url`. */
  readonly issuer?: string
  /** Your API's `audience`: a token for another API is none for yours. */
  readonly audience: string
  /** Algorithms that your API's JWTs are signed with. Default `['ES256']`. */
  readonly algorithms?: readonly Algorithm[]
  /** Whether CBOR Web Tokens are taken. Default true. */
  readonly cwt?: boolean
  /** Environments that your API serves. Default `['live']`. */
  readonly environments?: readonly string[]
  /** How much the clocks may differ, seconds, at most 300. Default 5. */
  readonly clockToleranceSeconds?: number
  /** Who judges what cannot be judged offline: other credentials, tokens bound to a key, and what a token does not say. Default: they are refused. */
  readonly otherwise?: Verifier
  /** Tokens whose signature is remembered. Default 10,000. */
  readonly maxEntries?: number
  /** Milliseconds that a key set or status list may take. Default 2,000. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
  readonly onFault?: (fault: Error) => void
}

/** Why a genuine token is not judged here. */
type Unjudged = 'elsewhere'

const known: readonly Algorithm[] = ['ES256', 'RS256', 'EdDSA']

export class LocalVerifier {
  readonly #options: Required<
    Pick<
      LocalOptions,
      'audience' | 'algorithms' | 'cwt' | 'environments' | 'clockToleranceSeconds' | 'maxEntries' | 'timeoutMs'
    >
  >
  readonly #url: string
  readonly #issuer: string
  readonly #fetch: Fetch
  readonly #onFault: ((fault: Error) => void) | undefined
  readonly #otherwise: Verifier | undefined
  readonly #jwks: Keys
  readonly #coseKeys: Keys
  readonly #statuses: StatusLists
  readonly #wall: () => number
  readonly #monotonic: () => number
  /** Claims of tokens whose signature was right a moment ago, by a hash of the token. */
  readonly #genuine = new Map<string, { claims: Claims; at: number }>()

  /** `wall`: Unix milliseconds. Throws TypeError and RangeError for options that cannot be meant. */
  constructor(options: LocalOptions, wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    const { audience, algorithms = ['ES256'], cwt = true, environments = ['live'], clockToleranceSeconds = 5 } = options
    const { maxEntries = 10_000, timeoutMs = 2_000 } = options
    if (typeof audience !== 'string' || audience === '') throw new TypeError('audience must be that of your API.')
    if (algorithms.length === 0 || !algorithms.every((name) => known.includes(name)))
      throw new TypeError(`algorithms must be some of ${known.join(', ')}.`)
    if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300))
      throw new RangeError('clockToleranceSeconds must be from 0 to 300.')
    if (!Number.isInteger(maxEntries) || maxEntries < 0) throw new RangeError('maxEntries must be a whole number.')
    this.#options = { audience, algorithms, cwt, environments, clockToleranceSeconds, maxEntries, timeoutMs }
    this.#url = baseUrl(options.url)
    this.#issuer = options.issuer ?? this.#url
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init))
    this.#onFault = options.onFault
    this.#otherwise = options.otherwise
    this.#wall = wall
    this.#monotonic = monotonic
    const source = (path: string, read: typeof readJwks) => ({
      fetch: async () => (await this.#get(`${this.#url}${path}`, maxKeySetBytes)).bytes,
      read,
      monotonic,
    })
    this.#jwks = new Keys(source('/.well-known/jwks.json', readJwks))
    this.#coseKeys = new Keys(source('/.well-known/cose-keys', readCoseKeys))
    this.#statuses = new StatusLists({
      issuer: this.#issuer,
      keys: this.#jwks,
      wall,
      fetch: async (uri) => {
        const { bytes, status } = await this.#get(this.#url + uri.slice(this.#issuer.length), maxListTokenBytes)
        return status === 404 ? null : bytes && new TextDecoder().decode(bytes)
      },
    })
  }

  /** At once, for a token that was seen before. */
  now(credential: string, options: VerifyOptions = {}): Verdict | undefined {
    const claims = options.dpop ? undefined : this.#kept(sha256(credential))
    if (!claims) return this.#otherwise?.verifyNow(credential, options)
    const { status } = claims
    const state = status === undefined ? 'valid' : status === 'unreadable' ? undefined : this.#statuses.kept(status)
    const verdict = state && this.#judge(claims, state, options)
    return verdict === 'elsewhere' ? this.#otherwise?.verifyNow(credential, options) : verdict
  }

  async verify(credential: string, options: VerifyOptions = {}): Promise<Verdict> {
    const question = questionOf(credential, options)
    if ('outcome' in question) return question
    const form = looksLike(credential)
    if (form === undefined || (form === 'cwt' && !this.#options.cwt) || options.dpop)
      return this.#elsewhere(credential, options)
    const claims = await this.#claims(credential, form)
    if (claims === 'invalid') return denied('invalid_api_key')
    if (claims === 'unsupported') return this.#elsewhere(credential, options)
    if (claims === 'unavailable') return this.#elsewhere(credential, options, 'Latchkey’s public keys cannot be had.')
    const { status } = claims
    const state =
      status === undefined ? 'valid' : status === 'unreadable' ? 'unavailable' : await this.#statuses.find(status)
    options.signal?.throwIfAborted()
    if (state === 'unavailable')
      return this.#elsewhere(credential, options, 'The status list of the token cannot be had.')
    const verdict = this.#judge(claims, state, options)
    return verdict === 'elsewhere' ? this.#elsewhere(credential, options) : verdict
  }

  /** A signature is no better than its key: it is checked again as often as keys are fetched, so that one of a key that is gone ends too. */
  #kept(key: string): Claims | undefined {
    const kept = this.#genuine.get(key)
    return kept && this.#monotonic() - kept.at < freshKeysMs ? kept.claims : undefined
  }

  async #claims(credential: string, form: 'jwt' | 'cwt'): Promise<Claims | Exclude<Genuine, object>> {
    const key = sha256(credential)
    const kept = this.#kept(key)
    if (kept) return kept
    const at = this.#monotonic()
    const { algorithms, maxEntries } = this.#options
    const read =
      form === 'jwt'
        ? await readJwt(credential, { keys: this.#jwks, type: 'at+jwt', algorithms })
        : await readCwt(credential, this.#coseKeys)
    if (typeof read === 'string') return read
    const claims = readClaims(form, read.members)
    if (!claims) return 'invalid'
    this.#genuine.delete(key)
    this.#genuine.set(key, { claims, at })
    if (this.#genuine.size > maxEntries) this.#genuine.delete(this.#genuine.keys().next().value as string)
    return claims
  }

  #judge(
    claims: Claims,
    status: 'valid' | 'invalid',
    { scopes = noScopes, organizationId }: VerifyOptions,
  ): Valid | Denied | Unjudged {
    const { audience, environments, clockToleranceSeconds } = this.#options
    const seconds = this.#wall() / 1000
    if (claims.issuer !== this.#issuer || !claims.audience.includes(audience)) return denied('invalid_api_key')
    if (claims.expiresAt + clockToleranceSeconds <= seconds) return denied('expired_token')
    if (Math.max(claims.issuedAt, claims.notBefore ?? 0) > seconds + clockToleranceSeconds)
      return denied('invalid_api_key')
    if (status === 'invalid') return denied('invalid_api_key')
    if (claims.bound) return this.#otherwise ? 'elsewhere' : denied('invalid_api_key')
    const principal = principalOf(claims)
    if (!environments.includes(principal.environment)) return denied('environment_mismatch', { principal })
    // a token that names no organization may reach some: which, only Latchkey knows
    if (organizationId !== undefined && claims.organizationId !== organizationId)
      return claims.organizationId === undefined && this.#otherwise
        ? 'elsewhere'
        : denied('organization_forbidden', { principal })
    const missing = missingScopes(principal, scopes)
    if (missing.length === 0) return { outcome: 'valid', code: 'valid', principal, limits: [], source: 'signature' }
    return claims.scopes === undefined && this.#otherwise
      ? 'elsewhere'
      : denied('insufficient_scope', { principal, missing })
  }

  async #elsewhere(credential: string, options: VerifyOptions, reason?: string): Promise<Verdict> {
    if (this.#otherwise)
      return this.#otherwise.verifyNow(credential, options) ?? this.#otherwise.verify(credential, options)
    return reason === undefined ? denied('invalid_api_key') : unavailable(reason)
  }

  async #get(url: string, most: number): Promise<{ bytes?: Uint8Array<ArrayBuffer>; status?: number }> {
    try {
      const response = await this.#fetch(url, {
        method: 'GET',
        headers: { accept: 'application/statuslist+jwt, application/json, application/cose-key-set' },
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      })
      const bytes = response.status === 200 ? await readCapped(response, most) : undefined
      if (!bytes) throw new Error(response.status === 200 ? 'it is too large' : `it answered ${response.status}`)
      return { bytes, status: 200 }
    } catch (error) {
      const told = error instanceof Error ? error.message : 'unknown'
      this.#onFault?.(new Error(`${new URL(url).pathname} cannot be had from Latchkey: ${told}.`, { cause: error }))
      return told === 'it answered 404' ? { status: 404 } : {}
    }
  }
}

const principalOf = (claims: Claims): Principal => {
  const { format, keyId, organizationId, clientId, tier } = claims
  return {
    kind: format === 'cwt' ? 'cwt' : keyId === undefined ? 'oauth_token' : 'jwt',
    id: claims.id,
    subject: claims.subject,
    ...(organizationId !== undefined && { organizationId }),
    ...(keyId === undefined && clientId !== undefined && { clientId }),
    ...(tier !== undefined && { tier }),
    environment: claims.environment ?? 'live',
    scopes: claims.scopes ?? [],
    expiresAt: new Date(claims.expiresAt * 1000).toISOString(),
    ...(keyId !== undefined && { derivedFrom: { id: keyId } }),
  }
}
