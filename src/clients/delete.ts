// Deletes a client with its secrets. Tokens made for it are refused from the next request on: their client is not found any more.
import { type Actor, requireOperator } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
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

/** As `deleteClient`, of one that belongs to no organization. Throws `forbidden` too. */
export const deleteClientOfNobody = async (
  store: Store,
  actor: Actor,
  { client_id: id }: { client_id?: string | undefined },
  now: number,
): Promise<{ id: string; deleted: true }> => {
  requireOperator(actor, 'delete clients that belong to no organization')
  if (id === undefined) throw new Refusal('invalid_request', 'Name the client in the query, as client_id.')
  return deleteClient(store, actor, { client_id: id }, now)
}
