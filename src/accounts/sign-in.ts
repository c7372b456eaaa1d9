// The steps of a sign-in (OWASP ASVS 5.0 §6.3): somebody proves who they are, by a second factor too where they have one, and a session
// starts. Every way in comes through `finishSignIn`, so that none can leave out a step.
import type { Transaction } from 'kysely'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { hashOf } from '../credentials/format.ts'
import { emailMistake, normalizeEmail } from './email.ts'
import { type Factors, factorsOf, needsSecondFactor } from './factors/factors.ts'
import { verifyPassword } from './password.ts'
import {
  type Session,
  type SessionLife,
  type SessionOrigin,
  type StartedSession,
  addSession,
  removeSession,
} from './sessions.ts'

/**
 * How somebody has shown who they are (RFC 8176): by a password, a one-time password, a passkey in hardware or in software, touching it;
 * besides, by a recovery code, or at an issuer elsewhere (`fed`). `mfa`: by more than one factor.
 */
type Method = 'pwd' | 'otp' | 'hwk' | 'swk' | 'user' | 'recovery' | 'fed' | 'mfa'

/** What somebody has proven so far. */
export interface Proven {
  userId: string
  methods: readonly Method[]
  /** Of a password: what it was, so that one that is changed meanwhile proves nothing. */
  passwordMark?: string | undefined
  /** When, where that was not just now: elsewhere, Unix milliseconds. */
  provenAt?: number | undefined
}

/** One more proof, taken within the transaction that starts the session; undefined: it is wrong, or somebody was first. */
export type Proof = (trx: Transaction<Schema>, userId: string) => Promise<readonly Method[] | undefined>

export interface SignInBrowser {
  /** The session that the browser comes with; the new one takes its place (OWASP ASVS 5.0 §7.2.4). */
  previous: Session | undefined
  origin: SessionOrigin
  life: SessionLife
}

export type SignInStep =
  /** What was proven is not so any more, or the further proof is wrong. */
  { step: 'refused' } | { step: 'second factor'; factors: Factors } | { step: 'signed in'; started: StartedSession }

/** undefined: unknown address, no password set, a wrong one, or a suspended person: after the same work. */
export const provePassword = async (
  store: Pick<Store, 'db'>,
  email: string,
  password: string,
): Promise<Proven | undefined> => {
  const user =
    emailMistake(email) === undefined
      ? await store.db
          .selectFrom('users')
          .select(['id', 'password_hash', 'suspended_at'])
          .where('email', '=', normalizeEmail(email))
          .executeTakeFirst()
      : undefined
  const hash = user?.password_hash ?? null
  const right = await verifyPassword(hash, password)
  if (!user || !right || hash === null || user.suspended_at !== null) return undefined
  return { userId: user.id, methods: ['pwd'], passwordMark: hashOf(hash) }
}

/** Goes as far as what is proven allows: to the second factor, or to the session. `proof`: what the browser adds to it now. */
export const finishSignIn = (
  store: Store,
  { userId, methods, passwordMark, provenAt }: Proven,
  proof: Proof | undefined,
  { previous, origin, life }: SignInBrowser,
  now: number,
): Promise<SignInStep> =>
  store.transaction(async (trx): Promise<SignInStep> => {
    // the password may have been changed, or the person suspended, since it was looked at
    const user = await trx
      .selectFrom('users')
      .select('password_hash')
      .where('id', '=', userId)
      .where('suspended_at', 'is', null)
      .executeTakeFirst()
    if (!user) return { step: 'refused' }
    if (passwordMark !== undefined && (user.password_hash === null || hashOf(user.password_hash) !== passwordMark))
      return { step: 'refused' }
    const added = proof ? await proof(trx, userId) : []
    if (!added) return { step: 'refused' }
    const both = methods.length > 0 && added.length > 0
    const shown = [...new Set<Method>([...methods, ...added, ...(both ? ['mfa' as const] : [])])]
    if (!shown.includes('mfa')) {
      const factors = await factorsOf(trx, userId)
      if (needsSecondFactor(factors)) return { step: 'second factor', factors }
    }
    if (previous) await removeSession(trx, previous, origin, now)
    const authenticatedAt = added.length > 0 ? now : Math.min(provenAt ?? now, now)
    const terms = { methods: shown, life, authenticatedAt }
    return { step: 'signed in', started: await addSession(trx, userId, terms, origin, now) }
  })
