// Puts messages on their way to the webhooks that want them: durably, and each once to a webhook however often it is tried.
import type { Store } from '../store/store.ts'
import { idAt } from '../store/time-id.ts'
import { maxAttempts } from './schedule.ts'

/** Deliveries of one webhook that are kept; the oldest go. */
export const maxKept = 1000

export interface Message {
  /** The same to every webhook and through every attempt (`webhook-id`). */
  id: string
  event: string
  /** JSON. */
  body: string
}

/** Once to this webhook. `now`: Unix milliseconds. */
export const enqueueTo = async (
  { activity }: Store,
  webhookId: string,
  { id: messageId, event, body }: Message,
  now: number,
): Promise<void> => {
  await activity
    .insertInto('webhook_deliveries')
    .values({
      id: idAt(now),
      webhook_id: webhookId,
      message_id: messageId,
      event,
      body,
      attempts: '[]',
      attempts_left: maxAttempts,
      next_at: now,
      created_at: now,
      delivered_at: null,
    })
    .onConflict((conflict) => conflict.columns(['webhook_id', 'message_id']).doNothing())
    .execute()
  await activity
    .deleteFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('id', '<=', (from) =>
      from
        .selectFrom('webhook_deliveries as kept')
        .select('kept.id')
        .where('kept.webhook_id', '=', webhookId)
        .orderBy('kept.id', 'desc')
        .limit(1)
        .offset(maxKept),
    )
    .execute()
}

/** To the organization's webhooks that are on and want this event. */
export const enqueue = async (store: Store, organizationId: string, message: Message, now: number): Promise<void> => {
  const webhooks = await store.db
    .selectFrom('webhooks')
    .select(['id', 'events'])
    .where('organization_id', '=', organizationId)
    .where('disabled_at', 'is', null)
    .execute()
  for (const { id, events } of webhooks)
    if (events === null || (JSON.parse(events) as string[]).includes(message.event))
      await enqueueTo(store, id, message, now)
}
