// One user.
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator } from '../actor.ts'
import { findUser, type User } from './user.ts'

/** Throws `forbidden` or `not_found`. */
export const getUser = (store: Store, actor: Actor, userId: string): Promise<User> => {
  requireOperator(actor, 'see other users')
  return findUser(store.db, userId)
}
