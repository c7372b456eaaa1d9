// Deletes one's own account with all tokens and sessions.
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { removeUser } from '../users/delete.ts'
import { type User, findUser } from '../users/user.ts'

/** Answers who it was. Throws `forbidden`, `reauthentication_required`, or `conflict` for the last owner of an organization and the last active operator. */
export const deleteSelf = (store: Store, actor: Actor, now: number): Promise<User> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const user = await findUser(trx, userId)
    await removeUser(trx, actor, user, 'You are', now)
    return user
  })
}
