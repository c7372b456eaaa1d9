// Gives a member another role.
import { recordChange } from '../../audit/record.ts'
import type { Role } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireRole } from '../actor.ts'
import { findMember, type Member, requireAnotherOwner } from './member.ts'

/** Roles are the owners' to give. Throws as `requireRole` does, `not_found`, or `conflict` for the last owner. */
export const changeRole = (
  store: Store,
  actor: Actor,
  organizationId: string,
  userId: string,
  role: Role,
  now: number,
): Promise<Member> => {
  requireRole(actor, organizationId, 'owner', 'members')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const before = await findMember(trx, organizationId, userId)
    if (before.role === role) return before
    if (before.role === 'owner') await requireAnotherOwner(trx, organizationId, userId)
    await trx
      .updateTable('members')
      .set({ role })
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', userId)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'member.role_changed',
      targetKind: 'user',
      targetId: userId,
      organizationId,
      detail: { from: before.role, to: role },
    })
    return { ...before, role }
  })
}
