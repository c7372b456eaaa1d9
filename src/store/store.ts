// The store's contract. sqlite.ts and postgres.ts fulfil it; test/store/conformance.ts holds both to it.
import type { Kysely, Transaction } from 'kysely'
import type { MaybePromise } from './maybe-promise.ts'
import type { ActivitySchema } from './activity-schema.ts'
import type { Role, Schema, StoredKind, Tier } from './schema.ts'

export interface OrganizationRecord {
  id: string
  tier: Tier
  suspended: boolean
}

/** An organization that a user reaches, and as what. Suspended organizations are left out. */
export interface MembershipRecord {
  organizationId: string
  role: Role
  tier: Tier
}

/** All that judging a stored credential needs, as of now: one look-up. */
export interface CredentialRecord {
  id: string
  kind: StoredKind
  name: string
  environment: string
  scopes: readonly string[] | null
  apis: readonly string[] | null
  /** Addresses and CIDRs that it may be used from; null: from anywhere. */
  networks: readonly string[] | null
  lineageId: string
  createdAt: number
  expiresAt: number | null
  revoked: boolean
  userId: string
  /** Of tokens: whether the owner exists and is not suspended. API keys outlive their author: always true. */
  userActive: boolean
  /** Whether the owner is an operator; false for API keys. */
  operator: boolean
  /** The owner of an API key; null for tokens. */
  organization: OrganizationRecord | null
  /** Of tokens: the owner's present memberships, as far as the token reaches, by organization id. */
  memberships: ReadonlyMap<string, MembershipRecord>
  /** Of tokens: reaches whatever its owner joins. */
  allOrganizations: boolean
}

export interface ClientRecord {
  id: string
  name: string
  registration: Schema['clients']['registration']
  public: boolean
  pkce: 'required' | 'optional'
  redirectUris: readonly string[]
  scopes: readonly string[] | null
  grants: readonly string[]
  environment: string
  apis: readonly string[] | null
  /** null: it belongs to nobody here, and can act for people alone. */
  organization: OrganizationRecord | null
  /** A JWK Set as JSON, or its address: the client proves itself by these keys alone. */
  jwks: string | null
  jwksUri: string | null
  dpopBound: boolean
  parRequired: boolean
  subjectType: 'public' | 'pairwise'
  postLogoutRedirectUris: readonly string[]
  uri: string | null
  /** Of a metadata document, Unix milliseconds. */
  staleAt: number | null
  /** Hex SHA-256 of each secret that may still be used, with its end. */
  secrets: readonly { hash: string; expiresAt: number | null }[]
}

/** What a person allowed a client, as of now, with the person's present standing. */
export interface GrantRecord {
  id: string
  clientId: string
  userId: string
  /** Whether the person is not suspended. */
  userActive: boolean
  operator: boolean
  organizationId: string | null
  allOrganizations: boolean
  /** The person's present memberships, as far as the grant reaches, by organization id. */
  memberships: ReadonlyMap<string, MembershipRecord>
  api: string
  scopes: readonly string[]
  revoked: boolean
  /** Unix milliseconds. */
  expiresAt: number
}

export interface SigningKeyRecord {
  id: string
  algorithm: 'ES256' | 'RS256' | 'EdDSA' | 'HS256'
  api: string | null
  publicJwk: string | null
  sealed: string
  createdAt: number
  retiredAt: number | null
  expiresAt: number | null
}

/**
 * What the hot path reads. Every answer is as new as the last commit of any process on the store: at the moment of the call,
 * or, on SQLite, at the first call of the same run of JavaScript (once-a-run.ts says why no request can tell).
 * Returned records may be shared between calls: they are never changed.
 */
export interface Lookups {
  /** A number that differs once any process has committed a change; undefined where asking costs as much as looking up. */
  version(): number | undefined
  credentialByHash(hash: string): MaybePromise<CredentialRecord | undefined>
  /** The same, if it was found before and nothing has changed since: never asks the database for it. */
  keptByHash(hash: string): CredentialRecord | undefined
  credentialById(id: string): MaybePromise<CredentialRecord | undefined>
  clientById(id: string): MaybePromise<ClientRecord | undefined>
  grantById(id: string): MaybePromise<GrantRecord | undefined>
  /** Whether the access token of this `jti` or `cti` was revoked by itself. Ask of genuine tokens only: answers are kept. */
  isTokenRevoked(id: string): MaybePromise<boolean>
  /** Keys that sign or still verify at `now`; the same array as long as nothing has changed. */
  signingKeys(): MaybePromise<readonly SigningKeyRecord[]>
  /** How often the database has been asked for a credential by its hash. */
  asked(): number
}

export interface Take {
  counter: string
  /** Window length in milliseconds, or the calendar month that `now` lies in (UTC). */
  period: number | 'month'
  /** Units in the whole period. */
  limit: number
  /** Units that must be had, or nothing is taken. */
  needed: number
  /** Units wanted in all; at least `needed`. */
  wanted: number
}

export interface Taken {
  /** Units taken now: 0, or at least `needed`. */
  granted: number
  /** Units that all processes have taken in this period, these included. */
  taken: number
  /** Unix milliseconds; a period that has not begun would begin at `now`. */
  periodStart: number
  periodEnd: number
}

/** Shared counts of units per period, from which processes take slices ahead of spending. */
export interface Counters {
  /**
   * Takes a slice, all or nothing; what this store took before of the same counter counts as spent.
   * Beyond `needed`, what all processes hold of one counter stays under a fifth of the limit.
   * What was taken survives the process's death, of a month also power loss.
   */
  take(take: Take, now: number): MaybePromise<Taken>
  /** What `take` would see; takes nothing. */
  peek(take: Pick<Take, 'counter' | 'period'>, now: number): MaybePromise<Taken>
  /** Gives unspent units of the period that began at `periodStart` back; ignored if that period is over. Not to be repeated after a fault: it may have been done. */
  giveBack(entries: readonly { counter: string; periodStart: number; amount: number }[]): MaybePromise<void>
  /** Every counter of the ids that start with `prefix`, in its present period. */
  list(
    prefix: string,
    now: number,
  ): Promise<readonly { counter: string; taken: number; periodStart: number; periodEnd: number }[]>
}

export interface Store {
  readonly kind: 'sqlite' | 'postgres'
  /** Management reads. Writes go through `transaction`. */
  readonly db: Kysely<Schema>
  /** Both at once, to read what is asked of them together; it cannot write. */
  readonly reading: Kysely<Schema & ActivitySchema>
  /**
   * Tables that change all the time; the same database as `db` on Postgres. Single statements only: on SQLite a transaction
   * that gives way would hold up `counters`, which do not.
   */
  readonly activity: Kysely<ActivitySchema>
  /** The same tables, for what may be lost with the power: on SQLite a write waits for no disk. A later write by `activity` makes it safe too. */
  readonly notes: Kysely<ActivitySchema>
  readonly lookups: Lookups
  readonly counters: Counters
  /** Serialised against every other transaction of any process, durable once it resolves; may run `work` again after a conflict. */
  transaction<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
  /** Records last uses by credential id; never moves one back. */
  recordLastUse(uses: ReadonlyMap<string, number>): Promise<void>
  /** Throws when the store cannot be read. */
  ping(): Promise<void>
  close(): Promise<void>
}
