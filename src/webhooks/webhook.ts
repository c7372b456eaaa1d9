// A webhook as answers tell it: never its secret, which is told when it is made.
import type { Kysely } from 'kysely'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { fetchMistake } from '../clients/strangers-address.ts'
import { Refusal } from '../errors.ts'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type EventName, eventNames } from './events.ts'

export type WebhookRow = Schema['webhooks']

export interface Webhook {
  id: string
  organization_id: string
  url: string
  /** null: all. */
  events: EventName[] | null
  created_by: string | null
  /** null: nobody, or gone. */
  created_by_name: string | null
  /** RFC 3339, as all times here. */
  created_at: string
  disabled_at: string | null
  /** Who or what turned it off: somebody, five days of failures, or its receiver (410 Gone). */
  disabled_why: 'person' | 'failing' | 'gone' | null
  /** Since when nothing has been delivered. */
  failing_since: string | null
  /** Until when the former secret signs too. */
  former_secret_until: string | null
}

export type WebhookWithSecret = Webhook & { secret: string }

export interface WebhookPath {
  organization_id: string
  webhook_id: string
}

/** Addresses may hold secrets in their path: the trail names the host alone. */
export const hostOf = (url: string): string => new URL(url).host

/** Throws `invalid_request` for an address that may not be sent to. */
export const requireUrl = (issuer: string, url: string): void => {
  const mistake = fetchMistake(issuer, url)
  if (mistake !== undefined) throw new Refusal('invalid_request', `The url ${mistake}.`)
}

/** As it is kept; null: all. */
export const eventsColumn = (events: readonly string[] | null): string | null =>
  events === null ? null : JSON.stringify(eventNames.filter((name) => events.includes(name)))

export const toWebhooks = async (
  store: Store,
  db: Kysely<Schema>,
  rows: readonly WebhookRow[],
  now: number,
): Promise<Webhook[]> => {
  if (rows.length === 0) return []
  const failures = await store.activity
    .selectFrom('webhook_failures')
    .selectAll()
    .where(
      'webhook_id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute()
  const people = await db
    .selectFrom('users')
    .select(['id', 'name'])
    .where(
      'id',
      'in',
      rows.map(({ created_by }) => created_by ?? ''),
    )
    .execute()
  return rows.map((row) => ({
    id: row.id,
    organization_id: row.organization_id,
    url: row.url,
    events: row.events === null ? null : (JSON.parse(row.events) as EventName[]),
    created_by: row.created_by,
    created_by_name: people.find(({ id }) => id === row.created_by)?.name ?? null,
    created_at: formatTime(row.created_at),
    disabled_at: formatTimeOrNull(row.disabled_at),
    disabled_why: row.disabled_why,
    failing_since: formatTimeOrNull(failures.find(({ webhook_id }) => webhook_id === row.id)?.since ?? null),
    former_secret_until: formatTimeOrNull(
      row.former_until !== null && row.former_until > now ? row.former_until : null,
    ),
  }))
}

export const toWebhook = async (store: Store, db: Kysely<Schema>, row: WebhookRow, now: number): Promise<Webhook> => {
  const [webhook] = await toWebhooks(store, db, [row], now)
  return webhook as Webhook
}

/** For admins. Throws as `requireRole`, and `not_found`. */
export const findWebhook = async (
  db: Kysely<Schema>,
  actor: Actor,
  { organization_id, webhook_id }: WebhookPath,
): Promise<WebhookRow> => {
  requireRole(actor, organization_id, 'admin', 'alerts')
  const row = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('organization_id', '=', organization_id)
    .where('id', '=', webhook_id)
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no such webhook.')
  return row
}
