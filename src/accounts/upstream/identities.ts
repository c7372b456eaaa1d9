// Accounts elsewhere that somebody signs in by: an issuer's name for them, and never an address, is what they are known by.
import { randomUUIDv7 } from 'node:crypto'
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import { formatTime } from '../../rfc3339.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import type { UpstreamPerson } from './issuer.ts'

const maxOfOne = 20

export interface Identity {
  id: string
  /** In the configuration; null: it is not configured any more. */
  upstream: string | null
  label: string
  issuer: string
  /** As it was there when it was linked. */
  email: string | null
  /** RFC 3339. */
  created_at: string
}

/** Within the transaction of the reason. `person` is of no account here yet. */
export const addIdentity = async (
  trx: Transaction<Schema>,
  actor: Actor,
  userId: string,
  { issuer, subject, email }: UpstreamPerson,
  now: number,
): Promise<void> => {
  const id = randomUUIDv7()
  await trx
    .insertInto('identities')
    .values({ id, user_id: userId, issuer, subject, email: email ?? null, created_at: now })
    .execute()
  await recordChange(trx, actor, now, {
    action: 'identity.linked',
    targetKind: 'identity',
    targetId: id,
    detail: { user_id: userId, issuer, ...(email !== undefined && { email }) },
  })
}

/** By the person, signed in. Throws `conflict` where the identity is another account's, or there are too many. */
export const linkIdentity = (
  store: Store,
  actor: Actor,
  person: UpstreamPerson,
  now: number,
): Promise<'linked' | 'was linked'> => {
  const userId = requireSession(actor)
  return store.transaction(async (trx) => {
    const known = await trx
      .selectFrom('identities')
      .select('user_id')
      .where('issuer', '=', person.issuer)
      .where('subject', '=', person.subject)
      .executeTakeFirst()
    if (known?.user_id === userId) return 'was linked'
    if (known) throw new Refusal('conflict', 'Another account here signs in by that one.')
    const own = await trx.selectFrom('identities').select('id').where('user_id', '=', userId).execute()
    if (own.length >= maxOfOne)
      throw new Refusal('conflict', `An account has at most ${maxOfOne} others to sign in by.`)
    await addIdentity(trx, actor, userId, person, now)
    return 'linked'
  })
}

/** One's own. Throws `forbidden`. */
export const listIdentities = async (
  store: Store,
  { signIn }: Pick<Config, 'signIn'>,
  actor: Actor,
): Promise<Identity[]> => {
  const rows = await store.db
    .selectFrom('identities')
    .select(['id', 'issuer', 'email', 'created_at'])
    .where('user_id', '=', requireSession(actor))
    .orderBy('id', 'desc')
    .execute()
  return rows.map(({ id, issuer, email, created_at }) => {
    const upstream = signIn.upstream.find((configured) => configured.issuer === issuer)
    return {
      id,
      upstream: upstream?.name ?? null,
      label: upstream?.label ?? issuer,
      issuer,
      email,
      created_at: formatTime(created_at),
    }
  })
}

/** Throws `forbidden`, `reauthentication_required`, `not_found`, or `conflict` where nothing else would let the person in. */
export const unlinkIdentity = (
  store: Store,
  actor: Actor,
  id: string,
  now: number,
): Promise<{ id: string; deleted: true; issuer: string }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const own = await trx.selectFrom('identities').select(['id', 'issuer']).where('user_id', '=', userId).execute()
    const found = own.find((identity) => identity.id === id)
    if (!found) throw new Refusal('not_found', 'You sign in by no such account.')
    const user = await trx.selectFrom('users').select('password_hash').where('id', '=', userId).executeTakeFirst()
    const passkey = await trx.selectFrom('passkeys').select('id').where('user_id', '=', userId).executeTakeFirst()
    if (own.length === 1 && !user?.password_hash && !passkey)
      throw new Refusal('conflict', 'You sign in by nothing else. Choose a password or add a passkey first.')
    await trx.deleteFrom('identities').where('id', '=', id).execute()
    await recordChange(trx, actor, now, {
      action: 'identity.unlinked',
      targetKind: 'identity',
      targetId: id,
      detail: { user_id: userId, issuer: found.issuer },
    })
    return { id, deleted: true as const, issuer: found.issuer }
  })
}
