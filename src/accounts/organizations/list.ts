// Lists the caller's own organizations, or all of them for an operator; newest first, searched by a part of their name.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import { contains } from '../../store/search.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator } from '../actor.ts'
import { type Organization, toOrganization } from './organization.ts'

/** Throws `forbidden` where `all` is asked by others than operators. */
export const listOrganizations = async (
  store: Store,
  actor: Actor,
  request: PageRequest & { all?: boolean | undefined; q?: string | undefined },
): Promise<Page<Organization>> => {
  const { all = false, cursor, q = '' } = request
  let query = store.db.selectFrom('organizations').selectAll().orderBy('id', 'desc').limit(rowsFor(request))
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  if (q !== '') query = query.where(contains('name', q))
  if (all) requireOperator(actor, 'list all organizations')
  else {
    // people's organizations are known from judging who they are, a key or client has one
    const reached = actor.organizationId === undefined ? [...actor.roles.keys()] : [actor.organizationId]
    if (reached.length === 0) return { data: [], next_cursor: null }
    query = query.where('id', 'in', reached)
  }
  return pageOf(
    request,
    await query.execute(),
    (row) => row.id,
    (row) => toOrganization(actor, row),
  )
}
