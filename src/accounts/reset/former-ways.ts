// What was left in an account that was made by the link which is told to whoever invites, before anybody had shown that its address is theirs:
// what acts or lets in without the new password ends. Second factors cannot have been left there (users/made-by-invitation.ts).
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Schema } from '../../store/schema.ts'
import type { Actor } from '../actor.ts'
import { isMadeByInvitation } from '../users/made-by-invitation.ts'

/**
 * Ends personal access tokens, connected applications, and accounts elsewhere that sign in, within the transaction that has shown for the
 * first time whose address it is. Accounts that operators made are their people's own. Answers whether it was such an account.
 */
export const endFormerWays = async (
  trx: Transaction<Schema>,
  actor: Actor,
  userId: string,
  now: number,
): Promise<boolean> => {
  if (!(await isMadeByInvitation(trx, userId))) return false
  const tokens = await trx
    .updateTable('credentials')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('kind', '=', 'personal_access_token')
    .where('revoked_at', 'is', null)
    .returning(['id', 'name'])
    .execute()
  for (const { id, name } of tokens)
    await recordChange(trx, actor, now, {
      action: 'personal_access_token.revoked',
      targetKind: 'personal_access_token',
      targetId: id,
      detail: { name },
    })
  await trx.deleteFrom('consents').where('user_id', '=', userId).execute()
  const grants = await trx
    .updateTable('grants')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .returning(['id', 'client_id', 'organization_id'])
    .execute()
  for (const { id, client_id, organization_id } of grants)
    await recordChange(trx, actor, now, {
      action: 'grant.revoked',
      targetKind: 'grant',
      targetId: id,
      organizationId: organization_id,
      detail: { client_id, user_id: userId, reason: 'the address was shown to be theirs for the first time' },
    })
  const identities = await trx
    .deleteFrom('identities')
    .where('user_id', '=', userId)
    .returning(['id', 'issuer'])
    .execute()
  for (const { id, issuer } of identities)
    await recordChange(trx, actor, now, {
      action: 'identity.unlinked',
      targetKind: 'identity',
      targetId: id,
      detail: { user_id: userId, issuer },
    })
  return true
}
