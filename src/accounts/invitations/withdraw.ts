// Takes an invitation back: its link ends at once.
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { findInvitation, requireInviter } from './invitation.ts'

/** Throws as `requireRole` does, or `not_found`. */
export const withdrawInvitation = (
  store: Store,
  actor: Actor,
  organizationId: string | null,
  id: string,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  requireInviter(actor, organizationId)
  return store.transaction(async (trx) => {
    const { email, role } = await findInvitation(trx, organizationId, id)
    if (role === 'owner') requireInviter(actor, organizationId, 'owner')
    await trx.updateTable('invitations').set({ withdrawn_at: now }).where('id', '=', id).execute()
    await recordChange(trx, actor, now, {
      action: 'invitation.withdrawn',
      targetKind: 'invitation',
      targetId: id,
      organizationId,
      detail: { email },
    })
    return { id, deleted: true }
  })
}
