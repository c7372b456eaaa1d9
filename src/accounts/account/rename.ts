// Changes what people call oneself.
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireSession } from '../actor.ts'
import { cleanName } from '../name.ts'
import { findUser } from '../users/user.ts'

/** Throws `forbidden` or `invalid_request`. */
export const renameSelf = (store: Store, actor: Actor, given: string, now: number): Promise<void> => {
  const userId = requireSession(actor)
  const name = cleanName(given)
  return store.transaction(async (trx) => {
    if ((await findUser(trx, userId)).name === name) return
    await trx.updateTable('users').set({ name }).where('id', '=', userId).execute()
    const detail = { name }
    await recordChange(trx, actor, now, { action: 'user.updated', targetKind: 'user', targetId: userId, detail })
  })
}
