// Changes a user's name, makes or unmakes an operator, suspends or resumes. Look-ups join the user, so it holds from the next request on.
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRecent } from '../actor.ts'
import { cleanName } from '../name.ts'
import { endSessionsOf } from '../sessions.ts'
import { requireAnotherOperator } from './operators.ts'
import { findUser, type User } from './user.ts'

export interface UserChanges {
  name?: string | undefined
  operator?: boolean | undefined
  suspended?: boolean | undefined
}

/** What is left out, or is so already, stays. Throws `forbidden`, `not_found`, `invalid_request`, or `conflict` for the last active operator. */
export const updateUser = (
  store: Store,
  actor: Actor,
  userId: string,
  changes: UserChanges,
  now: number,
): Promise<User> => {
  requireOperator(actor, 'change users')
  requireRecent(actor, now)
  const name = changes.name === undefined ? undefined : cleanName(changes.name)
  return store.transaction(async (trx) => {
    const before = await findUser(trx, userId)
    const detail = {
      ...(name !== undefined && name !== before.name && { name }),
      ...(changes.operator !== undefined && changes.operator !== before.operator && { operator: changes.operator }),
      ...(changes.suspended !== undefined &&
        changes.suspended !== (before.suspended_at !== null) && { suspended: changes.suspended }),
    }
    if (Object.keys(detail).length === 0) return before
    if (before.operator && before.suspended_at === null && (detail.operator === false || detail.suspended === true))
      await requireAnotherOperator(trx, userId)
    await trx
      .updateTable('users')
      .set({
        ...(detail.name !== undefined && { name: detail.name }),
        ...(detail.operator !== undefined && { operator: detail.operator ? 1 : 0 }),
        ...(detail.suspended !== undefined && { suspended_at: detail.suspended ? now : null }),
      })
      .where('id', '=', userId)
      .execute()
    await recordChange(trx, actor, now, { action: 'user.updated', targetKind: 'user', targetId: userId, detail })
    // whoever was signed in is not so again when the person is resumed
    if (detail.suspended === true) await endSessionsOf(trx, actor, userId, now)
    return findUser(trx, userId)
  })
}
