// Puts alerts aside: for everybody in the organization, as whoever does so has seen to them.
import { type Actor, requireRole, requireWholePerson } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Alert, toAlert } from './alert.ts'
import type { OwnerColumn } from './list.ts'

const dismiss = async (
  store: Store,
  actor: Actor,
  [column, owner]: OwnerColumn,
  id: string,
  now: number,
): Promise<Alert> => {
  const row = await store.activity
    .selectFrom('alerts')
    .selectAll()
    .where(column, '=', owner)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no such alert.')
  if (row.dismissed_at !== null) return toAlert(row)
  const { kind, subject_kind, subject_id } = row
  await store.transaction((trx) =>
    recordChange(trx, actor, now, {
      action: 'alert.dismissed',
      targetKind: 'alert',
      targetId: id,
      organizationId: row.organization_id,
      detail: { kind, subject_kind, subject_id },
    }),
  )
  await store.activity.updateTable('alerts').set({ dismissed_at: now }).where('id', '=', id).execute()
  return toAlert({ ...row, dismissed_at: now })
}

/** For admins. Throws as `requireRole`, and `not_found`. */
export const dismissAlert = async (
  store: Store,
  actor: Actor,
  { organization_id, alert_id }: { organization_id: string; alert_id: string },
  now: number,
): Promise<Alert> => {
  requireRole(actor, organization_id, 'admin', 'alerts')
  return dismiss(store, actor, ['organization_id', organization_id], alert_id, now)
}

/** Throws as `requireWholePerson`, and `not_found`. */
export const dismissOwnAlert = async (store: Store, actor: Actor, alertId: string, now: number): Promise<Alert> =>
  dismiss(store, actor, ['user_id', requireWholePerson(actor)], alertId, now)
