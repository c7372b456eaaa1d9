// An authenticator app as a second factor: set up, proven, removed. Its secret is sealed at rest; nothing is kept before a first code has proven it.
import { randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import { formatTime } from '../../rfc3339.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { requireShownAddress } from '../users/made-by-invitation.ts'
import { findUser } from '../users/user.ts'
import { forgetUnneededCodes } from './factors.ts'
import { makeRecoveryCodes, recoveryCodesLeft } from './recovery-codes.ts'
import { encodeBase32, keyUri, matchingStep, secretBytes } from './totp.ts'

export interface AppDeps {
  store: Store
  box: SecretBox
}

const setUpMs = 30 * 60_000

const rowContext = (userId: string): string => `totp ${userId}`
/** Of one session: what is set up in one browser is finished in the same. */
const setUpContext = ({ id }: Actor): string => `totp set-up ${id}`

export interface AppSetUp {
  /** To type in, base 32. */
  secret: string
  /** What the QR code says. */
  url: string
  /** To send back with the first code. */
  setup: string
  expires_at: string
}

const requireNone = async (db: Transaction<Schema> | Store['db'], userId: string): Promise<void> => {
  if (await db.selectFrom('totp').select('user_id').where('user_id', '=', userId).executeTakeFirst())
    throw new Refusal('conflict', 'You have set up an authenticator app already. Remove it first.')
}

/** Throws `forbidden`, `reauthentication_required`, or `conflict` where there is one, and as `requireShownAddress`. */
export const startApp = async (
  { store, box, mailer }: AppDeps & { mailer: Pick<Mailer, 'available'> },
  actor: Actor,
  issuer: string,
  now: number,
): Promise<AppSetUp> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  await requireNone(store.db, userId)
  await requireShownAddress(store.db, mailer, userId)
  const { email } = await findUser(store.db, userId)
  const secret = randomBytes(secretBytes)
  const expiresAt = now + setUpMs
  const sealed = box.seal(
    Buffer.from(JSON.stringify({ secret: secret.toString('base64url'), expiresAt })),
    setUpContext(actor),
  )
  return {
    secret: encodeBase32(secret),
    url: keyUri(secret, `Latchkey (${new URL(issuer).hostname})`, email),
    setup: sealed,
    expires_at: formatTime(expiresAt),
  }
}

const openSetUp = (box: SecretBox, actor: Actor, setup: string, now: number): Buffer => {
  try {
    const { secret, expiresAt } = JSON.parse(box.open(setup, setUpContext(actor)).toString()) as {
      secret: string
      expiresAt: number
    }
    if (now < expiresAt) return Buffer.from(secret, 'base64url')
  } catch {
    // not one that was made for this session
  }
  throw new Refusal('invalid_request', 'This set-up is over. Start it again.')
}

/**
 * Keeps the secret once a code of it has come. Answers recovery codes where the person has none yet, else null.
 * Throws as `startApp` does, and `invalid_request` for a wrong code.
 */
export const confirmApp = (
  { store, box }: AppDeps,
  actor: Actor,
  { setup, code }: { setup: string; code: string },
  now: number,
): Promise<{ recovery_codes: string[] | null }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  const secret = openSetUp(box, actor, setup, now)
  const step = matchingStep(secret, code.replaceAll(/\s/g, ''), now, 0)
  if (step === undefined)
    throw new Refusal(
      'invalid_request',
      'This is not the code that the app shows now. Is the clock of your phone right?',
    )
  return store.transaction(async (trx) => {
    await requireNone(trx, userId)
    await trx
      .insertInto('totp')
      .values({ user_id: userId, sealed: box.seal(secret, rowContext(userId)), created_at: now, last_step: step })
      .execute()
    await recordChange(trx, actor, now, { action: 'totp.added', targetKind: 'user', targetId: userId })
    const left = await recoveryCodesLeft(trx, userId)
    return { recovery_codes: left > 0 ? null : await makeRecoveryCodes(trx, box, userId, now) }
  })
}

/** Takes a code once, within the transaction of what it allows; false: it is wrong, was taken, or there is no app. */
export const takeAppCode = async (
  trx: Transaction<Schema>,
  box: SecretBox,
  userId: string,
  typed: string,
  now: number,
): Promise<boolean> => {
  const row = await trx.selectFrom('totp').selectAll().where('user_id', '=', userId).executeTakeFirst()
  if (!row) return false
  const secret = box.open(row.sealed, rowContext(userId))
  const step = matchingStep(secret, typed.replaceAll(/\s/g, ''), now, row.last_step)
  if (step === undefined) return false
  const { numUpdatedRows } = await trx
    .updateTable('totp')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Throws `forbidden`, `reauthentication_required`, or `not_found`. */
export const removeApp = ({ store }: Pick<AppDeps, 'store'>, actor: Actor, now: number): Promise<{ removed: true }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom('totp').where('user_id', '=', userId).executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw new Refusal('not_found', 'You have not set up an authenticator app.')
    await forgetUnneededCodes(trx, userId)
    await recordChange(trx, actor, now, { action: 'totp.removed', targetKind: 'user', targetId: userId })
    return { removed: true as const }
  })
}
