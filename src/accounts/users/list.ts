// Lists every user, newest first.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator } from '../actor.ts'
import { toUser, type User, userColumns } from './user.ts'

/** Throws `forbidden`. */
export const listUsers = async (store: Store, actor: Actor, request: PageRequest): Promise<Page<User>> => {
  requireOperator(actor, 'list users')
  let query = store.db.selectFrom('users').select(userColumns).orderBy('id', 'desc').limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  return pageOf(request, await query.execute(), (row) => row.id, toUser)
}
