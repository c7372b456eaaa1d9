// Accounts that were made by an invitation whose address nobody has shown to be theirs: by the link that is told to whoever invites, who can have
// made it themselves, of another's address (account pre-hijacking).
import type { Kysely } from 'kysely'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { Schema } from '../../store/schema.ts'

export const isMadeByInvitation = async (db: Kysely<Schema>, userId: string): Promise<boolean> => {
  const made = await db
    .selectFrom('audit')
    .select('id')
    .where('target_id', '=', userId)
    .where('action', '=', 'user.created')
    .where('actor_kind', '=', 'invitation')
    .executeTakeFirst()
  return made !== undefined
}

/**
 * For what a new password, by a link to the mailbox, does not take away: a second factor would lock out whose address it is. Throws `conflict`;
 * never where nobody can be mailed a link.
 */
export const requireShownAddress = async (
  db: Kysely<Schema>,
  { available }: Pick<Mailer, 'available'>,
  userId: string,
): Promise<void> => {
  if (!available) return
  const { email_verified_at: shown } = await db
    .selectFrom('users')
    .select('email_verified_at')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  if (shown === null && (await isMadeByInvitation(db, userId)))
    throw new Refusal('conflict', 'Confirm your e-mail address first, under Account → Profile: a link is mailed to it.')
}
