// Lists every user, newest first, searched by a part of the name or the e-mail address.
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import { contains } from '../../store/search.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator } from '../actor.ts'
import { toUser, type User, userColumns } from './user.ts'

/** Throws `forbidden`. */
export const listUsers = async (
  store: Store,
  actor: Actor,
  request: PageRequest & { q?: string | undefined },
): Promise<Page<User>> => {
  requireOperator(actor, 'list users')
  let query = store.db.selectFrom('users').select(userColumns).orderBy('id', 'desc').limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const { q = '' } = request
  if (q !== '') query = query.where((eb) => eb.or([contains('name', q), contains('email', q)]))
  return pageOf(request, await query.execute(), (row) => row.id, toUser)
}
