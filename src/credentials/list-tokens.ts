// Lists and reads personal access tokens, revoked ones included.
import { type Actor, requireOperator, requireUser } from '../accounts/actor.ts'
import { findUser } from '../accounts/users/user.ts'
import { type Page, pageOf } from '../store/page.ts'
import { contains } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import { type TokenPath, findToken } from './find.ts'
import { type Filters, pageRows, withStatus } from './list.ts'
import { type TokenJson, toToken, toTokens } from './token.ts'

/** The actor's own personal access tokens, or for operators those of `user_id`. `q`: a part of the name or the hint. */
export const listTokens = async (
  store: Store,
  actor: Actor,
  input: Filters & { user_id?: string | undefined; q?: string | undefined },
  now: number,
): Promise<Page<TokenJson>> => {
  if (input.user_id !== undefined) requireOperator(actor, 'see the tokens of others')
  const owner = input.user_id ?? requireUser(actor)
  await findUser(store.db, owner)
  const { q } = input
  let query = store.db
    .selectFrom('credentials')
    .selectAll()
    .where('user_id', '=', owner)
    .where('kind', '=', 'personal_access_token')
  if (q !== undefined) query = query.where((eb) => eb.or([contains('name', q), contains('hint', q)]))
  const rows = await pageRows(withStatus(query, input.status, now), input)
  const tokens = await toTokens(store, store.db, rows, now)
  return pageOf(
    input,
    tokens,
    ({ id }) => id,
    (token) => token,
  )
}

export const getToken = async (store: Store, actor: Actor, path: TokenPath, now: number): Promise<TokenJson> =>
  toToken(store, store.db, await findToken(store.db, actor, 'personal_access_token', path), now)
