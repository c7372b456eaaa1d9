// The audit trail as a file, of any length: read and written page by page, at the pace of whoever receives it.
import type { Actor } from '../accounts/actor.ts'
import { formatTime } from '../rfc3339.ts'
import type { Store } from '../store/store.ts'
import { type AuditFilters, readFilters, toldFilters } from './filters.ts'
import { type AuditEntry, requireAuditReader, toEntries } from './list.ts'
import { recordChange } from './record.ts'
import { findEntries } from './search.ts'

const pageSize = 500

export type ExportFormat = 'csv' | 'json'

const columns = [
  'at',
  'action',
  'user_name',
  'user_id',
  'actor_kind',
  'actor_name',
  'actor_id',
  'target_kind',
  'target_name',
  'target_id',
  'organization_id',
  'ip',
  'request_id',
  'detail',
  'id',
] as const satisfies readonly (keyof AuditEntry)[]

/** RFC 4180 §2. What a spreadsheet would take for a formula gets an apostrophe in front, which it shows as text (OWASP: CSV Injection). */
const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const harmless = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const csvLine = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`

const forms: Record<
  ExportFormat,
  { type: string; start: (at: string) => string; entry: (entry: AuditEntry, first: boolean) => string; end: string }
> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    start: () => csvLine(columns),
    entry: (entry) => csvLine(columns.map((column) => entry[column])),
    end: '',
  },
  json: {
    type: 'application/json; charset=utf-8',
    start: (at) => `{"exported_at":"${at}","data":[`,
    entry: (entry, first) => `${first ? '' : ','}\n${JSON.stringify(entry)}`,
    end: '\n]}\n',
  },
}

export interface Export {
  contentType: string
  fileName: string
  /** The file, a page of entries at a time. */
  text: AsyncIterable<string>
}

/**
 * Entries as of now, under the filters of a list. That somebody took them away stands in the trail itself before the first is read.
 * Throws as `listAudit` does.
 */
export const exportAudit = async (
  store: Store,
  actor: Actor,
  organizationId: string | undefined,
  format: ExportFormat,
  filters: AuditFilters,
  now: number,
): Promise<Export> => {
  requireAuditReader(actor, organizationId)
  const wanted = readFilters(organizationId, filters)
  await store.transaction((trx) =>
    recordChange(trx, actor, now, {
      action: 'audit.exported',
      targetKind: 'audit',
      targetId: organizationId ?? 'all',
      organizationId: organizationId ?? null,
      detail: { format, filters: toldFilters(filters) },
    }),
  )
  const form = forms[format]
  async function* text(): AsyncGenerator<string> {
    yield form.start(formatTime(now))
    let first = true
    let cursor: string | undefined
    do {
      const { rows, lookedDownTo } = await findEntries(store.db, wanted, pageSize, cursor)
      let part = ''
      for (const entry of await toEntries(store, rows)) {
        part += form.entry(entry, first)
        first = false
      }
      if (part !== '') yield part
      cursor = rows.length === pageSize ? rows.at(-1)?.id : lookedDownTo
    } while (cursor !== undefined)
    yield form.end
  }
  return {
    contentType: form.type,
    fileName: `audit-${formatTime(now).slice(0, 19).replaceAll(':', '')}Z.${format}`,
    text: text(),
  }
}
