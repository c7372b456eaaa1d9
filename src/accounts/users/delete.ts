// Deletes a user with memberships, tokens and links. API keys stay: they belong to the organization, not to their author.
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRecent } from '../actor.ts'
import { requireAnotherOperator } from './operators.ts'
import { findUser } from './user.ts'

const maxNamed = 5

/** Throws `conflict`, naming them, where organizations would be left without an owner. */
const requireNoSoleOwnership = async (trx: Transaction<Schema>, userId: string): Promise<void> => {
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
            .select('other.user_id')
            .whereRef('other.organization_id', '=', 'm.organization_id')
            .where('other.role', '=', 'owner')
            .where('other.user_id', '<>', userId),
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
    `The user is the last owner of ${named.join(', ')}${more}. Make another member owner, or delete the organization.`,
  )
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
    const user = await findUser(trx, userId)
    await requireNoSoleOwnership(trx, userId)
    if (user.operator && user.suspended_at === null) await requireAnotherOperator(trx, userId)
    const tokens = await trx
      .deleteFrom('credentials')
      .where('user_id', '=', userId)
      .where('kind', '<>', 'api_key')
      .executeTakeFirst()
    await trx.deleteFrom('users').where('id', '=', userId).execute() // memberships and links go by cascade
    await recordChange(trx, actor, now, {
      action: 'user.deleted',
      targetKind: 'user',
      targetId: userId,
      detail: { email: user.email, tokens: Number(tokens.numDeletedRows) },
    })
    return { id: userId, deleted: true }
  })
}
