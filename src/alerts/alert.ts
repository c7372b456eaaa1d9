// An alert as answers, messages and webhooks tell it.
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import { type Detail, kindOf } from './kinds.ts'

export type AlertRow = ActivitySchema['alerts']

export interface Alert {
  id: string
  kind: string
  organization_id: string | null
  user_id: string | null
  subject_kind: string
  subject_id: string
  /** What has happened, in one line, and what to do about it. */
  title: string
  advice: string
  /** Of the dashboard, where that is done. */
  path: string
  detail: Detail
  /** RFC 3339, as all times here. */
  created_at: string
  dismissed_at: string | null
}

export const toAlert = (row: AlertRow): Alert => {
  const subject = {
    organizationId: row.organization_id,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    detail: JSON.parse(row.detail) as Detail,
  }
  const kind = kindOf(row.kind)
  return {
    id: row.id,
    kind: row.kind,
    organization_id: row.organization_id,
    user_id: row.user_id,
    subject_kind: row.subject_kind,
    subject_id: row.subject_id,
    title: kind?.title(subject) ?? row.kind,
    advice: kind?.advice(subject) ?? '',
    path: kind?.path(subject) ?? '/organizations',
    detail: subject.detail,
    created_at: formatTime(row.created_at),
    dismissed_at: formatTimeOrNull(row.dismissed_at),
  }
}
