// There is always an operator who can act: the last one is neither demoted, suspended nor deleted.
import type { Transaction } from 'kysely'
import { Refusal } from '../../errors.ts'
import type { Schema } from '../../store/schema.ts'

/** Throws `conflict` where no active operator but this user is left. Asked within the transaction of the change. */
export const requireAnotherOperator = async (trx: Transaction<Schema>, userId: string): Promise<void> => {
  const other = await trx
    .selectFrom('users')
    .select('id')
    .where('operator', '=', 1)
    .where('suspended_at', 'is', null)
    .where('id', '<>', userId)
    .executeTakeFirst()
  if (!other) throw new Refusal('conflict', 'This is the last active operator. Make another user an operator first.')
}
