// Lists the members of an organization by user id, newest users first.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRole } from '../actor.ts'
import { findOrganization } from '../organizations/organization.ts'
import { type Member, selectMembers, toMember } from './member.ts'

/** Throws as `requireRole` does, and `not_found` for operators. */
export const listMembers = async (
  store: Store,
  actor: Actor,
  organizationId: string,
  request: PageRequest,
): Promise<Page<Member>> => {
  requireRole(actor, organizationId, 'viewer', 'members')
  await findOrganization(store.db, actor, organizationId)
  let query = selectMembers(store.db, organizationId).orderBy('m.user_id', 'desc').limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('m.user_id', '<', request.cursor)
  return pageOf(request, await query.execute(), (row) => row.user_id, toMember)
}
