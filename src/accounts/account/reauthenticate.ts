// Somebody who is signed in proves anew who they are, for steps that a stolen browser must not be enough for (OWASP ASVS 5.0 §7.5). The session
// gets another value: whoever has copied the former one is out (§7.2.4).
import { recordChange } from '../../audit/record.ts'
import { hashOf, makeSecret } from '../../credentials/format.ts'
import { Refusal } from '../../errors.ts'
import { formatTime } from '../../rfc3339.ts'
import { type Actor, recentMs, requireSession } from '../actor.ts'
import { factorsOf } from '../factors/factors.ts'
import { type RequestOptions, requestOptions } from '../factors/passkey-proof.ts'
import { relyingParty } from '../factors/relying-party.ts'
import { type GivenProof, type ProofDeps, challengeOf, forgetGuesses, proofFrom, takeGuess } from './proof.ts'

export interface ProofChoices {
  /** What the person has, the strongest first; none: they sign in anew. */
  methods: ('passkey' | 'code' | 'password')[]
  /** For the browser. */
  passkey: RequestOptions | null
}

/** Throws `forbidden`. */
export const proofChoices = async (
  { store, box }: ProofDeps,
  actor: Actor,
  issuer: string,
  now: number,
): Promise<ProofChoices> => {
  const userId = requireSession(actor)
  const { totp, passkeys } = await factorsOf(store.db, userId)
  const { password_hash } = await store.db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const party = passkeys.length > 0 ? relyingParty(issuer) : undefined
  return {
    methods: [
      ...(party ? (['passkey'] as const) : []),
      ...(totp ? (['code'] as const) : []),
      ...(password_hash !== null ? (['password'] as const) : []),
    ],
    passkey: party ? requestOptions(box, party, challengeOf(actor), passkeys, now) : null,
  }
}

export interface Reauthenticated {
  /** What the cookie holds from now on. */
  value: string
  proven_until: string
}

/** Throws `forbidden` for what proves nothing, `rate_limit_exceeded`, `temporarily_unavailable`. */
export const reauthenticate = async (
  deps: ProofDeps,
  actor: Actor,
  issuer: string,
  given: GivenProof,
  now: number,
): Promise<Reauthenticated> => {
  const userId = requireSession(actor)
  await takeGuess(deps, actor, userId, now)
  const proof = await proofFrom(deps, issuer, actor, userId, given, now)
  const value = makeSecret('se_')
  const proven =
    proof &&
    (await deps.store.transaction(async (trx) => {
      const shown = await proof(trx, userId)
      const session = await trx.selectFrom('sessions').select('methods').where('id', '=', actor.id).executeTakeFirst()
      if (!shown || !session) return false
      const methods = [...new Set([...session.methods.split(' '), ...shown])].join(' ')
      await trx
        .updateTable('sessions')
        .set({ hash: hashOf(value), authenticated_at: now, methods })
        .where('id', '=', actor.id)
        .execute()
      await recordChange(trx, actor, now, {
        action: 'session.reauthenticated',
        targetKind: 'session',
        targetId: actor.id,
        detail: { user_id: userId, methods: shown },
      })
      return true
    }))
  if (!proven) throw new Refusal('forbidden', 'That is not right. Nothing has been changed.')
  forgetGuesses(deps, actor, userId)
  return { value, proven_until: formatTime(now + recentMs) }
}
