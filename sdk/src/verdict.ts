// What is known of a credential once it has been asked about: one of three outcomes, each with all that an answer to its caller needs.

export type CredentialKind = 'api_key' | 'personal_access_token' | 'legacy_token' | 'oauth_token' | 'jwt' | 'cwt'

/** Whom a valid credential stands for. */
export interface Principal {
  readonly kind: CredentialKind
  /** The credential's id; of a token its own. */
  readonly id: string
  /** The key's id, the user's (personal and legacy tokens, what a person allowed), or the client's. */
  readonly subject: string
  /** The organization that the request is for. */
  readonly organizationId?: string
  /** Of personal and legacy tokens: every organization that they reach. */
  readonly organizationIds?: readonly string[]
  readonly clientId?: string
  readonly tier?: string
  readonly environment: string
  readonly scopes: readonly string[]
  /** RFC 3339. */
  readonly expiresAt?: string
  readonly name?: string
  /** Of tokens made from a key: what they were made from. Its kind is not known to who verifies offline. */
  readonly derivedFrom?: { readonly kind?: CredentialKind; readonly id: string }
  /** It is of a scheme that ends: legacy tokens. */
  readonly deprecated?: boolean
}

/** Where a limit stands. */
export interface Limit {
  readonly name: string
  readonly limit: number
  readonly remaining: number
  /** Unix seconds at which the whole limit is there again. */
  readonly reset: number
}

/** What the caller is to be told of its DPoP proof (RFC 9449 §7.1, §8.2). */
export interface DpopAdvice {
  readonly error?: 'invalid_dpop_proof' | 'use_dpop_nonce'
  readonly nonce?: string
}

/** Codes of a refusal, with their HTTP status. */
export const denials = {
  invalid_api_key: 401,
  expired_token: 401,
  insufficient_scope: 403,
  organization_forbidden: 403,
  environment_mismatch: 403,
  forbidden: 403,
  rate_limit_exceeded: 429,
  invalid_request: 400,
} as const

export type DenialCode = keyof typeof denials

export interface Valid {
  readonly outcome: 'valid'
  readonly code: 'valid'
  readonly principal: Principal
  /** Limits that it meets; none where nothing limits it, and none offline. */
  readonly limits: readonly Limit[]
  /** Who says so: the server, just now; an answer of its that was kept; a signature. */
  readonly source: 'server' | 'kept' | 'signature'
  readonly dpop?: DpopAdvice
  readonly requestId?: string
}

export interface Denied {
  readonly outcome: 'denied'
  readonly code: DenialCode
  readonly status: (typeof denials)[DenialCode]
  /** Known where the credential itself is good. */
  readonly principal?: Principal
  readonly limits: readonly Limit[]
  /** The limit that refused, on `rate_limit_exceeded`. */
  readonly refused?: Limit
  /** Scopes that the credential lacks, on `insufficient_scope`. */
  readonly missing?: readonly string[]
  readonly dpop?: DpopAdvice
  readonly requestId?: string
}

/** Nobody could say. A caller is to be refused with 503, unless you have chosen otherwise. */
export interface Unavailable {
  readonly outcome: 'unavailable'
  readonly code: 'temporarily_unavailable'
  readonly status: 503
  readonly retryAfterSeconds: number
  /** For your log; it holds no credential. */
  readonly reason: string
}

export type Verdict = Valid | Denied | Unavailable

export const denied = (code: DenialCode, more: Partial<Omit<Denied, 'outcome' | 'code' | 'status'>> = {}): Denied => ({
  outcome: 'denied',
  code,
  status: denials[code],
  limits: [],
  ...more,
})

export const unavailable = (reason: string, retryAfterSeconds = 1): Unavailable => ({
  outcome: 'unavailable',
  code: 'temporarily_unavailable',
  status: 503,
  retryAfterSeconds,
  reason,
})

/** Scopes of `needed` that are not among the principal's. */
export const missingScopes = (principal: Principal, needed: readonly string[]): readonly string[] =>
  needed.filter((scope) => !principal.scopes.includes(scope))
