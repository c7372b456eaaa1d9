// A profile is data: how one documented scheme looks on the wire. The pipeline reads it and never asks for its name.
import type { Code } from '../errors.ts'

export type CredentialKind = 'api_key' | 'personal_access_token' | 'legacy_token' | 'oauth_token' | 'jwt' | 'cwt'

export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA' | 'HS256'

/** Where callers put their credential. */
export interface Presentation {
  /** `Authorization: Bearer <credential>` (RFC 6750 §2.1). */
  bearer: boolean
  /** `Authorization: <credential>` with no scheme. */
  bare?: boolean
  /** A header of the API's own, such as `X-API-TOKEN`. */
  header?: string
}

/** The access tokens that the token endpoint makes for an API. */
export interface TokenFormat {
  algorithm: SigningAlgorithm
  /** `at+jwt` (RFC 9068) or, for HS256 only, `JWT`. */
  type: 'at+jwt' | 'JWT'
  lifetimeSeconds: number
  /** The word of `token_type` in the answer. */
  tokenType: 'Bearer' | 'bearer'
  /** Whether the answer repeats `scope` where RFC 6749 §5.1 lets it be left out. */
  echoScope: boolean
}

/** What a limit counts for: the credential (all tokens made from it included), one OAuth token (its `jti`; a stored credential counts as one with what was exchanged for it), or the organization that pays. */
type LimitSubject = 'credential' | 'token' | 'organization'

export interface LimitPolicy {
  /** Names the policy in `RateLimit-Policy`, in `limits` and in the counters. */
  name: string
  per: LimitSubject
  /** Units per period: one number, or one for each tier; null is unlimited. */
  limit: number | Record<string, number | null>
  /** A fixed window of so many seconds from the first accepted request, or the calendar month (UTC). */
  period: number | 'month'
}

/** What an error answer is made of. */
export interface ErrorFacts {
  /** The wire code: the catalogue's, or the profile's own for it. */
  code: string
  status: number
  title: string
  message: string
  requestId: string
  /** The refused limit policy's period, on `rate_limit_exceeded`. */
  period?: number | 'month'
}

export interface ErrorFormat {
  contentType: string
  /** Makes the body; `facts.message` is already the profile's own text where `messages` has one. */
  body: (facts: ErrorFacts) => object
  /** Wire codes that differ from the catalogue's. */
  codes?: Partial<Record<Code, string>>
  /** Texts that differ from the catalogue's. */
  messages?: Partial<Record<Code, string>>
}

export interface Profile {
  name: string
  /** Kinds of credential that the API accepts. */
  accepts: readonly CredentialKind[]
  presentation: Presentation
  token: TokenFormat
  limits: readonly LimitPolicy[]
  /** Form of `X-RateLimit-Reset`: Unix seconds, or ISO 8601 in UTC. */
  reset: 'unix' | 'iso8601'
  errors: ErrorFormat
}

/** Whether tokens bound to a key are taken, by `Authorization: DPoP` (RFC 9449 §7.1): where bearer tokens of the kinds are that can be. */
export const takesDpop = ({ accepts, presentation }: Pick<Profile, 'accepts' | 'presentation'>): boolean =>
  presentation.bearer && (accepts.includes('oauth_token') || accepts.includes('jwt'))
