// Deletes a client with its secrets. Tokens made for it are refused from the next request on: their client is not found any more.
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Store } from '../store/store.ts'
import { type ClientPath, findClient } from './client.ts'

/** Throws as `findClient` does. */
export const deleteClient = (
  store: Store,
  actor: Actor,
  path: ClientPath,
  now: number,
): Promise<{ id: string; deleted: true }> =>
  store.transaction(async (trx) => {
    const { id, organization_id: organizationId, name } = await findClient(trx, actor, path, 'admin')
    await trx
      .deleteFrom('clients')
      .where('id', '=', id)
      .where('organization_id', organizationId === null ? 'is' : '=', organizationId)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'client.deleted',
      targetKind: 'client',
      targetId: id,
      organizationId,
      detail: { name },
    })
    return { id, deleted: true }
  })
