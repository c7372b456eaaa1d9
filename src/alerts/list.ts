// Lists an organization's alerts, or a person's own; newest first.
import { type Actor, requireRole, requireWholePerson } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { type Alert, toAlert } from './alert.ts'

/** Where the alerts of one owner lie. */
export type OwnerColumn = readonly [column: 'organization_id' | 'user_id', id: string]

export interface AlertFilters extends PageRequest {
  kind?: string | undefined
  /** Default: those that nobody has dismissed. */
  status?: 'open' | 'dismissed' | 'all' | undefined
}

const listOf = async (
  { activity }: Store,
  [column, id]: OwnerColumn,
  { kind, status = 'open', ...request }: AlertFilters,
): Promise<Page<Alert>> => {
  let query = activity.selectFrom('alerts').selectAll().where(column, '=', id)
  if (status !== 'all') query = query.where('dismissed_at', status === 'open' ? 'is' : 'is not', null)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const rows = await query.orderBy('id', 'desc').limit(rowsFor(request)).execute()
  return pageOf(request, rows, (row) => row.id, toAlert)
}

/** For viewers. Throws as `requireRole`. */
export const listAlerts = async (
  store: Store,
  actor: Actor,
  organizationId: string,
  filters: AlertFilters,
): Promise<Page<Alert>> => {
  requireRole(actor, organizationId, 'viewer', 'alerts')
  await findOrganization(store.db, actor, organizationId)
  return listOf(store, ['organization_id', organizationId], filters)
}

/** About personal and legacy tokens of the actor. Throws as `requireWholePerson`. */
export const listOwnAlerts = (store: Store, actor: Actor, filters: AlertFilters): Promise<Page<Alert>> =>
  listOf(store, ['user_id', requireWholePerson(actor)], filters)
