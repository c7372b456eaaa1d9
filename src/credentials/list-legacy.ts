// Lists and reads legacy tokens: a person's own, for operators everybody's.
import { type Actor, requireOperator } from '../accounts/actor.ts'
import { type Page, type PageRequest, pageOf } from '../store/page.ts'
import { contains } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import { type TokenPath, findToken } from './find.ts'
import { type LegacyTokenJson, toLegacyTokens } from './legacy-token.ts'
import { pageRows } from './list.ts'

/** Every legacy token, for operators, or those of `user_id`, the actor. `q`: a part of the name, the hint, or the owner's name or address. */
export const listLegacyTokens = async (
  store: Store,
  actor: Actor,
  input: PageRequest & { user_id?: string | undefined; q?: string | undefined },
  now: number,
): Promise<Page<LegacyTokenJson>> => {
  if (input.user_id === undefined) requireOperator(actor, 'see the legacy tokens of others')
  const { q, user_id } = input
  let query = store.db.selectFrom('credentials').selectAll().where('kind', '=', 'legacy_token')
  if (user_id !== undefined) query = query.where('user_id', '=', user_id)
  if (q !== undefined)
    query = query.where((eb) =>
      eb.or([
        contains('name', q),
        contains('hint', q),
        eb('user_id', 'in', (from) =>
          from
            .selectFrom('users')
            .select('users.id')
            .where((user) => user.or([contains('users.name', q), contains('users.email', q)])),
        ),
      ]),
    )
  const tokens = await toLegacyTokens(store, await pageRows(query, input), now)
  return pageOf(
    input,
    tokens,
    ({ id }) => id,
    (token) => token,
  )
}

export const getLegacyToken = async (
  store: Store,
  actor: Actor,
  path: TokenPath,
  now: number,
): Promise<LegacyTokenJson> => {
  const [token] = await toLegacyTokens(store, [await findToken(store.db, actor, 'legacy_token', path)], now)
  return token as LegacyTokenJson
}
