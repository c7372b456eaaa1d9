// Hands an organization over to another member: they become owner, and whoever hands it over stays as admin.
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireRole } from '../actor.ts'
import { findMember } from '../members/member.ts'
import { findOrganization, type Organization } from './organization.ts'

/**
 * An operator who is no owner only makes the other one an owner. Throws as `requireRole` does, `not_found` where the other one is no
 * member, and `invalid_request` for oneself.
 */
export const transferOrganization = (
  store: Store,
  actor: Actor,
  organizationId: string,
  userId: string,
  now: number,
): Promise<Organization> => {
  requireRole(actor, organizationId, 'owner', 'organizations')
  requireRecent(actor, now)
  if (userId === actor.userId)
    throw new Refusal('invalid_request', 'Name another member: the organization is yours already.')
  return store.transaction(async (trx) => {
    const organization = await findOrganization(trx, actor, organizationId)
    await findMember(trx, organizationId, userId)
    const setRole = (id: string, role: 'owner' | 'admin') =>
      trx
        .updateTable('members')
        .set({ role })
        .where('organization_id', '=', organizationId)
        .where('user_id', '=', id)
        .execute()
    await setRole(userId, 'owner')
    const from = organization.role === 'owner' ? actor.userId : undefined
    if (from !== undefined) await setRole(from, 'admin')
    await recordChange(trx, actor, now, {
      action: 'organization.transferred',
      targetKind: 'organization',
      targetId: organizationId,
      organizationId,
      detail: { to: userId, ...(from !== undefined && { from }) },
    })
    return from === undefined ? organization : { ...organization, role: 'admin' }
  })
}
