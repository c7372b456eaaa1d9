// Recovery codes (OWASP ASVS 5.0 §6.5.1 to §6.5.3): look-up secrets of 80 random bits, each good once, for whoever has lost a second factor.
import { randomInt } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { factorsOf, needsSecondFactor } from './factors.ts'

const count = 10
/** Without letters that are taken for others (Crockford's base 32). */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const groups = 4
const groupLength = 4

const makeCode = (): string =>
  Array.from({ length: groups }, () =>
    Array.from({ length: groupLength }, () => alphabet[randomInt(alphabet.length)]).join(''),
  ).join('-')

/** As it was made, however somebody typed it. */
const read = (typed: string): string =>
  typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')

const hashOf = (box: SecretBox, userId: string, code: string): string =>
  box.hmac(JSON.stringify(['recovery code', userId, read(code)]))

/** Makes new codes in place of the former ones, within the transaction of the reason. They are shown once. */
export const makeRecoveryCodes = async (
  trx: Transaction<Schema>,
  box: SecretBox,
  userId: string,
  now: number,
): Promise<string[]> => {
  const codes = Array.from({ length: count }, makeCode)
  await trx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  await trx
    .insertInto('recovery_codes')
    .values(codes.map((code) => ({ hash: hashOf(box, userId, code), user_id: userId, created_at: now, used_at: null })))
    .execute()
  return codes
}

/** Throws `forbidden`, `reauthentication_required`, or `conflict` where there is no second factor to recover. */
export const remakeRecoveryCodes = (
  { store, box }: { store: Store; box: SecretBox },
  actor: Actor,
  now: number,
): Promise<string[]> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    if (!needsSecondFactor(await factorsOf(trx, userId)))
      throw new Refusal('conflict', 'Recovery codes stand in for a second factor. Set one up first.')
    await recordChange(trx, actor, now, { action: 'recovery_codes.made', targetKind: 'user', targetId: userId })
    return makeRecoveryCodes(trx, box, userId, now)
  })
}

/** Codes that are still good. */
export const recoveryCodesLeft = async (db: Kysely<Schema>, userId: string): Promise<number> => {
  const { left } = await db
    .selectFrom('recovery_codes')
    .select((eb) => eb.fn.countAll<number | string>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(left)
}

/** Uses the code up, within the transaction of what it allows; false: it is none of this person, or was used. Found by its HMAC, so that time tells nothing of others. */
export const takeRecoveryCode = async (
  trx: Transaction<Schema>,
  box: SecretBox,
  userId: string,
  typed: string,
  now: number,
): Promise<boolean> => {
  const { numUpdatedRows } = await trx
    .updateTable('recovery_codes')
    .set({ used_at: now })
    .where('hash', '=', hashOf(box, userId, typed))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
