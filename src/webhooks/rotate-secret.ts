// Gives a webhook a new secret; the former one signs too for an overlap, so that the receiver can change over in its own time.
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { makeWebhookSecret, secretContext } from './signature.ts'
import { type WebhookPath, type WebhookWithSecret, findWebhook, toWebhook } from './webhook.ts'

/** For admins; 0: the former secret ends now. Throws as `findWebhook` and `requireRecent`. */
export const rotateWebhookSecret = (
  store: Store,
  box: SecretBox,
  actor: Actor,
  path: WebhookPath,
  overlapSeconds: number,
  now: number,
): Promise<WebhookWithSecret> =>
  store.transaction(async (trx) => {
    const before = await findWebhook(trx, actor, path)
    requireRecent(actor, now)
    const secret = makeWebhookSecret()
    const change = {
      sealed: box.seal(Buffer.from(secret), secretContext(before.id)),
      former_sealed: overlapSeconds > 0 ? before.sealed : null,
      former_until: overlapSeconds > 0 ? now + overlapSeconds * 1000 : null,
    }
    await trx
      .updateTable('webhooks')
      .set(change)
      .where('organization_id', '=', path.organization_id)
      .where('id', '=', before.id)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'webhook.secret_rotated',
      targetKind: 'webhook',
      targetId: before.id,
      organizationId: path.organization_id,
      detail: { overlap_seconds: overlapSeconds },
    })
    return { ...(await toWebhook(store, trx, { ...before, ...change }, now)), secret }
  })
