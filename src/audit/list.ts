// Reads the audit trail: of one organization, or of everything; newest first.
import type { Selectable } from 'kysely'
import { requireOperator, requireRole, type Actor } from '../accounts/actor.ts'
import { Refusal } from '../errors.ts'
import { formatTime, parseTime } from '../rfc3339.ts'
import { type Page, pageOf, type PageRequest, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

export interface AuditFilters {
  action?: string | undefined
  actor_id?: string | undefined
  target_id?: string | undefined
  /** RFC 3339; entries from then on. */
  since?: string | undefined
  /** RFC 3339; entries before then. */
  until?: string | undefined
}

export type AuditEntry = Omit<Selectable<Schema['audit']>, 'at' | 'detail'> & {
  /** RFC 3339. */
  at: string
  detail: Record<string, unknown> | null
}

const toEntry = (row: Selectable<Schema['audit']>): AuditEntry => ({
  ...row,
  at: formatTime(row.at),
  detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
})

const timeOf = (name: string, text: string): number => {
  const at = parseTime(text)
  if (at === undefined)
    throw new Refusal('invalid_request', `${name} is not an RFC 3339 time such as 2027-01-31T00:00:00Z.`)
  return at
}

/** `organizationId` undefined: every entry, for operators. Throws as `requireRole` does, or `invalid_request`. */
export const listAudit = async (
  store: Store,
  actor: Actor,
  organizationId: string | undefined,
  filters: AuditFilters & PageRequest,
): Promise<Page<AuditEntry>> => {
  if (organizationId === undefined) requireOperator(actor, 'read the whole audit trail')
  else requireRole(actor, organizationId, 'admin', 'audit')
  let query = store.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(rowsFor(filters))
  if (organizationId !== undefined) query = query.where('organization_id', '=', organizationId)
  for (const column of ['action', 'actor_id', 'target_id'] as const) {
    const value = filters[column]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  if (filters.since !== undefined) query = query.where('at', '>=', timeOf('since', filters.since))
  if (filters.until !== undefined) query = query.where('at', '<', timeOf('until', filters.until))
  if (filters.cursor !== undefined) query = query.where('id', '<', filters.cursor)
  return pageOf(filters, await query.execute(), (row) => row.id, toEntry)
}
