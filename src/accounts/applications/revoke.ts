// Takes back what a person allowed an application: every grant and what is remembered. Tokens are judged with their grant at each
// request, so that all of them end at once, everywhere (RFC 7009 §2.1).
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { type ApplicationsPath, personOf } from './application.ts'

/** Throws as `personOf` does, and `not_found` where nothing is left to take back. */
export const revokeApplication = (
  store: Store,
  actor: Actor,
  { client_id: clientId, ...path }: ApplicationsPath & { client_id: string },
  now: number,
): Promise<{ client_id: string; revoked: true }> => {
  const userId = personOf(actor, path)
  return store.transaction(async (trx) => {
    const forgotten = await trx
      .deleteFrom('consents')
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .returning('organization_id')
      .execute()
    const revoked = await trx
      .updateTable('grants')
      .set({ revoked_at: now })
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .where('revoked_at', 'is', null)
      .returning('organization_id')
      .execute()
    const reached = Map.groupBy([...forgotten, ...revoked], (row) => row.organization_id)
    if (reached.size === 0) throw new Refusal('not_found', 'This person has not connected such an application.')
    // in the trail of every organization that it acted for
    for (const organizationId of reached.keys())
      await recordChange(trx, actor, now, {
        action: 'application.revoked',
        targetKind: 'application',
        targetId: clientId,
        organizationId,
        detail: {
          user_id: userId,
          grants: revoked.filter((row) => row.organization_id === organizationId).length,
        },
      })
    return { client_id: clientId, revoked: true as const }
  })
}
