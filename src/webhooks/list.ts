// Lists an organization's webhooks, newest first.
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { type Webhook, type WebhookPath, findWebhook, toWebhook, toWebhooks } from './webhook.ts'

/** For admins: an address may hold a secret. Throws as `requireRole`. */
export const listWebhooks = async (
  store: Store,
  actor: Actor,
  organizationId: string,
  request: PageRequest,
  now: number,
): Promise<Page<Webhook>> => {
  requireRole(actor, organizationId, 'admin', 'alerts')
  await findOrganization(store.db, actor, organizationId)
  let query = store.db.selectFrom('webhooks').selectAll().where('organization_id', '=', organizationId)
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const rows = await query.orderBy('id', 'desc').limit(rowsFor(request)).execute()
  const page = pageOf(
    request,
    rows,
    (row) => row.id,
    (row) => row,
  )
  return { data: await toWebhooks(store, store.db, page.data, now), next_cursor: page.next_cursor }
}

/** Throws as `findWebhook`. */
export const getWebhook = async (store: Store, actor: Actor, path: WebhookPath, now: number): Promise<Webhook> =>
  toWebhook(store, store.db, await findWebhook(store.db, actor, path), now)
