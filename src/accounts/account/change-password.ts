// Changes one's own password, by the former one (OWASP ASVS 5.0 §6.2.3), and signs out every other browser (§7.4.3).
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { hashPassword } from '../password.ts'
import { endOtherSessions } from '../sessions.ts'
import { findUser } from '../users/user.ts'
import { type ProofDeps, forgetGuesses, matchingHash, takeGuess } from './proof.ts'

export interface PasswordChange {
  /** Left out where none is set yet: then the person must just have proven who they are. */
  current_password?: string | undefined
  new_password: string
}

/** Answers how many other sessions have ended. Throws `forbidden`, `invalid_request`, `reauthentication_required`, `rate_limit_exceeded`, `temporarily_unavailable`. */
export const changePassword = async (
  deps: ProofDeps,
  actor: Actor,
  { current_password: current, new_password: wanted }: PasswordChange,
  now: number,
): Promise<{ ended_sessions: number }> => {
  const { store } = deps
  const userId = requireSession(actor)
  const { email, name } = await findUser(store.db, userId)
  let former: string | null = null
  if (current === undefined) requireRecent(actor, now)
  // every attempt takes a place in the line for hashing, in which all others wait who sign in
  await takeGuess(deps, actor, userId, now)
  if (current !== undefined) {
    const hash = await matchingHash(store, userId, current)
    if (hash === undefined) throw new Refusal('forbidden', 'This is not your present password.')
    if (current === wanted) throw new Refusal('invalid_request', 'The new password is the same as the present one.')
    former = hash
    forgetGuesses(deps, actor, userId)
  }
  const passwordHash = await hashPassword(wanted, email, name)
  return store.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('users')
      .set({ password_hash: passwordHash })
      .where('id', '=', userId)
      .where('password_hash', 'is not distinct from', former)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n)
      throw new Refusal('forbidden', 'Give your present password too: it is set, or was changed just now.')
    // one that an operator made and nobody has used would set another password still
    await trx.deleteFrom('links').where('user_id', '=', userId).execute()
    await recordChange(trx, actor, now, { action: 'user.password_changed', targetKind: 'user', targetId: userId })
    return { ended_sessions: await endOtherSessions(trx, actor, userId, now) }
  })
}
