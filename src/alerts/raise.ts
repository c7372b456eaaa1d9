// Raises alerts: each once, however many processes find it and however often.
import type { Store } from '../store/store.ts'
import { idAt } from '../store/time-id.ts'
import type { AlertKindName, Detail } from './kinds.ts'
import { settingsOf } from './settings.ts'

export interface NewAlert {
  kind: AlertKindName
  /** Whose it is: an organization's, or of personal and legacy tokens a person's. */
  organizationId: string | null
  userId: string | null
  subjectKind: string
  subjectId: string
  /** What tells it from the next one of its kind about the same: a day, an end, a stage. */
  period: string
  detail: Detail
}

/** Rows in one statement: bound by the parameters that a statement may have. */
const batchSize = 500

/** Keeps those that are new and wanted; answers how many. They are told of afterwards (tell.ts). `now`: Unix milliseconds. */
export const raiseAlerts = async (store: Store, alerts: readonly NewAlert[], now: number): Promise<number> => {
  const settings = await settingsOf(
    store.db,
    alerts.flatMap(({ organizationId }) => (organizationId === null ? [] : [organizationId])),
  )
  const wanted = alerts.filter(({ kind, organizationId }) => settings(organizationId).isRaised(kind))
  let raised = 0
  for (let from = 0; from < wanted.length; from += batchSize) {
    const { numInsertedOrUpdatedRows = 0n } = await store.activity
      .insertInto('alerts')
      .values(
        wanted.slice(from, from + batchSize).map((alert) => ({
          id: idAt(now),
          organization_id: alert.organizationId,
          user_id: alert.userId,
          kind: alert.kind,
          subject_kind: alert.subjectKind,
          subject_id: alert.subjectId,
          once: [alert.kind, alert.subjectId, alert.period].join('|'),
          detail: JSON.stringify(alert.detail),
          created_at: now,
          dismissed_at: null,
          tell_at: now,
        })),
      )
      .onConflict((conflict) => conflict.column('once').doNothing())
      .executeTakeFirstOrThrow()
    raised += Number(numInsertedOrUpdatedRows)
  }
  return raised
}
