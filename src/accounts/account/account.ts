// A person's own account, as they see it themselves.
import type { Config } from '../../config/config.ts'
import { formatTime, formatTimeOrNull } from '../../rfc3339.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, recentMs, requireSession } from '../actor.ts'
import { addressRequestOf } from '../address/change.ts'
import { relyingParty } from '../factors/relying-party.ts'
import { findUser } from '../users/user.ts'

export interface Account {
  id: string
  email: string
  /** Whether somebody who reads its mail has shown it. */
  email_verified: boolean
  /** The address that waits to be confirmed; null: none does. */
  email_requested: { email: string; expires_at: string } | null
  name: string
  operator: boolean
  created_at: string
  /** Whether there is one; who signs in elsewhere or by passkey needs none. */
  password_set: boolean
  /** When it was set up; null: there is none. */
  authenticator_app_added_at: string | null
  passkeys: number
  /** Whether passkeys can be made here: they need a host name. */
  passkeys_available: boolean
  recovery_codes_left: number
  /** Dangerous steps are taken without proving anew who one is, until then. */
  proven_until: string | null
}

export interface AccountFacts {
  store: Store
  box: SecretBox
  config: Pick<Config, 'issuer'>
}

/** Throws `forbidden`. */
export const getAccount = async (
  { store: { db }, box, config: { issuer } }: AccountFacts,
  actor: Actor,
  now: number,
): Promise<Account> => {
  const userId = requireSession(actor)
  const { id, email, email_verified, name, operator, created_at } = await findUser(db, userId)
  const facts = await db
    .selectFrom('users as u')
    .leftJoin('totp as t', 't.user_id', 'u.id')
    .select(['u.password_hash', 't.created_at as app_at'])
    .select((eb) => [
      eb
        .selectFrom('passkeys as p')
        .select((count) => count.fn.countAll<number | string>().as('number'))
        .whereRef('p.user_id', '=', 'u.id')
        .as('passkeys'),
      eb
        .selectFrom('recovery_codes as r')
        .select((count) => count.fn.countAll<number | string>().as('number'))
        .whereRef('r.user_id', '=', 'u.id')
        .where('r.used_at', 'is', null)
        .as('codes'),
    ])
    .where('u.id', '=', userId)
    .executeTakeFirstOrThrow()
  return {
    id,
    email,
    email_verified,
    email_requested: (await addressRequestOf(db, box, { id, email, password_hash: facts.password_hash }, now)) ?? null,
    name,
    operator,
    created_at,
    password_set: facts.password_hash !== null,
    authenticator_app_added_at: formatTimeOrNull(facts.app_at),
    passkeys: Number(facts.passkeys),
    passkeys_available: relyingParty(issuer) !== undefined,
    recovery_codes_left: Number(facts.codes),
    proven_until: actor.authenticatedAt === undefined ? null : formatTime(actor.authenticatedAt + recentMs),
  }
}
