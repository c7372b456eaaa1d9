// An OAuth client as answers and the command line tell it: of a secret never the value, only its hint.
import type { Kysely } from 'kysely'
import { type Actor, requireRole, roleIn } from '../accounts/actor.ts'
import { splitScopes } from '../credentials/scopes.ts'
import { lastUses, listOf } from '../credentials/wire.ts'
import { Refusal } from '../errors.ts'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Role, Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { ClientSettings } from './settings.ts'

export type ClientRow = Schema['clients']

export interface Client {
  client_id: string
  /** null: it belongs to nobody here. */
  organization_id: string | null
  name: string
  public: boolean
  pkce: 'required' | 'optional'
  redirect_uris: string[]
  grants: string[]
  environment: string
  /** null: whatever its APIs' own scopes cover. */
  scopes: string | null
  /** null: all. */
  apis: string[] | null
  /** A JWK Set, or its address, of a client that proves itself by keys and has no secret. */
  jwks: { keys: object[] } | null
  jwks_uri: string | null
  dpop_bound: boolean
  par_required: boolean
  subject_type: 'public' | 'pairwise'
  post_logout_redirect_uris: string[]
  uri: string | null
  registration: ClientRow['registration']
  /** Newest first; RFC 3339, as all times here. */
  secrets: { id: string; hint: string; created_at: string; expires_at: string | null }[]
  /** A user; null: the command line, a key or a client. */
  created_by: string | null
  /** null: nobody's, or somebody's who is gone. */
  created_by_name: string | null
  created_at: string
  last_used_at: string | null
}

/** What `create` and `rotate` answer; a public client has no secret, nor has one with keys. */
export type ClientWithSecret = Client & { client_secret?: string }

/** Names a client, by itself or under an organization. */
export interface ClientPath {
  client_id: string
  organization_id?: string | undefined
}

export const settingsOf = (row: ClientRow): ClientSettings => ({
  public: row.public === 1,
  pkce: row.pkce,
  redirectUris: listOf(row.redirect_uris) ?? [],
  grants: listOf(row.grants) ?? [],
  environment: row.environment,
  apis: listOf(row.apis),
  scopes: row.scopes === null ? null : splitScopes(row.scopes),
  jwks: row.jwks,
  jwksUri: row.jwks_uri,
  dpopBound: row.dpop_bound === 1,
  parRequired: row.par_required === 1,
  subjectType: row.subject_type,
  postLogoutRedirectUris: listOf(row.post_logout_redirect_uris) ?? [],
  uri: row.uri,
})

/** The columns of what may be changed. */
export const columnsOf = (settings: ClientSettings) => ({
  pkce: settings.pkce,
  redirect_uris: JSON.stringify(settings.redirectUris),
  grants: JSON.stringify(settings.grants),
  apis: settings.apis === null ? null : JSON.stringify(settings.apis),
  scopes: settings.scopes === null ? null : settings.scopes.join(' '),
  jwks: settings.jwks,
  jwks_uri: settings.jwksUri,
  dpop_bound: settings.dpopBound ? 1 : 0,
  par_required: settings.parRequired ? 1 : 0,
  subject_type: settings.subjectType,
  post_logout_redirect_uris: JSON.stringify(settings.postLogoutRedirectUris),
  uri: settings.uri,
})

/** Columns of a client that people have made and manage. */
export const managed = {
  registration: 'managed',
  registration_hash: null,
  stale_at: null,
} as const

/** The clients of `rows` in full. `db` may be the transaction that has just changed them. */
export const toClients = async (store: Store, db: Kysely<Schema>, rows: readonly ClientRow[]): Promise<Client[]> => {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const secrets = await db
    .selectFrom('client_secrets')
    .select(['id', 'client_id', 'hint', 'created_at', 'expires_at'])
    .where('client_id', 'in', ids)
    .orderBy('id', 'desc')
    .execute()
  const authors = rows.flatMap(({ created_by: author }) => (author === null ? [] : [author]))
  const people =
    authors.length === 0 ? [] : await db.selectFrom('users').select(['id', 'name']).where('id', 'in', authors).execute()
  const nameOf = new Map(people.map(({ id, name }) => [id, name]))
  const used = await lastUses(store, ids)
  return rows.map((row) => {
    const settings = settingsOf(row)
    return {
      client_id: row.id,
      organization_id: row.organization_id,
      name: row.name,
      public: settings.public,
      pkce: settings.pkce,
      redirect_uris: [...settings.redirectUris],
      grants: [...settings.grants],
      environment: settings.environment,
      scopes: row.scopes,
      apis: settings.apis === null ? null : [...settings.apis],
      jwks: row.jwks === null ? null : (JSON.parse(row.jwks) as { keys: object[] }),
      jwks_uri: row.jwks_uri,
      dpop_bound: settings.dpopBound,
      par_required: settings.parRequired,
      subject_type: settings.subjectType,
      post_logout_redirect_uris: [...settings.postLogoutRedirectUris],
      uri: row.uri,
      registration: row.registration,
      secrets: secrets
        .filter(({ client_id }) => client_id === row.id)
        .map(({ id, hint, created_at, expires_at }) => ({
          id,
          hint,
          created_at: formatTime(created_at),
          expires_at: formatTimeOrNull(expires_at),
        })),
      created_by: row.created_by,
      created_by_name: row.created_by === null ? null : (nameOf.get(row.created_by) ?? null),
      created_at: formatTime(row.created_at),
      last_used_at: formatTimeOrNull(used.get(row.id) ?? null),
    }
  })
}

export const toClient = async (store: Store, db: Kysely<Schema>, row: ClientRow): Promise<Client> => {
  const [client] = await toClients(store, db, [row])
  return client as Client
}

/** What the audit trail tells of a client's settings; of keys, their names. */
export const auditedFacts = ({ jwks, ...client }: Client) => ({
  name: client.name,
  public: client.public,
  pkce: client.pkce,
  redirect_uris: client.redirect_uris,
  grants: client.grants,
  environment: client.environment,
  apis: client.apis,
  scopes: client.scopes,
  jwks: jwks?.keys.map((key) => ('kid' in key ? key.kid : null)) ?? null,
  jwks_uri: client.jwks_uri,
  dpop_bound: client.dpop_bound,
  par_required: client.par_required,
  subject_type: client.subject_type,
  post_logout_redirect_uris: client.post_logout_redirect_uris,
  uri: client.uri,
})

/** The client, for an actor of at least `needed` role. Throws as `requireRole` does, and `not_found` alike for clients that do not exist and that are foreign. */
export const findClient = async (
  db: Kysely<Schema>,
  actor: Actor,
  { client_id: clientId, organization_id: organizationId }: ClientPath,
  needed: Role,
): Promise<ClientRow> => {
  if (organizationId !== undefined) requireRole(actor, organizationId, needed, 'clients')
  let query = db.selectFrom('clients').selectAll().where('id', '=', clientId)
  if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
  const row = await query.executeTakeFirst()
  const owner = row?.organization_id ?? undefined
  const reached =
    row !== undefined &&
    (actor.operator || (owner !== undefined && (actor.organizationId === owner || roleIn(actor, owner) !== undefined)))
  if (!reached) throw new Refusal('not_found', 'There is no client with this id.')
  if (owner !== undefined) requireRole(actor, owner, needed, 'clients')
  return row
}

/** As `findClient`. Throws `invalid_request` for a client that belongs to nobody here: what it is, it says itself. */
export const findOwnedClient = async (
  db: Kysely<Schema>,
  actor: Actor,
  path: ClientPath,
  needed: Role,
): Promise<ClientRow & { organization_id: string }> => {
  const row = await findClient(db, actor, path, needed)
  if (row.organization_id === null)
    throw new Refusal(
      'invalid_request',
      'This client belongs to no organization and says itself what it is; it can be deleted.',
    )
  return { ...row, organization_id: row.organization_id }
}
