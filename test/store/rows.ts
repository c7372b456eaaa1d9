// Rows for tests of the store, each with what a test does not care about filled in.
import type { Insertable, Selectable } from 'kysely'
import type { Role, Schema, Tier } from '../../src/store/schema.ts'
import { managed } from '../../src/clients/client.ts'
import type { Store } from '../../src/store/store.ts'

export const at = Date.UTC(2026, 10, 22, 12)

let sequence = 0
/** Ids in rising order, of the length of a UUID. */
export const newId = (): string => `00000000-0000-7000-8000-${String(++sequence).padStart(12, '0')}`

const insert = async <Table extends keyof Schema>(
  store: Store,
  table: Table,
  row: Insertable<Schema[Table]>,
): Promise<void> => {
  await store.transaction((trx) =>
    trx
      .insertInto(table)
      .values(row as never)
      .execute(),
  )
}

export const addUser = async (store: Store, given: Partial<Selectable<Schema['users']>> = {}): Promise<string> => {
  const id = newId()
  await insert(store, 'users', {
    id,
    email: `${id}@example.com`,
    name: 'Ada',
    operator: 0,
    password_hash: null,
    suspended_at: null,
    created_at: at,
    ...given,
  })
  return id
}

export const addOrganization = async (store: Store, tier: Tier = 'free'): Promise<string> => {
  const id = newId()
  await insert(store, 'organizations', { id, name: 'Acme', tier, suspended_at: null, created_at: at })
  return id
}

export const addMember = (
  store: Store,
  organization_id: string,
  user_id: string,
  role: Role = 'member',
): Promise<void> => insert(store, 'members', { organization_id, user_id, role, created_at: at })

export const addCredential = async (
  store: Store,
  given: Partial<Selectable<Schema['credentials']>> = {},
): Promise<{ id: string; hash: string }> => {
  const id = newId()
  const row: Schema['credentials'] = {
    id,
    kind: 'api_key',
    hash: `hash-${id}`,
    hint: 'sk_…abcd',
    name: 'A key',
    user_id: 'somebody',
    organization_id: null,
    all_organizations: 0,
    environment: 'live',
    scopes: null,
    apis: null,
    lineage_id: id,
    replaces: null,
    created_at: at,
    expires_at: null,
    revoked_at: null,
    networks: null,
    succeeds: null,
    ...given,
  }
  await insert(store, 'credentials', row)
  return { id: row.id, hash: row.hash }
}

export const chooseOrganization = (store: Store, credential_id: string, organization_id: string): Promise<void> =>
  insert(store, 'credential_organizations', { credential_id, organization_id })

export const addClient = async (
  store: Store,
  organization_id: string | null,
  given: Partial<Selectable<Schema['clients']>> = {},
): Promise<string> => {
  const id = newId()
  await insert(store, 'clients', {
    id,
    organization_id,
    name: 'A client',
    public: 0,
    pkce: 'required',
    redirect_uris: '[]',
    scopes: null,
    grants: '["client_credentials"]',
    environment: 'live',
    apis: null,
    created_by: null,
    created_at: at,
    jwks: null,
    jwks_uri: null,
    dpop_bound: 0,
    par_required: 0,
    subject_type: 'public',
    post_logout_redirect_uris: '[]',
    uri: null,
    ...managed,
    ...given,
  })
  return id
}

export const addClientSecret = async (
  store: Store,
  client_id: string,
  hash: string,
  expires_at: number | null = null,
): Promise<string> => {
  const id = newId()
  await insert(store, 'client_secrets', { id, client_id, hash, hint: 'cs_…', created_at: at, expires_at })
  return id
}

export const addSigningKey = async (
  store: Store,
  given: Partial<Selectable<Schema['signing_keys']>> = {},
): Promise<string> => {
  const id = newId()
  await insert(store, 'signing_keys', {
    id,
    algorithm: 'ES256',
    api: null,
    public_jwk: '{}',
    sealed: 'v1.x',
    created_at: at,
    retired_at: null,
    expires_at: null,
    ...given,
  })
  return id
}

export const addLink = async (store: Store, given: Partial<Selectable<Schema['links']>> = {}): Promise<string> => {
  const hash = newId()
  await insert(store, 'links', {
    hash,
    kind: 'setup',
    user_id: null,
    created_at: at,
    expires_at: at,
    used_at: null,
    ...given,
  })
  return hash
}

export const addSession = async (
  store: Store,
  user_id: string,
  given: Partial<Selectable<Schema['sessions']>> = {},
): Promise<string> => {
  const id = newId()
  await insert(store, 'sessions', {
    id,
    hash: `hash-${id}`,
    user_id,
    created_at: at,
    authenticated_at: at,
    expires_at: at + 1,
    ip: null,
    user_agent: null,
    ...given,
  })
  return id
}

export const addPasskey = async (
  store: Store,
  user_id: string,
  given: Partial<Selectable<Schema['passkeys']>> = {},
): Promise<string> => {
  const id = newId()
  await insert(store, 'passkeys', {
    id,
    user_id,
    credential_id: Buffer.from(id).toString('base64url'),
    public_key: 'AA',
    sign_count: 0,
    transports: '[]',
    name: 'Passkey',
    backed_up: 0,
    created_at: at,
    last_used_at: null,
    ...given,
  })
  return id
}

export const addGrant = async (
  store: Store,
  client_id: string,
  user_id: string,
  given: Partial<Selectable<Schema['grants']>> = {},
): Promise<string> => {
  const id = newId()
  await insert(store, 'grants', {
    id,
    client_id,
    user_id,
    organization_id: null,
    all_organizations: 1,
    api: 'multi',
    scopes: 'read',
    authenticated_at: at,
    jkt: null,
    created_at: at,
    expires_at: at + 1,
    revoked_at: null,
    ...given,
  })
  return id
}

export const addRefreshToken = async (store: Store, grant_id: string, expires_at: number): Promise<string> => {
  const hash = newId()
  await insert(store, 'refresh_tokens', { hash, grant_id, created_at: at, expires_at, rotated_at: null })
  return hash
}

export const addCode = async (store: Store, grant_id: string, expires_at: number): Promise<string> => {
  const hash = newId()
  await insert(store, 'codes', {
    hash,
    grant_id,
    redirect_uri: null,
    code_challenge: null,
    nonce: null,
    jkt: null,
    created_at: at,
    expires_at,
    redeemed_at: null,
  })
  return hash
}
