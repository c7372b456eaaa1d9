// A membership as answers and the command line tell it, and the rule that an organization always has an owner.
import type { Kysely, Transaction } from 'kysely'
import { Refusal } from '../../errors.ts'
import { formatTime } from '../../rfc3339.ts'
import type { Role, Schema } from '../../store/schema.ts'

export interface Member {
  user_id: string
  email: string
  name: string
  role: Role
  /** When the membership began; RFC 3339. */
  created_at: string
}

/** The organization's members with what a list tells of each. */
export const selectMembers = (db: Kysely<Schema>, organizationId: string) =>
  db
    .selectFrom('members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.user_id', 'u.email', 'u.name', 'm.role', 'm.created_at'])
    .where('m.organization_id', '=', organizationId)

export const toMember = (row: Omit<Member, 'created_at'> & { created_at: number }): Member => ({
  ...row,
  created_at: formatTime(row.created_at),
})

/** Throws `not_found`. */
export const findMember = async (db: Kysely<Schema>, organizationId: string, userId: string): Promise<Member> => {
  const row = await selectMembers(db, organizationId).where('m.user_id', '=', userId).executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'This user is not a member of the organization.')
  return toMember(row)
}

/** Throws `conflict` where nobody but this user owns the organization and may act. Asked within the transaction of the change, so that of two owners who leave at once one stays. */
export const requireAnotherOwner = async (
  trx: Transaction<Schema>,
  organizationId: string,
  userId: string,
): Promise<void> => {
  const other = await trx
    .selectFrom('members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select('m.user_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.role', '=', 'owner')
    .where('m.user_id', '<>', userId)
    .where('u.suspended_at', 'is', null)
    .executeTakeFirst()
  if (!other)
    throw new Refusal('conflict', 'This is the last owner of the organization. Make another member owner first.')
}
