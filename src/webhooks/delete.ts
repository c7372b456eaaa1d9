// Deletes a webhook with its secret and its deliveries: nothing more is sent to it.
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Store } from '../store/store.ts'
import { type WebhookPath, findWebhook, hostOf } from './webhook.ts'

/** For admins. Throws as `findWebhook`. */
export const deleteWebhook = async (
  store: Store,
  actor: Actor,
  path: WebhookPath,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  const id = await store.transaction(async (trx) => {
    const row = await findWebhook(trx, actor, path)
    await trx
      .deleteFrom('webhooks')
      .where('organization_id', '=', path.organization_id)
      .where('id', '=', row.id)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'webhook.deleted',
      targetKind: 'webhook',
      targetId: row.id,
      organizationId: path.organization_id,
      detail: { host: hostOf(row.url) },
    })
    return row.id
  })
  await store.activity.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute()
  await store.activity.deleteFrom('webhook_failures').where('webhook_id', '=', id).execute()
  return { id, deleted: true }
}
