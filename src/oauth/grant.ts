// What the token endpoint and its grants say to each other (RFC 6749 §4, §5). Each file in grants/ makes one `Grant`.
import type { Api, Config } from '../config/config.ts'
import type { ClientRecord, Store } from '../store/store.ts'
import type { Mint, MintedToken } from '../tokens/mint.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Verifier } from '../verify/verify.ts'

export interface OAuthDeps {
  config: Config
  store: Store
  verifier: Verifier
  mint: Mint
  keys: SigningKeys
  /** Unix milliseconds. */
  now: () => number
}

/** Kinds of token that the endpoint makes. */
export type IssuedKind = 'oauth_token' | 'jwt' | 'cwt'

interface GrantRequest {
  /** Undefined only where the grant goes without a client. */
  client: ClientRecord | undefined
  /** Those named in `Grant.parameters`, and no empty ones. */
  parameters: ReadonlyMap<string, string>
}

/** What an authorization allows at one API. */
interface Allowed {
  /** At most these scopes. */
  scopes: readonly string[]
  /** Where its tokens belong. */
  environment: string
  mint(scopes: readonly string[]): Promise<MintedToken>
}

/** What was granted, before it is known for which API. */
interface Authorization {
  /** Kinds of token that it may become, the preferred one first. */
  kinds: readonly IssuedKind[]
  /** Throws OAuthError where it allows nothing there. `kind`: the first of `kinds` that the API accepts. */
  at(api: Api, kind: IssuedKind): Promise<Allowed>
  /** Members that the answer has besides those of RFC 6749 §5.1. */
  members?(kind: IssuedKind): Record<string, string>
}

export interface Grant {
  /** Value of `grant_type`. */
  grantType: string
  /** Whether a client must be authenticated; where it need not, one that is sent must be right all the same. */
  needsClient: boolean
  /** Parameters that it reads besides those of every grant. */
  parameters: readonly string[]
  /** Whether `audience` too may name the API (RFC 8693 §2.1). */
  takesAudience: boolean
  /** Decides whether the grant is good. Throws OAuthError. */
  handle(deps: OAuthDeps, request: GrantRequest): Promise<Authorization>
}
