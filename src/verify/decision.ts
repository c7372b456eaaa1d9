// The outcome of judging a credential: a closed union with a plain code for the wire and a rich reason for the log.
import type { Code } from '../errors.ts'
import type { LimitState } from '../limits/allowance.ts'
import type { AppliedLimit } from '../limits/policy.ts'
import type { Network } from '../network.ts'
import type { CredentialKind } from '../profiles/profile.ts'
import type { Tier } from '../store/schema.ts'
import type { MembershipRecord } from '../store/store.ts'
import type { ProofError, ShownProof } from './proofs.ts'

/** Who a valid credential stands for. Shared between requests: never changed once it is made. */
export interface Principal {
  kind: CredentialKind
  /** The credential's id; of a token its `jti` or `cti`. */
  id: string
  /** The key's id, the user's id (personal and legacy tokens), or the client's (client credentials). */
  subject: string
  /** The organization that the request is for, and that pays. */
  organizationId: string | undefined
  /** Of personal and legacy tokens: every organization reached. */
  memberships: ReadonlyMap<string, MembershipRecord> | undefined
  clientId: string | undefined
  tier: Tier | undefined
  environment: string
  scopes: readonly string[]
  /** Unix milliseconds. */
  issuedAt: number
  /** Unix milliseconds. */
  expiresAt: number | undefined
  /** Of the DPoP key that it is bound to. */
  thumbprint: string | undefined
  name: string | undefined
  /** Of exchanged tokens: what they were made from. */
  derivedFrom: { kind: CredentialKind; id: string } | undefined
  /** What a person allowed the client: its id and its end, Unix milliseconds. */
  grant: { id: string; expiresAt: number } | undefined
  /** The person behind a personal, legacy or delegated token. */
  userId: string | undefined
  /** A personal or legacy token that reaches whatever its owner joins; not one exchanged from it. */
  everywhere: boolean
  operator: boolean
  /** APIs that the credential is held to; undefined: all. */
  apis: readonly string[] | undefined
  /** Where a key, and what is exchanged from it, may be used from; undefined: anywhere. */
  networks: readonly Network[] | undefined
  /** Limits that it meets here. */
  limits: readonly AppliedLimit[]
}

/** The checks in their order; a refusal names the one that failed, so that those before it are known to have passed. */
export const checks = [
  'format',
  'look-up',
  'signature',
  'expiry',
  'status',
  'proof',
  'environment',
  'api',
  'network',
  'organization',
  'scope',
  'limit',
] as const

export type Check = (typeof checks)[number]

interface Reason {
  check: Check
  /** For operators and the log; never the credential. */
  detail: string
}

/** Whose credential was judged, where it is genuine: by this, use is counted. Callers are never told. */
export interface Attribution {
  /** The organization that it is of or for, else the person; '': nobody's. */
  ownerId: string
  kind: CredentialKind
  /** The key, token or client; of a token that was made from one, that one. */
  credentialId: string
  environment: string
}

export type Decision =
  | {
      valid: true
      code: 'valid'
      principal: Principal
      limits: readonly LimitState[]
      /** For the caller's next DPoP proof (RFC 9449 §8.2). */
      nonce?: string
    }
  | {
      valid: false
      code: Code
      reason: Reason
      /** Known once the credential is genuine; limits are told then. */
      principal?: Principal
      /** Where there is no principal, and the credential is genuine all the same: expired, revoked, or not for this API. */
      of?: Attribution
      limits: readonly LimitState[]
      refused?: LimitState
      /** Scopes that were missing, on `insufficient_scope`. */
      missing?: readonly string[]
      /** What is wrong with the DPoP proof, where its own fault has a name (RFC 9449 §7.1, §9). */
      proofError?: ProofError
      /** As above, and the one that `use_dpop_nonce` asks for. */
      nonce?: string
    }

/** Where a request comes from and what it asks for, as far as whoever asks for the judgement knows. */
export interface CallerFacts {
  /** An IPv4 or IPv6 address without zone; IPv4 in its own form. */
  readonly ip?: string | undefined
  /** As it was sent, of whatever length. */
  readonly userAgent?: string | undefined
  readonly method?: string | undefined
  /** Without the query. */
  readonly path?: string | undefined
  readonly requestId?: string | undefined
}

export interface Judgement {
  credential: string
  caller?: CallerFacts | undefined
  /** Scopes that the request needs. */
  scopes?: readonly string[]
  organizationId?: string | undefined
  /** Units that the request costs, 1 to 1,000,000. Default 1. */
  cost?: number
  /** How the request proves the key that the token is bound to (RFC 9449 §7.1); undefined: it came as a bearer token. */
  proof?: ShownProof | undefined
  /** In the place of `proof`: the RFC 7638 thumbprint of the key that it has proven already. */
  thumbprint?: string | undefined
  /** Touches no counter and no last-used time, and uses up no proof. */
  dryRun?: boolean
  /**
   * Tells what a credential is, to somebody who does not bring a request of its holder (RFC 7662): a bound token is judged without its
   * proof, and limits are not asked. Together with `dryRun`.
   */
  introspected?: boolean
  /** Judges a credential of this kind that is to be exchanged for a token of the API (RFC 8693): the API need not accept the kind, and no limit is met. */
  exchange?: CredentialKind
}
