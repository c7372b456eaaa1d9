// Gives a client a new secret; the old one goes on for an overlap, so that nobody is cut off meanwhile.
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { requireActiveOrganization } from '../credentials/create-api-key.ts'
import { requireWithin } from '../credentials/within.ts'
import { Refusal } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type ClientPath, type ClientWithSecret, findOwnedClient, settingsOf, toClient } from './client.ts'
import { hasKeys } from './settings.ts'
import { replaceSecret } from './secret.ts'

/**
 * `overlapSeconds`: 0 ends the old secret now. Whoever rotates learns a secret with all rights of the client, and so must have them.
 * Throws as `findOwnedClient`, `requireRecent` and `requireWithin` do, `invalid_request` for a client that has no secret, and `conflict` for a suspended organization.
 */
export const rotateSecret = (
  store: Store,
  config: Config,
  actor: Actor,
  path: ClientPath,
  overlapSeconds: number,
  now: number,
): Promise<ClientWithSecret> =>
  store.transaction(async (trx) => {
    const row = await findOwnedClient(trx, actor, path, 'admin')
    const { id, organization_id: organizationId } = row
    requireRecent(actor, now)
    if (row.public === 1) throw new Refusal('invalid_request', 'A public client has no secret.')
    if (hasKeys(settingsOf(row)))
      throw new Refusal(
        'invalid_request',
        'This client proves itself by its keys and has no secret: change jwks or jwks_uri.',
      )
    await requireActiveOrganization(trx, actor, organizationId)
    requireWithin(config, actor, { organizationId, ...settingsOf(row), expiresAt: actor.expiresAt ?? null })
    const secret = await replaceSecret(trx, actor, id, overlapSeconds * 1000, now)
    await recordChange(trx, actor, now, {
      action: 'client.secret_rotated',
      targetKind: 'client',
      targetId: id,
      organizationId,
      detail: { overlap_seconds: overlapSeconds },
    })
    return { ...(await toClient(store, trx, row)), client_secret: secret }
  })
