// Registers an OAuth client of an organization (RFC 6749 §2), with a first secret unless it is public.
import { randomUUIDv7 } from 'node:crypto'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { requireActiveOrganization } from '../credentials/create-api-key.ts'
import { splitScopes } from '../credentials/scopes.ts'
import { requireWithin } from '../credentials/within.ts'
import type { Store } from '../store/store.ts'
import { type ClientRow, type ClientWithSecret, columnsOf, toClient, unsaid } from './client.ts'
import { replaceSecret } from './secret.ts'
import { type ClientSettings, defaultGrants, requireSettings } from './settings.ts'

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
}

const distinct = (list: readonly string[]): string[] => [...new Set(list)]

/** Throws as `requireRole` and `requireWithin` do, `invalid_request` as `requireSettings` does, `conflict` for a suspended organization, and `not_found` for operators. */
export const createClient = (
  store: Store,
  config: Config,
  actor: Actor,
  organizationId: string,
  input: NewClient,
  now: number,
): Promise<ClientWithSecret> => {
  requireRole(actor, organizationId, 'admin', 'clients')
  const name = cleanName(input.name)
  const kind = { public: input.public ?? false, redirectUris: distinct(input.redirect_uris ?? []) }
  const settings: ClientSettings = {
    ...kind,
    pkce: input.pkce ?? 'required',
    grants: input.grants ? distinct(input.grants) : defaultGrants(kind),
    environment: input.environment ?? (config.environments[0] as string),
    apis: input.apis ? distinct(input.apis) : null,
    scopes: input.scopes === undefined ? null : splitScopes(input.scopes),
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
      ...unsaid,
    }
    await trx.insertInto('clients').values(row).execute()
    const secret = settings.public ? undefined : await replaceSecret(trx, actor, row.id, 0, now)
    await recordChange(trx, actor, now, {
      action: 'client.created',
      targetKind: 'client',
      targetId: row.id,
      organizationId,
      detail: {
        name,
        public: settings.public,
        redirect_uris: settings.redirectUris,
        grants: settings.grants,
        environment: settings.environment,
        apis: settings.apis,
        scopes: row.scopes,
      },
    })
    return { ...(await toClient(store, trx, row)), ...(secret !== undefined && { client_secret: secret }) }
  })
}
