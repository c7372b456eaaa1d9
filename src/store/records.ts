// Rows to records, the same for every database. Lists come as JSON text made by the query.
import type { Role, Schema, StoredKind, Tier } from './schema.ts'
import type {
  ClientRecord,
  CredentialRecord,
  GrantRecord,
  MembershipRecord,
  OrganizationRecord,
  SigningKeyRecord,
} from './store.ts'

export interface CredentialRow {
  id: string
  kind: StoredKind
  name: string
  environment: string
  scopes: string | null
  apis: string | null
  networks: string | null
  lineage_id: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  user_id: string
  organization_id: string | null
  all_organizations: number
  organization_tier: Tier | null
  organization_suspended_at: number | null
  user_operator: number | null
  user_suspended_at: number | null
  user_found: string | null
  /** JSON list of [organization id, role, tier]: of tokens, the owner's memberships in active organizations that the token reaches. */
  memberships: string | null
}

const words = (text: string | null): string[] | null => (text === null ? null : text.split(' ').filter(Boolean))
const list = (text: string | null): string[] | null => (text === null ? null : (JSON.parse(text) as string[]))

const noMemberships: ReadonlyMap<string, MembershipRecord> = new Map()

/** From a JSON list of [organization id, role, tier]. */
const toMemberships = (text: string | null): ReadonlyMap<string, MembershipRecord> =>
  text === null
    ? noMemberships
    : new Map(
        (JSON.parse(text) as [string, Role, Tier][]).map(([organizationId, role, tier]) => [
          organizationId,
          { organizationId, role, tier },
        ]),
      )

/** So many texts and organizations that many records have alike are kept once. */
const maxShared = 20_000
const sharedTexts = new Map<string, string>()
const sharedOrganizations = new Map<string, OrganizationRecord>()

/** The same text, of which every row has brought a copy of its own. */
const shared = (text: string): string => {
  const known = sharedTexts.get(text)
  if (known !== undefined) return known
  if (sharedTexts.size >= maxShared) sharedTexts.clear()
  sharedTexts.set(text, text)
  return text
}

const toOrganization = (id: string, tier: Tier, suspendedAt: number | null): OrganizationRecord => {
  const suspended = suspendedAt !== null
  const known = sharedOrganizations.get(id)
  if (known && known.tier === tier && known.suspended === suspended) return known
  if (sharedOrganizations.size >= maxShared) sharedOrganizations.clear()
  const organization = { id, tier: shared(tier) as Tier, suspended }
  sharedOrganizations.set(id, organization)
  return organization
}

export const toCredential = (row: CredentialRow): CredentialRecord => {
  const ofUser = row.kind !== 'api_key'
  return {
    id: row.id,
    kind: shared(row.kind) as StoredKind,
    name: row.name,
    environment: shared(row.environment),
    scopes: words(row.scopes),
    apis: list(row.apis),
    networks: list(row.networks),
    lineageId: row.lineage_id === row.id ? row.id : row.lineage_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revoked: row.revoked_at !== null,
    userId: shared(row.user_id),
    userActive: !ofUser || (row.user_found !== null && row.user_suspended_at === null),
    operator: ofUser && row.user_operator === 1,
    organization:
      !ofUser && row.organization_id !== null && row.organization_tier !== null
        ? toOrganization(row.organization_id, row.organization_tier, row.organization_suspended_at)
        : null,
    memberships: toMemberships(row.memberships),
    allOrganizations: row.all_organizations === 1,
  }
}

export interface ClientRow extends Omit<Schema['clients'], 'created_by' | 'created_at' | 'registration_hash'> {
  organization_tier: Tier | null
  organization_suspended_at: number | null
  /** JSON list of [hash, expires_at or null]. */
  secrets: string | null
}

export const toClient = (row: ClientRow): ClientRecord => ({
  id: row.id,
  name: row.name,
  public: row.public === 1,
  pkce: row.pkce,
  redirectUris: list(row.redirect_uris) ?? [],
  scopes: words(row.scopes),
  grants: list(row.grants) ?? [],
  environment: row.environment,
  apis: list(row.apis),
  registration: row.registration,
  organization:
    row.organization_id === null || row.organization_tier === null
      ? null
      : toOrganization(row.organization_id, row.organization_tier, row.organization_suspended_at),
  jwks: row.jwks,
  jwksUri: row.jwks_uri,
  dpopBound: row.dpop_bound === 1,
  parRequired: row.par_required === 1,
  subjectType: row.subject_type,
  postLogoutRedirectUris: list(row.post_logout_redirect_uris) ?? [],
  uri: row.uri,
  staleAt: row.stale_at,
  secrets: (JSON.parse(row.secrets ?? '[]') as [string, number | null][]).map(([hash, expiresAt]) => ({
    hash,
    expiresAt,
  })),
})

export const toSigningKey = (row: Schema['signing_keys']): SigningKeyRecord => ({
  id: row.id,
  algorithm: row.algorithm,
  api: row.api,
  publicJwk: row.public_jwk,
  sealed: row.sealed,
  createdAt: row.created_at,
  retiredAt: row.retired_at,
  expiresAt: row.expires_at,
})

export interface GrantRow extends Pick<
  Schema['grants'],
  | 'id'
  | 'client_id'
  | 'user_id'
  | 'organization_id'
  | 'all_organizations'
  | 'api'
  | 'scopes'
  | 'expires_at'
  | 'revoked_at'
> {
  user_operator: number
  user_suspended_at: number | null
  /** As of a credential. */
  memberships: string | null
}

export const toGrant = (row: GrantRow): GrantRecord => ({
  id: row.id,
  clientId: row.client_id,
  userId: row.user_id,
  userActive: row.user_suspended_at === null,
  operator: row.user_operator === 1,
  organizationId: row.organization_id,
  allOrganizations: row.all_organizations === 1,
  memberships: toMemberships(row.memberships),
  api: row.api,
  scopes: words(row.scopes) ?? [],
  revoked: row.revoked_at !== null,
  expiresAt: row.expires_at,
})

/**
 * The look-ups' SQL. `aggregate(columns)` makes the database's JSON list of lists; `parameter` is its first placeholder.
 * Memberships are joined only for tokens: of all organizations, of those chosen, or of a legacy token's one.
 */
export const lookupSql = (aggregate: (columns: string) => string, parameter: string) => {
  const credential = (column: 'hash' | 'id'): string => `
    SELECT c.id, c.kind, c.name, c.environment, c.scopes, c.apis, c.networks, c.lineage_id, c.created_at, c.expires_at, c.revoked_at, c.user_id, c.organization_id, c.all_organizations,
      o.tier AS organization_tier, o.suspended_at AS organization_suspended_at,
      u.id AS user_found, u.operator AS user_operator, u.suspended_at AS user_suspended_at,
      CASE WHEN c.kind = 'api_key' THEN NULL ELSE (
        SELECT ${aggregate('m.organization_id, m.role, mo.tier')} FROM members m JOIN organizations mo ON mo.id = m.organization_id
        WHERE m.user_id = c.user_id AND mo.suspended_at IS NULL AND (c.all_organizations = 1 OR m.organization_id = c.organization_id
          OR EXISTS (SELECT 1 FROM credential_organizations co WHERE co.credential_id = c.id AND co.organization_id = m.organization_id))
      ) END AS memberships
    FROM credentials c LEFT JOIN organizations o ON o.id = c.organization_id LEFT JOIN users u ON u.id = c.user_id
    WHERE c.${column} = ${parameter}`
  return {
    credentialByHash: credential('hash'),
    credentialById: credential('id'),
    clientById: `
      SELECT c.id, c.organization_id, c.name, c.public, c.pkce, c.redirect_uris, c.scopes, c.grants, c.environment, c.apis, c.jwks, c.jwks_uri,
        c.dpop_bound, c.par_required, c.subject_type, c.post_logout_redirect_uris, c.uri, c.registration, c.stale_at, o.tier AS organization_tier, o.suspended_at AS organization_suspended_at,
        (SELECT ${aggregate('s.hash, s.expires_at')} FROM client_secrets s WHERE s.client_id = c.id) AS secrets
      FROM clients c LEFT JOIN organizations o ON o.id = c.organization_id WHERE c.id = ${parameter}`,
    grantById: `
      SELECT g.id, g.client_id, g.user_id, g.organization_id, g.all_organizations, g.api, g.scopes, g.expires_at, g.revoked_at,
        u.operator AS user_operator, u.suspended_at AS user_suspended_at,
        (SELECT ${aggregate('m.organization_id, m.role, mo.tier')} FROM members m JOIN organizations mo ON mo.id = m.organization_id
          WHERE m.user_id = g.user_id AND mo.suspended_at IS NULL AND (g.all_organizations = 1 OR m.organization_id = g.organization_id)) AS memberships
      FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = ${parameter}`,
    revokedToken: `SELECT id FROM revoked_tokens WHERE id = ${parameter}`,
    signingKeys:
      'SELECT id, algorithm, api, public_jwk, sealed, created_at, retired_at, expires_at FROM signing_keys ORDER BY created_at DESC, id DESC',
  }
}
