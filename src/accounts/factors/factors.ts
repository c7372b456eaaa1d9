// What a person has besides a password, and whether a sign-in needs it.
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRecent } from '../actor.ts'
import { endSessionsOf } from '../sessions.ts'
import { findUser } from '../users/user.ts'

export interface Factors {
  /** An authenticator app (RFC 6238). */
  totp: boolean
  /** As authenticators name them, base64url. */
  passkeys: readonly { credentialId: string; transports: readonly string[] }[]
}

export const factorsOf = async (db: Kysely<Schema>, userId: string): Promise<Factors> => {
  const totp = await db.selectFrom('totp').select('user_id').where('user_id', '=', userId).executeTakeFirst()
  const passkeys = await db
    .selectFrom('passkeys')
    .select(['credential_id', 'transports'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()
  return {
    totp: totp !== undefined,
    passkeys: passkeys.map(({ credential_id, transports }) => ({
      credentialId: credential_id,
      transports: JSON.parse(transports) as string[],
    })),
  }
}

/** Whether a password alone lets nobody in: a passkey that could be got round by a password would be no better than it. */
export const needsSecondFactor = ({ totp, passkeys }: Factors): boolean => totp || passkeys.length > 0

/** Without a second factor there is nothing to recover: the codes go with the last one, within its transaction. */
export const forgetUnneededCodes = async (trx: Transaction<Schema>, userId: string): Promise<void> => {
  if (!needsSecondFactor(await factorsOf(trx, userId)))
    await trx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
}

export interface ResetFactors {
  id: string
  authenticator_app: boolean
  passkeys: number
}

/** Helps somebody who has lost everything: takes all second factors away and ends every session. The password stays. Throws `forbidden`, `reauthentication_required` or `not_found`. */
export const resetFactors = (store: Store, actor: Actor, userId: string, now: number): Promise<ResetFactors> => {
  requireOperator(actor, 'reset the second factors of others')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    await findUser(trx, userId)
    const { totp, passkeys } = await factorsOf(trx, userId)
    for (const table of ['totp', 'passkeys', 'recovery_codes'] as const)
      await trx.deleteFrom(table).where('user_id', '=', userId).execute()
    const removed = { authenticator_app: totp, passkeys: passkeys.length }
    await recordChange(trx, actor, now, {
      action: 'user.factors_reset',
      targetKind: 'user',
      targetId: userId,
      detail: removed,
    })
    await endSessionsOf(trx, actor, userId, now)
    return { id: userId, ...removed }
  })
}
