// Somebody who is signed in shows anew who they are: what guesses at it are held to, and what counts.
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { Refusal } from '../../errors.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { takeAppCode } from '../factors/authenticator-app.ts'
import type { ChallengeFor } from '../factors/challenge.ts'
import { provePasskey } from '../factors/passkey-proof.ts'
import { requireParty } from '../factors/relying-party.ts'
import { verifyPassword } from '../password.ts'
import type { Proof } from '../sign-in.ts'
import type { SignInThrottle } from '../sign-in-throttle.ts'

export interface ProofDeps {
  store: Store
  box: SecretBox
  throttle: SignInThrottle
}

/** What one session may try, from however many addresses whoever holds it comes. */
const windowMs = 15 * 60_000
const maxTries = 10

const heldBack = (waitMs: number): Refusal =>
  new Refusal('rate_limit_exceeded', 'Too many attempts. Wait a little, then try again.', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  })

/** Counts a guess before it is looked at. Throws `rate_limit_exceeded`. */
export const takeGuess = async (
  { store, throttle }: ProofDeps,
  actor: Actor,
  userId: string,
  now: number,
): Promise<void> => {
  const waitMs = throttle.take(`signed in as ${userId}`, actor.ip ?? '', now)
  if (waitMs > 0) throw heldBack(waitMs)
  const tries = { counter: `proofs: ${actor.id}`, period: windowMs, limit: maxTries, needed: 1, wanted: 1 }
  const { granted, periodEnd } = await store.counters.take(tries, now)
  if (granted === 0) throw heldBack(periodEnd - now)
}

export const forgetGuesses = ({ throttle }: ProofDeps, actor: Actor, userId: string): void =>
  throttle.succeed(`signed in as ${userId}`, actor.ip ?? '')

/** The password's hash, if this is the password; undefined: it is not, or none is set. */
export const matchingHash = async (store: Store, userId: string, password: string): Promise<string | undefined> => {
  const user = await store.db.selectFrom('users').select('password_hash').where('id', '=', userId).executeTakeFirst()
  const hash = user?.password_hash ?? null
  return (await verifyPassword(hash, password)) && hash !== null ? hash : undefined
}

/** One of them. */
export interface GivenProof {
  password?: string | undefined
  code?: string | undefined
  passkey?: AuthenticationResponseJSON | undefined
}

export const challengeOf = ({ id }: Actor): ChallengeFor => ({ browser: id, purpose: 'prove again' })

/** undefined: it is wrong already. */
export const proofFrom = async (
  { store, box }: ProofDeps,
  issuer: string,
  actor: Actor,
  userId: string,
  { password, code, passkey }: GivenProof,
  now: number,
): Promise<Proof | undefined> => {
  if (passkey !== undefined)
    return (await provePasskey({ store, box }, requireParty(issuer), challengeOf(actor), passkey, userId, now))?.proof
  if (code !== undefined) return async (trx) => ((await takeAppCode(trx, box, userId, code, now)) ? ['otp'] : undefined)
  const hash = await matchingHash(store, userId, password ?? '')
  if (hash === undefined) return undefined
  return async (trx) => {
    const same = trx.selectFrom('users').select('id').where('id', '=', userId).where('password_hash', '=', hash)
    return (await same.executeTakeFirst()) ? ['pwd'] : undefined
  }
}
