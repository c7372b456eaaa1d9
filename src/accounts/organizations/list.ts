// Lists the caller's own organizations, or all of them for an operator; newest first.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator } from '../actor.ts'
import { type Organization, toOrganization } from './organization.ts'

/** Ids of the page's rows: people's organizations are known from judging their token, a key or client has one. */
const ownIds = (actor: Actor, request: PageRequest): string[] => {
  const { cursor } = request
  const reached = actor.organizationId === undefined ? [...actor.roles.keys()] : [actor.organizationId]
  const after = cursor === undefined ? reached : reached.filter((id) => id < cursor)
  return after.toSorted().toReversed().slice(0, rowsFor(request))
}

/** Throws `forbidden` where `all` is asked by others than operators. */
export const listOrganizations = async (
  store: Store,
  actor: Actor,
  request: PageRequest & { all?: boolean | undefined },
): Promise<Page<Organization>> => {
  let query = store.db.selectFrom('organizations').selectAll().orderBy('id', 'desc').limit(rowsFor(request))
  if (request.all) {
    requireOperator(actor, 'list all organizations')
    if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  } else {
    const ids = ownIds(actor, request)
    if (ids.length === 0) return { data: [], next_cursor: null }
    query = query.where('id', 'in', ids)
  }
  return pageOf(
    request,
    await query.execute(),
    (row) => row.id,
    (row) => toOrganization(actor, row),
  )
}
