// Lists the invitations that nobody has accepted yet, newest first.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { findOrganization } from '../organizations/organization.ts'
import { type Invitation, requireInviter, selectInvitations, toInvitation } from './invitation.ts'

/** Throws as `requireRole` does, and `not_found` for operators. */
export const listInvitations = async (
  store: Store,
  actor: Actor,
  organizationId: string | null,
  request: PageRequest,
  now: number,
): Promise<Page<Invitation>> => {
  requireInviter(actor, organizationId)
  if (organizationId !== null) await findOrganization(store.db, actor, organizationId)
  let query = selectInvitations(store.db)
    .where('i.organization_id', organizationId === null ? 'is' : '=', organizationId)
    .orderBy('i.id', 'desc')
    .limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('i.id', '<', request.cursor)
  return pageOf(
    request,
    await query.execute(),
    (row) => row.id,
    (row) => toInvitation(row, now),
  )
}
