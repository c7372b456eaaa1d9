// Makes a webhook. Its secret is told once; kept sealed, because it must sign.
import { type Actor, requireRecent, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { idAt } from '../store/time-id.ts'
import { makeWebhookSecret, secretContext } from './signature.ts'
import { type WebhookRow, type WebhookWithSecret, eventsColumn, hostOf, requireUrl, toWebhook } from './webhook.ts'

/** Of one organization. */
const maxWebhooks = 10

export interface NewWebhook {
  organization_id: string
  url: string
  /** Kinds of alerts; null: all. */
  events?: readonly string[] | null | undefined
}

/** For admins. Throws as `requireRole` and `requireRecent`, `invalid_request` for an address that may not be sent to, `conflict` for one too many. */
export const createWebhook = (
  store: Store,
  config: Pick<Config, 'issuer'>,
  box: SecretBox,
  actor: Actor,
  { organization_id, url, events = null }: NewWebhook,
  now: number,
): Promise<WebhookWithSecret> => {
  requireRole(actor, organization_id, 'admin', 'alerts')
  requireRecent(actor, now)
  requireUrl(config.issuer, url)
  return store.transaction(async (trx) => {
    await findOrganization(trx, actor, organization_id)
    const existing = await trx
      .selectFrom('webhooks')
      .select('id')
      .where('organization_id', '=', organization_id)
      .execute()
    if (existing.length >= maxWebhooks)
      throw new Refusal('conflict', `An organization has at most ${maxWebhooks} webhooks: delete one first.`)
    const id = idAt(now)
    const secret = makeWebhookSecret()
    const row: WebhookRow = {
      id,
      organization_id,
      url,
      sealed: box.seal(Buffer.from(secret), secretContext(id)),
      former_sealed: null,
      former_until: null,
      events: eventsColumn(events),
      created_by: actor.userId ?? null,
      created_at: now,
      disabled_at: null,
      disabled_why: null,
    }
    await trx.insertInto('webhooks').values(row).execute()
    await recordChange(trx, actor, now, {
      action: 'webhook.created',
      targetKind: 'webhook',
      targetId: id,
      organizationId: organization_id,
      detail: { host: hostOf(url), events },
    })
    return { ...(await toWebhook(store, trx, row, now)), secret }
  })
}
