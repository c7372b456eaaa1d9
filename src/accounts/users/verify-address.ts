// Notes that somebody who reads the mail of an address has shown it.
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Schema } from '../../store/schema.ts'
import type { Actor } from '../actor.ts'

/** Within the transaction of the proof; of the address that was proven, should the person have another by now. Once is enough: answers whether it was not shown before. */
export const verifyAddress = async (
  trx: Transaction<Schema>,
  actor: Actor,
  { id, email }: { id: string; email: string },
  now: number,
): Promise<boolean> => {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set({ email_verified_at: now })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('email_verified_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await recordChange(trx, actor, now, {
    action: 'user.email_verified',
    targetKind: 'user',
    targetId: id,
    detail: { email },
  })
  return true
}
