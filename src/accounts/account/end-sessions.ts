// Signs out browsers from another one: their next request is nobody's (OWASP ASVS 5.0 §7.4.4).
import { Refusal } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireSession } from '../actor.ts'
import { endOtherSessions, endSessionOf } from '../sessions.ts'

/** Throws `forbidden` or `not_found`. */
export const endOwnSession = (
  store: Store,
  actor: Actor,
  id: string,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  const userId = requireSession(actor)
  return store.transaction(async (trx) => {
    if (!(await endSessionOf(trx, actor, { id, userId }, now)))
      throw new Refusal('not_found', 'You have no session with this id.')
    return { id, deleted: true as const }
  })
}

/** Throws `forbidden`. */
export const endOthers = (store: Store, actor: Actor, now: number): Promise<{ ended_sessions: number }> => {
  const userId = requireSession(actor)
  return store.transaction(async (trx) => ({ ended_sessions: await endOtherSessions(trx, actor, userId, now) }))
}
