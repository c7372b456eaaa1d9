// What was sent to a webhook, or will be: the log that its owners repair a receiver by, and deliveries that they ask for.
import { randomUUIDv7 } from 'node:crypto'
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { enqueueTo } from './enqueue.ts'
import { testEvent } from './events.ts'
import { type WebhookPath, type WebhookRow, findWebhook } from './webhook.ts'

export type DeliveryRow = ActivitySchema['webhook_deliveries']

/** One attempt, as it is kept and told. */
export interface Attempt {
  /** RFC 3339. */
  at: string
  /** HTTP status of the answer; null: there was none. */
  status: number | null
  /** null: it was taken. */
  failure: string | null
  duration_ms: number
}

export interface Delivery {
  id: string
  webhook_id: string
  /** `webhook-id`: the same through every attempt. */
  message_id: string
  event: string
  state: 'pending' | 'delivered' | 'failed'
  /** Oldest first. */
  attempts: Attempt[]
  created_at: string
  delivered_at: string | null
  next_attempt_at: string | null
}

export const attemptsOf = (row: Pick<DeliveryRow, 'attempts'>): Attempt[] => JSON.parse(row.attempts) as Attempt[]

const toDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  webhook_id: row.webhook_id,
  message_id: row.message_id,
  event: row.event,
  state: row.next_at !== null ? 'pending' : row.delivered_at !== null ? 'delivered' : 'failed',
  attempts: attemptsOf(row),
  created_at: formatTime(row.created_at),
  delivered_at: formatTimeOrNull(row.delivered_at),
  next_attempt_at: formatTimeOrNull(row.next_at),
})

export interface DeliveryPath extends WebhookPath {
  delivery_id: string
}

/** Newest first. Throws as `findWebhook`. */
export const listDeliveries = async (
  store: Store,
  actor: Actor,
  path: WebhookPath,
  request: PageRequest,
): Promise<Page<Delivery>> => {
  const { id } = await findWebhook(store.db, actor, path)
  let query = store.activity.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', id)
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const rows = await query.orderBy('id', 'desc').limit(rowsFor(request)).execute()
  return pageOf(request, rows, (row) => row.id, toDelivery)
}

const findDelivery = async ({ activity }: Store, webhookId: string, id: string): Promise<DeliveryRow> => {
  const row = await activity
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no such delivery.')
  return row
}

/** With the body as it is sent. Throws as `findWebhook`, and `not_found`. */
export const getDelivery = async (
  store: Store,
  actor: Actor,
  path: DeliveryPath,
): Promise<Delivery & { body: string }> => {
  const { id } = await findWebhook(store.db, actor, path)
  const row = await findDelivery(store, id, path.delivery_id)
  return { ...toDelivery(row), body: row.body }
}

const requireOn = ({ disabled_at }: WebhookRow): void => {
  if (disabled_at !== null) throw new Refusal('conflict', 'This webhook is off: turn it on first.')
}

const recordRequest = (store: Store, actor: Actor, action: string, row: WebhookRow, event: string, now: number) =>
  store.transaction((trx) =>
    recordChange(trx, actor, now, {
      action,
      targetKind: 'webhook',
      targetId: row.id,
      organizationId: row.organization_id,
      detail: { event },
    }),
  )

/** Sends a message again, once, and at once. Throws as `getDelivery`, and `conflict` for a webhook that is off. */
export const redeliver = async (store: Store, actor: Actor, path: DeliveryPath, now: number): Promise<Delivery> => {
  const webhook = await findWebhook(store.db, actor, path)
  const row = await findDelivery(store, webhook.id, path.delivery_id)
  requireOn(webhook)
  await recordRequest(store, actor, 'webhook.redelivered', webhook, row.event, now)
  // one that is pending keeps its attempts, and has but the pause cut short
  const attempts_left = row.next_at === null ? 1 : row.attempts_left
  await store.activity
    .updateTable('webhook_deliveries')
    .set({ next_at: now, attempts_left, delivered_at: null })
    .where('id', '=', row.id)
    .execute()
  return toDelivery({ ...row, next_at: now, attempts_left, delivered_at: null })
}

/** Sends a message that means nothing. Throws as `findWebhook`, and `conflict` for a webhook that is off. */
export const sendTest = async (store: Store, actor: Actor, path: WebhookPath, now: number): Promise<Delivery> => {
  const webhook = await findWebhook(store.db, actor, path)
  requireOn(webhook)
  await recordRequest(store, actor, 'webhook.tested', webhook, testEvent, now)
  const message_id = `msg_${randomUUIDv7()}`
  const data = { organization_id: webhook.organization_id, webhook_id: webhook.id }
  const body = JSON.stringify({ type: testEvent, timestamp: formatTime(now), data })
  await enqueueTo(store, webhook.id, { id: message_id, event: testEvent, body }, now)
  const row = await store.activity
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', webhook.id)
    .where('message_id', '=', message_id)
    .executeTakeFirstOrThrow()
  return toDelivery(row)
}
