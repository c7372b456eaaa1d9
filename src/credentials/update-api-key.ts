// Renames an API key and changes its scopes and networks, with effect from the next request on.
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { areWithin } from '../network.ts'
import type { Store } from '../store/store.ts'
import { type ApiKeyPath, findOwnApiKey } from './find.ts'
import { networksColumn, networksOfColumn, readNetworks } from './networks.ts'
import { apisOf, ownScopes, requireKnownScopes, splitScopes } from './scopes.ts'
import { type ApiKeyJson, tellApiKey } from './tell-api-keys.ts'
import { listOf } from './wire.ts'
import { requireWithin } from './within.ts'

export interface ApiKeyUpdate extends ApiKeyPath {
  name?: string | undefined
  /** Space-separated; takes the place of the present ones. */
  scopes?: string | undefined
  /** Addresses and CIDRs; takes the place of the present ones. null: from anywhere. */
  networks?: readonly string[] | null | undefined
}

/**
 * Fewer scopes or networks: whoever may manage the key. More: as far as the actor could give them to a new key (within.ts).
 * Throws as `findOwnApiKey`, `forbidden`, `reauthentication_required` for more, `invalid_request`, and `conflict` for a revoked key.
 */
export const updateApiKey = async (
  store: Store,
  config: Config,
  actor: Actor,
  input: ApiKeyUpdate,
  now: number,
): Promise<ApiKeyJson> => {
  const row = await store.transaction(async (trx) => {
    const found = await findOwnApiKey(trx, actor, input)
    if (found.revoked_at !== null) throw new Refusal('conflict', 'This key has been revoked.')
    const organizationId = found.organization_id as string
    const apis = listOf(found.apis)
    const reach = apisOf(config, apis)
    const present = found.scopes === null ? ownScopes(reach) : splitScopes(found.scopes)
    const asked = input.scopes === undefined ? undefined : splitScopes(input.scopes)
    const added = asked?.filter((scope) => !present.includes(scope)) ?? []
    if (added.length > 0) requireKnownScopes(reach, added)
    const heldTo = networksOfColumn(found.networks)
    const networks = input.networks === undefined ? heldTo : input.networks && readNetworks(input.networks)
    const opened = heldTo !== null && (networks === null || !areWithin(networks, heldTo))
    const changed = {
      ...found,
      name: input.name === undefined ? found.name : cleanName(input.name),
      scopes: asked === undefined ? found.scopes : asked.join(' '),
      networks: networksColumn(networks),
    }
    // from more places it does more with all its scopes
    const widened = opened ? (changed.scopes === null ? null : splitScopes(changed.scopes)) : added
    if (opened || added.length > 0) {
      requireRecent(actor, now)
      requireWithin(config, actor, {
        organizationId,
        environment: found.environment,
        apis,
        scopes: widened,
        expiresAt: found.expires_at,
        networks,
      })
    }
    const record = (action: string, detail: Record<string, unknown>) =>
      recordChange(trx, actor, now, { action, targetKind: 'api_key', targetId: found.id, organizationId, detail })
    if (changed.name !== found.name) await record('api_key.renamed', { from: found.name, to: changed.name })
    if (changed.scopes !== found.scopes)
      await record(added.length > 0 ? 'api_key.widened' : 'api_key.narrowed', {
        from: found.scopes,
        to: changed.scopes,
      })
    if (changed.networks !== found.networks)
      await record(opened ? 'api_key.widened' : 'api_key.narrowed', {
        networks: { from: listOf(found.networks), to: listOf(changed.networks) },
      })
    const { name, scopes } = changed
    if (name !== found.name || scopes !== found.scopes || changed.networks !== found.networks) {
      await trx
        .updateTable('credentials')
        .set({ name, scopes, networks: changed.networks })
        .where('organization_id', '=', organizationId)
        .where('kind', '=', 'api_key')
        .where('id', '=', found.id)
        .execute()
    }
    return changed
  })
  return tellApiKey(store, row, now)
}
