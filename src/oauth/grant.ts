// What the token endpoint and its grants say to each other (RFC 6749 §4, §5). Each file in grants/ makes one `Grant`.
import type { BlockList } from 'node:net'
import type { Logger } from 'pino'
import type { DocumentClients } from '../clients/documents.ts'
import type { KeySets } from '../clients/key-sets.ts'
import type { Api, Config } from '../config/config.ts'
import type { SecretBox } from '../secret-box.ts'
import type { ClientRecord, Store } from '../store/store.ts'
import type { Mint, MintedToken } from '../tokens/mint.ts'
import type { TokenReader } from '../tokens/read-token.ts'
import type { SharedMemory } from '../threads/memory.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { CallerFacts } from '../verify/decision.ts'
import type { Proofs } from '../verify/proofs.ts'
import type { LastUse } from '../verify/last-use.ts'
import type { Verifier } from '../verify/verify.ts'

export interface OAuthDeps {
  config: Config
  store: Store
  verifier: Verifier
  proofs: Proofs
  mint: Mint
  keys: SigningKeys
  /** undefined: clients are not known by documents here. */
  documents: DocumentClients | undefined
  /** Of clients. */
  keySets: KeySets
  tokens: TokenReader
  box: SecretBox
  log: Logger
  /** Of sessions. */
  lastUse: Pick<LastUse, 'touch'>
  /** What the threads of the server have in common. */
  memory: SharedMemory
  proxies: BlockList
  /** Unix milliseconds. */
  now: () => number
}

/** Kinds of token that the endpoint makes. */
export type IssuedKind = 'oauth_token' | 'jwt' | 'cwt'

export interface GrantRequest {
  /** Undefined only where the grant goes without a client. */
  client: ClientRecord | undefined
  /** Those named in `Grant.parameters`, and no empty ones. */
  parameters: ReadonlyMap<string, string>
  /** RFC 7638 thumbprint of the key that the request proves by DPoP (RFC 9449 §5); undefined: it proves none. */
  thumbprint: string | undefined
  caller: CallerFacts
}

/** What phase 5 binds every token to, whatever the grant. */
export interface Binding {
  thumbprint: string | undefined
}

/** A token, and the members that the answer has besides those of RFC 6749 §5.1: `refresh_token`, `id_token`, `issued_token_type`. */
type Granted = MintedToken & { members?: Readonly<Record<string, string>> }

/** What an authorization allows at one API. */
interface Allowed {
  /** At most these scopes. */
  scopes: readonly string[]
  /** Where its tokens belong. */
  environment: string
  /** Makes what was granted, and uses up what it was granted for, such as a code. Throws OAuthError where somebody was first. */
  mint(scopes: readonly string[], binding: Binding): Promise<Granted>
}

/** What was granted, before it is known for which API. */
export interface Authorization {
  /** Kinds of token that it may become, the preferred one first. */
  kinds: readonly IssuedKind[]
  /** The one API that was granted, where the grant says which; a request may name it again, and no other (RFC 8707 §2.2). */
  api?: Api
  /** By a person's leave: scopes about the person count too, and the answer always says which were granted. */
  delegated?: boolean
  /** Throws OAuthError where it allows nothing there. `kind`: the first of `kinds` that the API accepts. */
  at(api: Api, kind: IssuedKind): Promise<Allowed>
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
