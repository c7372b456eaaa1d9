// Signing in by password (OWASP ASVS 5.0 §6.3): whatever is wrong is answered alike, after the same work.
import type { Store } from '../store/store.ts'
import { emailMistake, normalizeEmail } from './email.ts'
import { verifyPassword } from './password.ts'
import { type Session, type SessionOrigin, type StartedSession, addSession, removeSession } from './sessions.ts'

export interface SignIn {
  email: string
  password: string
  /** The session that the browser comes with; the new one takes its place (OWASP ASVS 5.0 §7.2.4). */
  previous: Session | undefined
}

/** undefined: unknown address, no password set, a wrong one, or a suspended person. */
export const signIn = async (
  store: Store,
  { email, password, previous }: SignIn,
  origin: SessionOrigin,
  now: number,
): Promise<StartedSession | undefined> => {
  const user =
    emailMistake(email) === undefined
      ? await store.db
          .selectFrom('users')
          .select(['id', 'password_hash', 'suspended_at'])
          .where('email', '=', normalizeEmail(email))
          .executeTakeFirst()
      : undefined
  const right = await verifyPassword(user?.password_hash ?? null, password)
  if (!user || !right || user.suspended_at !== null) return undefined
  return store.transaction(async (trx) => {
    // the password may have been changed, or the person suspended, since it was read
    const unchanged = await trx
      .selectFrom('users')
      .select('id')
      .where('id', '=', user.id)
      .where('password_hash', '=', user.password_hash)
      .where('suspended_at', 'is', null)
      .executeTakeFirst()
    if (!unchanged) return undefined
    if (previous) await removeSession(trx, previous, origin, now)
    return addSession(trx, user.id, origin, now)
  })
}
