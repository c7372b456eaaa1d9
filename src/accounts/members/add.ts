// Adds a user to an organization.
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Role } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireRole } from '../actor.ts'
import { findOrganization } from '../organizations/organization.ts'
import { findMember, type Member } from './member.ts'

/** Admins add up to admins, owners also owners. Throws as `requireRole` does, `invalid_request` for an unknown user, `conflict` for a member. */
export const addMember = (
  store: Store,
  actor: Actor,
  organizationId: string,
  { user_id: userId, role }: { user_id: string; role: Role },
  now: number,
): Promise<Member> => {
  requireRole(actor, organizationId, role === 'owner' ? 'owner' : 'admin', 'members')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    await findOrganization(trx, actor, organizationId)
    const user = await trx.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst()
    if (!user) throw new Refusal('invalid_request', 'There is no user with this id.')
    const present = await trx
      .selectFrom('members')
      .select('role')
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (present) throw new Refusal('conflict', `This user is a member already, as ${present.role}.`)
    await trx
      .insertInto('members')
      .values({ organization_id: organizationId, user_id: userId, role, created_at: now })
      .execute()
    await recordChange(trx, actor, now, {
      action: 'member.added',
      targetKind: 'user',
      targetId: userId,
      organizationId,
      detail: { role },
    })
    return findMember(trx, organizationId, userId)
  })
}
