// What a `latchkey.config.ts` may hold: `export default { … } satisfies LatchkeyConfig`. Every field is optional.
import type {
  CredentialKind,
  ErrorFormat,
  LimitPolicy,
  Presentation,
  Profile,
  TokenFormat,
} from '../profiles/profile.ts'

export type {
  CredentialKind,
  ErrorFacts,
  ErrorFormat,
  LimitPolicy,
  Presentation,
  Profile,
  TokenFormat,
} from '../profiles/profile.ts'

export interface LatchkeyConfig {
  /** The APIs that Latchkey protects, by name (lower-case letters, digits, hyphens). Without any: one named `default`, an echo at `/echo`. */
  apis?: Record<string, ApiConfig>
  /** Profiles of your own, by name. */
  profiles?: Record<string, ProfileConfig>
  /** The API meant where a request names none. Default: the only one there is. */
  defaultApi?: string
  /** Names of environments; the first is the one of unmarked keys. Default `['live', 'test']`. */
  environments?: string[]
  /** What API keys start with, before the `_`. Default `sk`. */
  keyPrefix?: string
  /** Former prefixes, still accepted. */
  formerKeyPrefixes?: string[]
  /** Hosts, besides the issuer's, that carry the dashboard and the management API. */
  dashboardHosts?: string[]
  signingKeys?: {
    /** A new key of each algorithm after so many days; 0 is never. Default 90. */
    rotateAfterDays?: number
  }
  oauth?: {
    /** Who may register clients by themselves (RFC 7591): nobody, whoever holds a token for it, or anybody. Default `off`. */
    registration?: 'off' | 'token' | 'open'
    /** Whether a client may be known by the https URL of its metadata document, which is then fetched. Default false. */
    clientMetadataDocuments?: boolean
    refreshTokens?: {
      /** An unused one ends after so many days. Default 30. */
      idleDays?: number
      /** What a person has allowed ends after so many days, however much it is used. Default 365. */
      absoluteDays?: number
    }
  }
  /** What happens when a credential turns up where others can read it. */
  leaks?: {
    /** Lets GitHub's secret scanning report what it finds, at `/api/v1/leaks/github`. Off unless this is there. */
    github?: {
      /** Where its public keys are. Default: GitHub's own address. */
      keysUrl?: string
      /** The keys themselves, by identifier, as PEM: nothing is fetched. */
      keys?: Record<string, string>
    }
    /** By environment. Default: `notify` in the first, `revoke` in the others. */
    policy?: Record<string, 'notify' | 'revoke'>
  }
  /** Messages to people. The mail server is `LATCHKEY_SMTP_URL`, in the environment. */
  mail?: {
    /** The sender, such as `Latchkey <latchkey@example.com>`. Needed where there is a mail server. */
    from?: string
  }
  signIn?: {
    /** Who may make an account: those who are invited, or whoever proves an e-mail address. Default `invitation`. */
    signUp?: 'invitation' | 'open'
    /** Issuers elsewhere that people sign in by (OpenID Connect). */
    upstream?: {
      /** In addresses: lower-case letters, digits, hyphens. */
      name: string
      /** What people read on the button. Default: the name. */
      label?: string
      /** As it calls itself in its discovery document. */
      issuer: string
      clientId: string
      /** The environment variable that holds the client secret. None: a public client. */
      clientSecretVariable?: string
      /** Default `openid`, `email` and `profile`. */
      scopes?: string[]
      /** Whoever comes from there needs no second factor here. Default false. */
      trustsSecondFactor?: boolean
      /** Whoever comes from there with a verified address gets an account, whatever `signUp` says. Default false. */
      createsAccounts?: boolean
    }[]
    sessions?: {
      /** Somebody who has not been here for so many days signs in again. Default 14. */
      idleDays?: number
      /** So does everybody after so many days. Default 30. */
      absoluteDays?: number
    }
  }
  log?: {
    /** Default `info`. */
    level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
    /** Which requests get a line: `all`, `refused` (status 400 and above), or `none`. Default `refused`. */
    requests?: 'all' | 'refused' | 'none'
  }
}

export interface ApiConfig {
  /** A profile's name, or one written here. Default `default`. */
  profile?: string | ProfileConfig
  /** Host names that carry the API, without port. None: it is reached through verify and forward-auth only. */
  hosts?: string[]
  /** Path under those hosts; the longest match wins. Default `/`. */
  path?: string
  /** Hosts that carry the token, revoke and introspect endpoints with this API as their default audience. */
  authorizationHosts?: string[]
  /** The resource identifier, `aud` of its tokens (RFC 8707). Default: the URL of its first host and path. */
  audience?: string
  /** URL of a page for developers, told to clients that discover the API (RFC 9728). */
  documentation?: string
  /**
   * Where requests go: a URL, `'echo'` (answers what an upstream would get), `'management'` (Latchkey's own API under
   * this API's profile), or one of them for each environment. A single one serves the first environment only.
   */
  upstream?: string | Record<string, string>
  /** Environments accepted by verify and forward-auth. Default: those with an upstream, or the first. */
  environments?: string[]
  /** The API's scopes, each with the words a person reads. Default `read` and `write`. */
  scopes?: Record<string, string>
  /** Scopes that requests need; every entry that matches a request counts. */
  requiredScopes?: { methods?: string[]; path?: string; scopes: string[] }[]
  /** Where a request names the organization it is for: a path with one `:organization` segment, a header, or a query parameter. */
  organization?: { path?: string; header?: string; query?: string }
  /** Scopes of a personal or legacy token by the role of its owner. Default: `viewer` has those named `read` or `…:read` or `read:…`, the others all. */
  roleScopes?: Partial<Record<'viewer' | 'member' | 'admin' | 'owner', string[]>>
  /** Overrides of the profile. */
  accepts?: CredentialKind[]
  presentation?: Presentation
  token?: Partial<TokenFormat>
  limits?: LimitPolicy[]
  /** Required where legacy tokens are accepted: dates (RFC 3339 or bare) and a page about the change, sent with every answer to one. */
  legacyTokens?: { deprecatedAt: string; sunsetAt: string; link: string }
  /** Cross-origin callers; none by default. Origins are exact, or `'*'` where no credentials of the browser are used. */
  cors?: { origins: string[]; methods?: string[]; headers?: string[]; exposeHeaders?: string[]; maxAgeSeconds?: number }
  timeouts?: {
    /** To open a connection to the upstream. Default 5. */
    connectSeconds?: number
    /** From the request sent to the first byte of the answer. Default 60. */
    responseSeconds?: number
  }
  /** What the upstream learns of the caller: headers, or a signed JWT of 60 s in `X-Latchkey-Token`. Default `headers`. */
  identity?: 'headers' | 'jwt'
  /** Passes the caller's credential on to the upstream. Default false. */
  forwardCredential?: boolean
  /**
   * Gives its access tokens a place in a status list, so that whoever verifies them without asking Latchkey learns within a minute
   * what was revoked. Each token costs a durable write. Default false.
   */
  statusList?: boolean
}

export interface ProfileConfig extends Partial<Omit<Profile, 'name' | 'token' | 'errors' | 'presentation'>> {
  /** The profile that fills what is left out. Default `default`. */
  extends?: string
  presentation?: Presentation
  token?: Partial<TokenFormat>
  errors?: Partial<ErrorFormat>
}
