// Choosing a new password by a mailed link (OWASP ASVS 5.0 §6.4.3). It proves the mailbox and nothing more: second factors stay.
import { recordChange } from '../../audit/record.ts'
import type { Config } from '../../config/config.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import type { Kysely } from 'kysely'
import type { Schema } from '../../store/schema.ts'
import { actorWith } from '../actor.ts'
import { passwordResetLetter, resetLetter } from '../letters.ts'
import { openLink, sealLink, standingOf } from '../mailed-links.ts'
import { hashPassword } from '../password.ts'
import { type SessionOrigin, endSessionsOf } from '../sessions.ts'
import { verifyAddress } from '../users/verify-address.ts'
import { endFormerWays } from './former-ways.ts'

const lifetimeMs = 60 * 60_000

export interface ResetDeps {
  store: Store
  config: Pick<Config, 'issuer'>
  box: SecretBox
  mailer: Mailer
}

const columns = ['id', 'email', 'name', 'password_hash'] as const

/** Mails a link to whoever has an account of this address that is not suspended. `email`: in its one form. */
export const askToReset = async (
  { store, config: { issuer }, box, mailer }: ResetDeps,
  email: string,
  now: number,
): Promise<void> => {
  const user = await store.db
    .selectFrom('users')
    .select(columns)
    .where('email', '=', email)
    .where('suspended_at', 'is', null)
    .executeTakeFirst()
  if (!user) return
  const expiresAt = now + lifetimeMs
  const token = sealLink(box, 'reset', { userId: user.id, standing: standingOf(box, user) }, expiresAt)
  const letter = resetLetter({ url: `${issuer}/reset?token=${token}`, issuer, expiresAt })
  await mailer.send({ to: user.email, ...letter, byStranger: true }, now)
}

export interface OpenReset {
  userId: string
  email: string
  name: string
}

/** Whose password a link may change; undefined: it is none, it is over, was used, or the account has another password or address since. */
export const openReset = async (
  db: Kysely<Schema>,
  box: SecretBox,
  token: string,
  now: number,
): Promise<OpenReset | undefined> => {
  const link = openLink<{ userId: string; standing: string }>(box, 'reset', token, now)
  if (!link) return undefined
  const user = await db
    .selectFrom('users')
    .select(columns)
    .where('id', '=', link.userId)
    .where('suspended_at', 'is', null)
    .executeTakeFirst()
  return user && standingOf(box, user) === link.standing
    ? { userId: user.id, email: user.email, name: user.name }
    : undefined
}

export interface PasswordReset {
  /** Whether tokens and other ways in have ended too (former-ways.ts). */
  endedFormerWays: boolean
}

/** Sets the password, ends every session of the person, and tells them. undefined: the link is no longer good. Throws `invalid_request`. */
export const resetPassword = async (
  { store, config: { issuer }, box, mailer }: ResetDeps,
  { token, password }: { token: string; password: string },
  { ip, requestId }: SessionOrigin,
  now: number,
): Promise<PasswordReset | undefined> => {
  const found = await openReset(store.db, box, token, now)
  if (!found) return undefined
  const passwordHash = await hashPassword(password, found.email, found.name)
  const done = await store.transaction(async (trx) => {
    const still = await openReset(trx, box, token, now)
    if (!still) return undefined
    const { userId, email } = still
    const actor = actorWith({ kind: 'reset link', id: userId, userId, ip, requestId })
    await trx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', userId).execute()
    await recordChange(trx, actor, now, { action: 'user.password_reset', targetKind: 'user', targetId: userId })
    const first = await verifyAddress(trx, actor, { id: userId, email }, now)
    const endedFormerWays = first && (await endFormerWays(trx, actor, userId, now))
    await trx.deleteFrom('links').where('user_id', '=', userId).execute()
    await endSessionsOf(trx, actor, userId, now)
    return { endedFormerWays }
  })
  if (done) await mailer.send({ to: found.email, ...passwordResetLetter({ issuer, at: now }) }, now)
  return done
}
