// Deletes a user with memberships, tokens and links. API keys stay: they belong to the organization, not to their author.
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRecent } from '../actor.ts'
import { requireAnotherOperator } from './operators.ts'
import { type User, findUser } from './user.ts'

const maxNamed = 5

/** Throws `conflict`, naming them, where organizations would be left without an owner. */
const requireNoSoleOwnership = async (
  trx: Transaction<Schema>,
  userId: string,
  who: 'The user is' | 'You are',
): Promise<void> => {
  const sole = await trx
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id', 'o.name'])
    .where('m.user_id', '=', userId)
    .where('m.role', '=', 'owner')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('members as other')
            .innerJoin('users as u', 'u.id', 'other.user_id')
            .select('other.user_id')
            .whereRef('other.organization_id', '=', 'm.organization_id')
            .where('other.role', '=', 'owner')
            .where('other.user_id', '<>', userId)
            .where('u.suspended_at', 'is', null),
        ),
      ),
    )
    .orderBy('o.id')
    .limit(maxNamed + 1)
    .execute()
  if (sole.length === 0) return
  const named = sole.slice(0, maxNamed).map(({ id, name }) => `"${name}" (${id})`)
  const more = sole.length > maxNamed ? ' and more' : ''
  throw new Refusal(
    'conflict',
    `${who} the last owner of ${named.join(', ')}${more}. Make another member owner, or delete the organization.`,
  )
}

/** Throws `conflict` for the last owner of an organization and the last active operator. Memberships, sessions and links go by cascade. */
export const removeUser = async (
  trx: Transaction<Schema>,
  actor: Actor,
  { id, email, operator, suspended_at }: User,
  who: 'The user is' | 'You are',
  now: number,
): Promise<void> => {
  await requireNoSoleOwnership(trx, id, who)
  if (operator && suspended_at === null) await requireAnotherOperator(trx, id)
  const tokens = await trx
    .deleteFrom('credentials')
    .where('user_id', '=', id)
    .where('kind', '<>', 'api_key')
    .executeTakeFirst()
  await trx.deleteFrom('users').where('id', '=', id).execute()
  await recordChange(trx, actor, now, {
    action: 'user.deleted',
    targetKind: 'user',
    targetId: id,
    detail: { email, tokens: Number(tokens.numDeletedRows) },
  })
}

/** Throws `forbidden`, `not_found`, or `conflict` for the last owner of an organization and the last active operator. */
export const deleteUser = (
  store: Store,
  actor: Actor,
  userId: string,
  now: number,
): Promise<{ id: string; deleted: true }> => {
  requireOperator(actor, 'delete users')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    await removeUser(trx, actor, await findUser(trx, userId), 'The user is', now)
    return { id: userId, deleted: true }
  })
}
