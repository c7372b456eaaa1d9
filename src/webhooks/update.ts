// Changes where a webhook sends to, what it is sent, and whether it is on.
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import type { Store } from '../store/store.ts'
import { type Webhook, type WebhookPath, eventsColumn, findWebhook, hostOf, requireUrl, toWebhook } from './webhook.ts'

export interface WebhookChange {
  url?: string
  /** null: all. */
  events?: readonly string[] | null
  enabled?: boolean
}

/** For admins. Throws as `findWebhook`, `requireRecent` for another address, and `invalid_request`. */
export const updateWebhook = async (
  store: Store,
  config: Pick<Config, 'issuer'>,
  actor: Actor,
  path: WebhookPath,
  { url, events, enabled }: WebhookChange,
  now: number,
): Promise<Webhook> => {
  if (url !== undefined) requireUrl(config.issuer, url)
  const row = await store.transaction(async (trx) => {
    const before = await findWebhook(trx, actor, path)
    if (url !== undefined) requireRecent(actor, now)
    const switched = enabled !== undefined && enabled === (before.disabled_at !== null)
    const after = {
      ...before,
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events: eventsColumn(events) }),
      ...(switched && { disabled_at: enabled ? null : now, disabled_why: enabled ? null : ('person' as const) }),
    }
    await trx
      .updateTable('webhooks')
      .set({
        url: after.url,
        events: after.events,
        disabled_at: after.disabled_at,
        disabled_why: after.disabled_why,
      })
      .where('organization_id', '=', path.organization_id)
      .where('id', '=', before.id)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'webhook.updated',
      targetKind: 'webhook',
      targetId: before.id,
      organizationId: path.organization_id,
      detail: {
        ...(url !== undefined && { host: hostOf(url) }),
        ...(events !== undefined && { events }),
        ...(switched && { enabled }),
      },
    })
    return after
  })
  // counted anew from here on: another address, or somebody says that it works again
  if (url !== undefined || enabled)
    await store.activity.deleteFrom('webhook_failures').where('webhook_id', '=', row.id).execute()
  return toWebhook(store, store.db, row, now)
}
