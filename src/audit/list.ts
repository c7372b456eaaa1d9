// Reads the audit trail: of one organization, or of everything; newest first.
import { type Actor, requireOperator, requireRole } from '../accounts/actor.ts'
import { formatTime } from '../rfc3339.ts'
import { type Page, pageOf, type PageRequest, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { type AuditFilters, readFilters } from './filters.ts'
import { namesFor } from './names.ts'
import { type AuditRow, findEntries } from './search.ts'

export type AuditEntry = Omit<AuditRow, 'at' | 'detail'> & {
  /** RFC 3339. */
  at: string
  detail: Record<string, unknown> | null
  /** Names of today; null: there is none, or it is gone. */
  user_name: string | null
  actor_name: string | null
  target_name: string | null
}

export const requireAuditReader = (actor: Actor, organizationId: string | undefined): void => {
  if (organizationId === undefined) requireOperator(actor, 'read the whole audit trail')
  else requireRole(actor, organizationId, 'admin', 'audit')
}

export const toEntries = async (store: Store, rows: readonly AuditRow[]): Promise<AuditEntry[]> => {
  const names = await namesFor(store.db, rows)
  return rows.map((row) => ({
    ...row,
    at: formatTime(row.at),
    detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
    user_name: names.of('user', row.user_id),
    actor_name: names.of(row.actor_kind, row.actor_id),
    target_name: names.of(row.target_kind, row.target_id),
  }))
}

/**
 * `organizationId` undefined: every entry, for operators. A page may be short of entries and yet not be the last.
 * Throws as `requireRole` does, or `invalid_request`.
 */
export const listAudit = async (
  store: Store,
  actor: Actor,
  organizationId: string | undefined,
  filters: AuditFilters & PageRequest,
): Promise<Page<AuditEntry>> => {
  requireAuditReader(actor, organizationId)
  const wanted = readFilters(organizationId, filters)
  const { rows, lookedDownTo } = await findEntries(store.db, wanted, rowsFor(filters), filters.cursor)
  const page = pageOf(
    filters,
    rows,
    (row) => row.id,
    (row) => row,
  )
  return { data: await toEntries(store, page.data), next_cursor: page.next_cursor ?? lookedDownTo ?? null }
}
