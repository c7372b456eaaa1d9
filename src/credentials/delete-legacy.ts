// Deletes a legacy token: nothing of it stays, and the next request with it is refused.
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Store } from '../store/store.ts'
import { requireReachOf } from './create-token.ts'
import { type TokenPath, findToken } from './find.ts'

/** Throws `not_found` for everybody but the owner and operators, `forbidden` through a token that reaches less. */
export const deleteLegacyToken = (
  store: Store,
  actor: Actor,
  path: TokenPath,
  now: number,
): Promise<{ id: string; deleted: true }> =>
  store.transaction(async (trx) => {
    const row = await findToken(trx, actor, 'legacy_token', path)
    requireReachOf(actor, row, [])
    const { id, kind, name, hint, user_id, organization_id } = row
    await trx
      .deleteFrom('credentials')
      .where('user_id', '=', user_id)
      .where('kind', '=', kind)
      .where('id', '=', id)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'legacy_token.deleted',
      targetKind: kind,
      targetId: id,
      organizationId: organization_id,
      detail: { name, hint, user_id },
    })
    return { id, deleted: true as const }
  })
