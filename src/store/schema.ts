// The tables. Times are Unix milliseconds, flags 0 or 1, lists JSON text; scopes are space-separated (RFC 6749 §3.3).
// `Schema` changes only when somebody changes something, and lies in the main file; `ActivitySchema` (activity-schema.ts) changes all
// the time and lies in a second file, so that "has anything been changed?" stays a cheap and exact question.
import type { Generated } from 'kysely'
import type { CredentialKind } from '../profiles/profile.ts'

export type Tier = 'free' | 'pro' | 'enterprise'
export type Role = 'owner' | 'admin' | 'member' | 'viewer'
/** Kinds that are kept as rows; JWT and CWT are not. */
export type StoredKind = Extract<CredentialKind, 'api_key' | 'personal_access_token' | 'legacy_token'>

export interface Schema {
  settings: { name: string; value: string }
  users: {
    id: string
    /** Lower case. */
    email: string
    name: string
    operator: number
    /** argon2id, PHC string; null: no password set. */
    password_hash: string | null
    suspended_at: number | null
    created_at: number
    /** When somebody who reads the mail of `email` has shown it; null: nobody has. */
    email_verified_at: Generated<number | null>
  }
  organizations: { id: string; name: string; tier: Tier; suspended_at: number | null; created_at: number }
  members: { organization_id: string; user_id: string; role: Role; created_at: number }
  credentials: {
    id: string
    kind: StoredKind
    /** Hex SHA-256 of the value; of legacy tokens HMAC-SHA-256(secret, SHA-256(value)). */
    hash: string
    /** What lists show of the value: its prefix and last four characters. */
    hint: string
    name: string
    /** Author of an API key (may be gone), owner of a token. */
    user_id: string
    /** Owner of an API key; of a legacy token the one it is held to, null: all of its owner's. */
    organization_id: string | null
    /** Personal access tokens: reaches every organization of its owner. */
    all_organizations: number
    environment: string
    /** null: whatever the API's own scopes cover. */
    scopes: string | null
    /** JSON list of API names; null: all. */
    apis: string | null
    /** The key that this one was first rotated from, else itself: they share one limit. */
    lineage_id: string
    /** The key that this one replaced. */
    replaces: string | null
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    /** JSON list of addresses and CIDRs that it may be used from; null: from anywhere. */
    networks: string | null
    /** The legacy token whose place a personal access token takes; it may be gone. */
    succeeds: string | null
  }
  credential_organizations: { credential_id: string; organization_id: string }
  clients: {
    /** UUIDv7; the URL of a client id metadata document; or `latchkey-cli`. */
    id: string
    /** null: it registered itself, or is built in. */
    organization_id: string | null
    name: string
    public: number
    pkce: 'required' | 'optional'
    /** JSON list. */
    redirect_uris: string
    /** null: whatever its APIs' own scopes cover. */
    scopes: string | null
    /** JSON list of grant types. */
    grants: string
    environment: string
    /** JSON list of API names; null: all. */
    apis: string | null
    created_by: string | null
    created_at: number
    /** JWK Set, or its address: proves itself by these keys (private_key_jwt, RFC 7523) and has no secret. */
    jwks: string | null
    jwks_uri: string | null
    /** Gets DPoP-bound tokens alone (RFC 9449 §5.2). */
    dpop_bound: number
    /** Must push its authorization requests (RFC 9126 §6). */
    par_required: number
    subject_type: 'public' | 'pairwise'
    /** JSON list (OpenID Connect RP-Initiated Logout §3.1). */
    post_logout_redirect_uris: string
    /** Its home page: consent names its host. */
    uri: string | null
    /** By whom it came: people, itself (RFC 7591), its metadata document, or this program. */
    registration: 'managed' | 'dynamic' | 'document' | 'built_in'
    /** SHA-256 of the registration access token (RFC 7592). */
    registration_hash: string | null
    /** Of a metadata document: read it anew from then on. */
    stale_at: number | null
  }
  client_secrets: {
    id: string
    client_id: string
    hash: string
    hint: string
    created_at: number
    expires_at: number | null
  }
  signing_keys: {
    /** The `kid`. */
    id: string
    algorithm: 'ES256' | 'RS256' | 'EdDSA' | 'HS256'
    /** The API of an HS256 secret. */
    api: string | null
    /** JSON; null for a secret. */
    public_jwk: string | null
    /** PKCS #8 DER or the secret's bytes, sealed by SecretBox. */
    sealed: string
    created_at: number
    /** Set by rotation: signs no more. */
    retired_at: number | null
    /** Set by rotation: verifies until then. */
    expires_at: number | null
  }
  links: {
    hash: string
    kind: 'setup' | 'user'
    user_id: string | null
    created_at: number
    expires_at: number
    used_at: number | null
  }
  /** People signed in in a browser. */
  sessions: {
    id: string
    /** Hex SHA-256 of the cookie's value. */
    hash: string
    user_id: string
    created_at: number
    /** When a credential was last proven: `auth_time`. */
    authenticated_at: number
    expires_at: number
    ip: string | null
    user_agent: string | null
    /** How the person was known: authentication method references (RFC 8176), space-separated. */
    methods: Generated<string>
    /** It ends when it is not used for so long, milliseconds. */
    idle_ms: Generated<number>
  }
  /** Time-based one-time passwords (RFC 6238). */
  totp: {
    user_id: string
    /** The shared secret, sealed by SecretBox. */
    sealed: string
    created_at: number
    /** The last time step that was taken: none is taken twice. */
    last_step: number
  }
  /** Each stands in once for a second factor. Hex HMAC. */
  recovery_codes: { hash: string; user_id: string; created_at: number; used_at: number | null }
  /** Web Authentication credentials. */
  passkeys: {
    id: string
    user_id: string
    /** base64url, as the authenticator names it. */
    credential_id: string
    /** COSE_Key, base64url. */
    public_key: string
    sign_count: number
    /** JSON list. */
    transports: string
    name: string
    backed_up: number
    created_at: number
    last_used_at: number | null
  }
  /** Whoever has the address and the link of one joins the organization, or, without one, this deployment. */
  invitations: {
    id: string
    organization_id: string | null
    email: string
    /** In the organization; null without one. */
    role: Role | null
    /** Hex SHA-256 of the link's token. */
    hash: string
    /** `user`, by whose present right it stands; else the kind of actor, whose it was. */
    inviter_kind: string
    inviter_id: string
    created_at: number
    /** When the present link was made. */
    sent_at: number
    expires_at: number
    accepted_at: number | null
    withdrawn_at: number | null
  }
  /** The address that somebody has asked to have confirmed last; `standing`: how the account stood then. */
  address_requests: { user_id: string; email: string; standing: string; expires_at: number }
  /** Accounts elsewhere that people sign in by (OpenID Connect). */
  identities: { id: string; user_id: string; issuer: string; subject: string; email: string | null; created_at: number }
  webhooks: {
    id: string
    organization_id: string
    url: string
    /** The signing secret, sealed by SecretBox. */
    sealed: string
    /** The one before it, which signs too until then. */
    former_sealed: string | null
    former_until: number | null
    /** JSON list of alert kinds; null: all. */
    events: string | null
    created_by: string | null
    created_at: number
    disabled_at: number | null
    disabled_why: 'person' | 'failing' | 'gone' | null
  }
  /** JSON. */
  alert_settings: { organization_id: string; settings: string }
  /** What a person has allowed a client before, so that it need not be asked again. */
  consents: {
    id: string
    user_id: string
    client_id: string
    organization_id: string | null
    api: string
    scopes: string
    created_at: number
  }
  /** What a person allows a client at one API, once: what a code, refresh tokens and access tokens stand on. */
  grants: {
    id: string
    client_id: string
    user_id: string
    /** The organization that the tokens are for; null: none, or all. */
    organization_id: string | null
    all_organizations: number
    api: string
    scopes: string
    authenticated_at: number
    /** As of the session that allowed it. */
    methods: Generated<string>
    /** Thumbprint of the DPoP key that its refresh tokens are bound to: of public clients (RFC 9449 §5). */
    jkt: string | null
    created_at: number
    /** Nothing of it works after that. */
    expires_at: number
    revoked_at: number | null
  }
  /** Authorization codes (RFC 6749 §4.1.2). */
  codes: {
    hash: string
    grant_id: string
    /** As the authorization request named it; null: it named none. */
    redirect_uri: string | null
    /** S256 (RFC 7636 §4.2). */
    code_challenge: string | null
    nonce: string | null
    /** `dpop_jkt` (RFC 9449 §10). */
    jkt: string | null
    created_at: number
    expires_at: number
    redeemed_at: number | null
  }
  refresh_tokens: {
    hash: string
    grant_id: string
    created_at: number
    expires_at: number
    /** When its successor was made, and by proof of which DPoP key. */
    rotated_at: number | null
    rotated_jkt: string | null
  }
  /** RFC 8628 §3.2. One that has given its tokens is gone. */
  device_codes: {
    hash: string
    /** HMAC: what a person types is short enough to be tried. */
    user_code_hash: string
    client_id: string
    api: string
    scopes: string
    /** Thumbprint of the DPoP key that asked for it. */
    jkt: string | null
    /** Where it was asked for. */
    ip: string | null
    created_at: number
    expires_at: number
    denied_at: number | null
    /** What the person allowed. */
    grant_id: string | null
  }
  /** Access tokens revoked by themselves (RFC 7009), by `jti` or `cti`. */
  revoked_tokens: { id: string; expires_at: number }
  audit: {
    /** UUIDv7, so that order by id is order by time. */
    id: string
    at: number
    actor_kind: string
    actor_id: string
    action: string
    target_kind: string
    target_id: string
    organization_id: string | null
    ip: string | null
    request_id: string | null
    /** JSON object; never a secret. */
    detail: string | null
    /** The person who acted, by whatever credential. */
    user_id: Generated<string | null>
  }
}
