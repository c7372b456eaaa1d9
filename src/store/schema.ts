// The tables. Times are Unix milliseconds, flags 0 or 1, lists JSON text; scopes are space-separated (RFC 6749 §3.3).
// `Schema` changes only when somebody changes something, and lies in the main file; `ActivitySchema` changes all the
// time and lies in a second file, so that "has anything been changed?" stays a cheap and exact question.
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
  }
  credential_organizations: { credential_id: string; organization_id: string }
  clients: {
    id: string
    organization_id: string
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
  }
}

export interface ActivitySchema {
  counters: { id: string; period_start: number; period_end: number; taken: number }
  /** What each process holds of a counter's present period. */
  slices: { counter_id: string; holder: string; amount: number; taken_at: number }
  last_used: { credential_id: string; last_used_at: number }
}
