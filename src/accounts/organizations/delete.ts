// Deletes an organization with its keys, clients and memberships, by cascade. Its audit trail stays.
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireRole } from '../actor.ts'
import { findOrganization } from './organization.ts'

/** Throws as `requireRole` does, and `not_found` for operators. */
export const deleteOrganization = (
  store: Store,
  actor: Actor,
  organizationId: string,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  requireRole(actor, organizationId, 'owner', 'organizations')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const { name } = await findOrganization(trx, actor, organizationId)
    await trx.deleteFrom('organizations').where('id', '=', organizationId).execute()
    await recordChange(trx, actor, now, {
      action: 'organization.deleted',
      targetKind: 'organization',
      targetId: organizationId,
      organizationId,
      detail: { name },
    })
    return { id: organizationId, deleted: true }
  })
}
