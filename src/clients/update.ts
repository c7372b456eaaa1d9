// Changes a client. Look-ups read the client at every request, so that what is taken away is gone at the next one.
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { splitScopes } from '../credentials/scopes.ts'
import { requireWithin } from '../credentials/within.ts'
import type { Store } from '../store/store.ts'
import {
  auditedFacts,
  type Client,
  type ClientPath,
  columnsOf,
  findOwnedClient,
  settingsOf,
  toClient,
} from './client.ts'
import { forgetConsents } from './forget-consents.ts'
import { type ClientSettings, hasKeys, isNarrower, requireSettings } from './settings.ts'

/** What is left out stays. */
export interface ClientChanges {
  name?: string | undefined
  pkce?: 'required' | 'optional' | undefined
  redirect_uris?: readonly string[] | undefined
  grants?: readonly string[] | undefined
  /** null: all. */
  apis?: readonly string[] | null | undefined
  /** Space-separated; null: whatever its APIs' own scopes cover. */
  scopes?: string | null | undefined
  /** Keys in place of what it proved itself by before: secrets end. null: none; a secret is then made by rotation. */
  jwks?: object | null | undefined
  jwks_uri?: string | null | undefined
  dpop_bound?: boolean | undefined
  par_required?: boolean | undefined
  subject_type?: 'public' | 'pairwise' | undefined
  post_logout_redirect_uris?: readonly string[] | undefined
  uri?: string | null | undefined
}

const listAfter = (
  before: readonly string[] | null,
  change: readonly string[] | null | undefined,
): readonly string[] | null => (change === undefined ? before : change && [...new Set(change)])

/** One way to its keys in place of the other, unless both are named. */
const keysAfter = (
  { jwks, jwksUri }: ClientSettings,
  { jwks: set, jwks_uri: address }: ClientChanges,
): Pick<ClientSettings, 'jwks' | 'jwksUri'> => ({
  jwks: set === undefined ? (address == null ? jwks : null) : set && JSON.stringify(set),
  jwksUri: address === undefined ? (set == null ? jwksUri : null) : address,
})

/** What opens a way to act as the client. */
const openings: readonly string[] = ['pkce', 'redirect_uris', 'grants', 'jwks', 'jwks_uri']

/** Whether `after` opens a way to act as the client, or with its tokens, that `before` did not. */
const opensMore = (changed: readonly string[], before: ClientSettings, after: ClientSettings): boolean =>
  changed.some((column) => openings.includes(column)) ||
  (before.dpopBound && !after.dpopBound) ||
  (before.parRequired && !after.parRequired)

/**
 * Whoever has the role may rename a client and take rights from it; what opens a way to its rights, or widens them, needs an actor who has
 * those rights. Throws as `findOwnedClient`, `requireRecent` and `requireWithin` do, and `invalid_request` as `requireSettings` does.
 */
export const updateClient = (
  store: Store,
  config: Config,
  actor: Actor,
  path: ClientPath,
  changes: ClientChanges,
  now: number,
): Promise<Client> =>
  store.transaction(async (trx) => {
    const row = await findOwnedClient(trx, actor, path, 'admin')
    const { id, organization_id: organizationId } = row
    const before = settingsOf(row)
    const after: ClientSettings = {
      ...before,
      pkce: changes.pkce ?? before.pkce,
      redirectUris: listAfter(before.redirectUris, changes.redirect_uris) ?? [],
      grants: listAfter(before.grants, changes.grants) ?? [],
      apis: listAfter(before.apis, changes.apis),
      scopes:
        changes.scopes === undefined ? before.scopes : changes.scopes === null ? null : splitScopes(changes.scopes),
      ...keysAfter(before, changes),
      dpopBound: changes.dpop_bound ?? before.dpopBound,
      parRequired: changes.par_required ?? before.parRequired,
      subjectType: changes.subject_type ?? before.subjectType,
      postLogoutRedirectUris: listAfter(before.postLogoutRedirectUris, changes.post_logout_redirect_uris) ?? [],
      uri: changes.uri === undefined ? before.uri : changes.uri,
    }
    const columns = { name: changes.name === undefined ? row.name : cleanName(changes.name), ...columnsOf(after) }
    const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter(
      (column) => columns[column] !== row[column],
    )
    if (changed.length === 0) return toClient(store, trx, row)
    requireSettings(config, after)
    if (opensMore(changed, before, after) || !isNarrower(config, before, after)) {
      requireRecent(actor, now)
      requireWithin(config, actor, { organizationId, ...after, expiresAt: actor.expiresAt ?? null })
    }
    await trx
      .updateTable('clients')
      .set(columns)
      .where('id', '=', id)
      .where('organization_id', '=', organizationId)
      .execute()
    await forgetConsents(trx, id, { before: before.redirectUris, after: after.redirectUris })
    if (hasKeys(after)) await trx.deleteFrom('client_secrets').where('client_id', '=', id).execute()
    const client = await toClient(store, trx, { ...row, ...columns })
    const facts = auditedFacts(client)
    const detail = Object.fromEntries(changed.map((column) => [column, facts[column]]))
    await recordChange(trx, actor, now, {
      action: 'client.updated',
      targetKind: 'client',
      targetId: id,
      organizationId,
      detail,
    })
    return client
  })
