// Changes a client. Look-ups read the client at every request, so that what is taken away is gone at the next one.
import type { Actor } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { splitScopes } from '../credentials/scopes.ts'
import { requireWithin } from '../credentials/within.ts'
import type { Store } from '../store/store.ts'
import { type Client, type ClientPath, columnsOf, findOwnedClient, settingsOf, toClient } from './client.ts'
import { type ClientSettings, isNarrower, requireSettings } from './settings.ts'

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
}

const listAfter = (
  before: readonly string[] | null,
  change: readonly string[] | null | undefined,
): readonly string[] | null => (change === undefined ? before : change && [...new Set(change)])

/**
 * Whoever has the role may rename a client and take rights from it; what opens a way to its rights, or widens them, needs an actor who has
 * those rights. Throws as `findOwnedClient` and `requireWithin` do, and `invalid_request` as `requireSettings` does.
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
    }
    const columns = { name: changes.name === undefined ? row.name : cleanName(changes.name), ...columnsOf(after) }
    const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter(
      (column) => columns[column] !== row[column],
    )
    if (changed.length === 0) return toClient(store, trx, row)
    requireSettings(config, after)
    const opens = changed.some((column) => column === 'pkce' || column === 'redirect_uris' || column === 'grants')
    if (opens || !isNarrower(config, before, after))
      requireWithin(config, actor, { organizationId, ...after, expiresAt: actor.expiresAt ?? null })
    await trx
      .updateTable('clients')
      .set(columns)
      .where('id', '=', id)
      .where('organization_id', '=', organizationId)
      .execute()
    const client = await toClient(store, trx, { ...row, ...columns })
    const detail = Object.fromEntries(changed.map((column) => [column, client[column]]))
    await recordChange(trx, actor, now, {
      action: 'client.updated',
      targetKind: 'client',
      targetId: id,
      organizationId,
      detail,
    })
    return client
  })
