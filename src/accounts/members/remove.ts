// Removes a member, or lets one leave. Tokens reach no further than memberships, so access ends with the row.
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRole } from '../actor.ts'
import { findMember, requireAnotherOwner } from './member.ts'

/** Everybody may leave; owners are removed by owners. Throws as `requireRole` does, `not_found`, or `conflict` for the last owner. */
export const removeMember = (
  store: Store,
  actor: Actor,
  organizationId: string,
  userId: string,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  const leaves = actor.userId === userId
  requireRole(actor, organizationId, leaves ? 'viewer' : 'admin', 'members')
  return store.transaction(async (trx) => {
    const { role } = await findMember(trx, organizationId, userId)
    if (role === 'owner') {
      if (!leaves) requireRole(actor, organizationId, 'owner', 'members')
      await requireAnotherOwner(trx, organizationId, userId)
    }
    await trx
      .deleteFrom('members')
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', userId)
      .execute()
    await recordChange(trx, actor, now, {
      action: leaves ? 'member.left' : 'member.removed',
      targetKind: 'user',
      targetId: userId,
      organizationId,
      detail: { role },
    })
    return { id: userId, deleted: true }
  })
}
