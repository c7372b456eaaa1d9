// Registers an OAuth client of an organization (RFC 6749 §2), with a first secret unless it is public or has keys.
import { randomUUIDv7 } from 'node:crypto'
import { type Actor, requireRecent, requireRole } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { requireActiveOrganization } from '../credentials/create-api-key.ts'
import { splitScopes } from '../credentials/scopes.ts'
import { requireWithin } from '../credentials/within.ts'
import type { Store } from '../store/store.ts'
import { auditedFacts, type ClientRow, type ClientWithSecret, columnsOf, managed, toClient } from './client.ts'
import { replaceSecret } from './secret.ts'
import { type ClientSettings, defaultGrants, hasKeys, requireSettings, usualSettings } from './settings.ts'

export interface NewClient {
  name: string
  /** Default false. */
  public?: boolean | undefined
  /** Default `required`. */
  pkce?: 'required' | 'optional' | undefined
  redirect_uris?: readonly string[] | undefined
  /** Default: see `defaultGrants`. */
  grants?: readonly string[] | undefined
  /** Default: the first of the configuration. */
  environment?: string | undefined
  /** Default: all. */
  apis?: readonly string[] | undefined
  /** Space-separated. Default: whatever its APIs' own scopes cover. */
  scopes?: string | undefined
  /** Keys that it proves itself by, in place of a secret; or their address. */
  jwks?: object | undefined
  jwks_uri?: string | undefined
  dpop_bound?: boolean | undefined
  par_required?: boolean | undefined
  /** Default `public`. */
  subject_type?: 'public' | 'pairwise' | undefined
  post_logout_redirect_uris?: readonly string[] | undefined
  uri?: string | undefined
}

const distinct = (list: readonly string[]): string[] => [...new Set(list)]

/** Throws as `requireRole`, `requireRecent` and `requireWithin` do, `invalid_request` as `requireSettings` does, `conflict` for a suspended organization, and `not_found` for operators. */
export const createClient = (
  store: Store,
  config: Config,
  actor: Actor,
  organizationId: string,
  input: NewClient,
  now: number,
): Promise<ClientWithSecret> => {
  requireRole(actor, organizationId, 'admin', 'clients')
  requireRecent(actor, now)
  const name = cleanName(input.name)
  const kind = { public: input.public ?? false, redirectUris: distinct(input.redirect_uris ?? []) }
  const settings: ClientSettings = {
    ...kind,
    pkce: input.pkce ?? 'required',
    grants: input.grants ? distinct(input.grants) : defaultGrants(kind),
    environment: input.environment ?? (config.environments[0] as string),
    apis: input.apis ? distinct(input.apis) : null,
    scopes: input.scopes === undefined ? null : splitScopes(input.scopes),
    jwks: input.jwks === undefined ? null : JSON.stringify(input.jwks),
    jwksUri: input.jwks_uri ?? usualSettings.jwksUri,
    dpopBound: input.dpop_bound ?? usualSettings.dpopBound,
    parRequired: input.par_required ?? usualSettings.parRequired,
    subjectType: input.subject_type ?? usualSettings.subjectType,
    postLogoutRedirectUris: distinct(input.post_logout_redirect_uris ?? []),
    uri: input.uri ?? usualSettings.uri,
  }
  requireSettings(config, settings)
  requireWithin(config, actor, { organizationId, ...settings, expiresAt: actor.expiresAt ?? null })
  return store.transaction(async (trx) => {
    await requireActiveOrganization(trx, actor, organizationId)
    const row: ClientRow = {
      id: randomUUIDv7(),
      organization_id: organizationId,
      name,
      public: settings.public ? 1 : 0,
      environment: settings.environment,
      ...columnsOf(settings),
      created_by: actor.userId ?? null,
      created_at: now,
      ...managed,
    }
    await trx.insertInto('clients').values(row).execute()
    const secret = settings.public || hasKeys(settings) ? undefined : await replaceSecret(trx, actor, row.id, 0, now)
    const client = await toClient(store, trx, row)
    await recordChange(trx, actor, now, {
      action: 'client.created',
      targetKind: 'client',
      targetId: row.id,
      organizationId,
      detail: auditedFacts(client),
    })
    return { ...client, ...(secret !== undefined && { client_secret: secret }) }
  })
}
