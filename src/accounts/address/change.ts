// A person's e-mail address: shown to be theirs, and changed, by a link that is mailed to it (OWASP ASVS 5.0 §6.3.7, §7.5). Whoever opens
// it must be signed in to the account that asked: nobody confirms for a stranger's account that an address is the stranger's. What was asked
// for last is kept, so that the person sees it and may take it back: of the links that were mailed it alone counts.
import type { Kysely } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import { formatTime } from '../../rfc3339.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { cleanEmail } from '../email.ts'
import { addressLetter, addressNoticeLetter, addressTakenLetter } from '../letters.ts'
import { openLink, sealLink, standingOf } from '../mailed-links.ts'
import { type Session, type SessionOrigin, sessionActor } from '../sessions.ts'
import { verifyAddress } from '../users/verify-address.ts'

const lifetimeMs = 60 * 60_000

export interface AddressDeps {
  store: Store
  config: Pick<Config, 'issuer'>
  box: SecretBox
  mailer: Mailer
}

const columns = ['id', 'email', 'name', 'password_hash', 'email_verified_at'] as const

const isTaken = async (db: Kysely<Schema>, email: string, userId: string): Promise<boolean> => {
  const other = await db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  return other !== undefined && other.id !== userId
}

/**
 * Mails a link to the address that the person wants, or has and has not yet shown; of a change the present address is told.
 * Throws `forbidden`, `reauthentication_required`, `invalid_request`, or `conflict` where there is nothing to do or no mail server.
 */
export const requestAddress = async (
  { store, config: { issuer }, box, mailer }: AddressDeps,
  actor: Actor,
  given: string,
  now: number,
): Promise<{ email: string; expires_at: string }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  const email = cleanEmail(given)
  if (!mailer.available)
    throw new Refusal('conflict', 'There is no mail server here, so nobody can show that an address is theirs.')
  const user = await store.db.selectFrom('users').select(columns).where('id', '=', userId).executeTakeFirstOrThrow()
  const own = email === user.email
  if (own && user.email_verified_at !== null)
    throw new Refusal('conflict', 'This is your address, and it is confirmed.')
  const expiresAt = now + lifetimeMs
  const standing = standingOf(box, user)
  const token = sealLink(box, 'address', { userId, email, standing }, expiresAt)
  const url = `${issuer}/verify-email?token=${token}`
  // the answer is the same where somebody else has the address: only its mailbox is told
  const letter = (await isTaken(store.db, email, userId))
    ? addressTakenLetter({ issuer })
    : addressLetter({ url, issuer, name: user.name, expiresAt, own })
  await store.transaction(async (trx) => {
    const request = { email, standing, expires_at: expiresAt }
    await trx
      .insertInto('address_requests')
      .values({ user_id: userId, ...request })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(request))
      .execute()
    await recordChange(trx, actor, now, {
      action: 'user.email_requested',
      targetKind: 'user',
      targetId: userId,
      detail: { email },
    })
  })
  await mailer.send({ to: email, ...letter, byStranger: true }, now)
  if (!own) await mailer.send({ to: user.email, ...addressNoticeLetter({ issuer, to: email, done: false }) }, now)
  return { email, expires_at: formatTime(expiresAt) }
}

/** What waits to be confirmed, to the account as it stands now; undefined: nothing. */
export const addressRequestOf = async (
  db: Kysely<Schema>,
  box: SecretBox,
  user: { id: string; email: string; password_hash: string | null },
  now: number,
): Promise<{ email: string; expires_at: string } | undefined> => {
  const request = await db
    .selectFrom('address_requests')
    .select(['email', 'standing', 'expires_at'])
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  return request && request.expires_at > now && request.standing === standingOf(box, user)
    ? { email: request.email, expires_at: formatTime(request.expires_at) }
    : undefined
}

/** The link that was mailed last counts no more. Throws `forbidden`, or `not_found` where none waits. */
export const withdrawAddress = (
  { store }: Pick<AddressDeps, 'store'>,
  actor: Actor,
  now: number,
): Promise<{ withdrawn: true }> => {
  const userId = requireSession(actor)
  return store.transaction(async (trx) => {
    const request = await trx
      .deleteFrom('address_requests')
      .where('user_id', '=', userId)
      .returning('email')
      .executeTakeFirst()
    if (!request) throw new Refusal('not_found', 'No address waits to be confirmed.')
    await recordChange(trx, actor, now, {
      action: 'user.email_withdrawn',
      targetKind: 'user',
      targetId: userId,
      detail: { email: request.email },
    })
    return { withdrawn: true as const }
  })
}

export interface OpenAddress {
  userId: string
  /** The account's present one. */
  from: string
  to: string
}

/** What a link would do; undefined: it is none, it is over, was used, was taken back or asked for anew, or the account has another password or address since. */
export const openAddress = async (
  db: Kysely<Schema>,
  box: SecretBox,
  token: string,
  now: number,
): Promise<OpenAddress | undefined> => {
  const link = openLink<{ userId: string; email: string; standing: string }>(box, 'address', token, now)
  if (!link) return undefined
  const user = await db.selectFrom('users').select(columns).where('id', '=', link.userId).executeTakeFirst()
  const request = user && (await addressRequestOf(db, box, user, now))
  return user && request?.email === link.email && standingOf(box, user) === link.standing
    ? { userId: user.id, from: user.email, to: link.email }
    : undefined
}

/** By the person whose account it is. undefined: the link is no longer good. Throws `forbidden` for anybody else, `conflict` where the address has been taken. */
export const confirmAddress = async (
  { store, config: { issuer }, box, mailer }: AddressDeps,
  token: string,
  session: Session,
  origin: SessionOrigin,
  now: number,
): Promise<OpenAddress | undefined> => {
  const done = await store.transaction(async (trx) => {
    const found = await openAddress(trx, box, token, now)
    if (!found) return undefined
    const { userId, from, to } = found
    if (userId !== session.userId) throw new Refusal('forbidden', 'This link is for another account.')
    const actor = sessionActor(session, origin)
    await trx.deleteFrom('address_requests').where('user_id', '=', userId).execute()
    if (from !== to) {
      if (await isTaken(trx, to, userId)) throw new Refusal('conflict', 'Another account has this address by now.')
      await trx.updateTable('users').set({ email: to, email_verified_at: null }).where('id', '=', userId).execute()
      await recordChange(trx, actor, now, {
        action: 'user.email_changed',
        targetKind: 'user',
        targetId: userId,
        detail: { from, to },
      })
    }
    await verifyAddress(trx, actor, { id: userId, email: to }, now)
    return found
  })
  if (done && done.from !== done.to)
    await mailer.send({ to: done.from, ...addressNoticeLetter({ issuer, to: done.to, done: true }) }, now)
  return done
}
