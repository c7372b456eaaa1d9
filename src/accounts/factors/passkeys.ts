// A person's passkeys (WebAuthn Level 3 §7.1): add, list, rename, remove.
import { randomUUIDv7 } from 'node:crypto'
import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Selectable } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import { formatTime, formatTimeOrNull } from '../../rfc3339.ts'
import type { Schema } from '../../store/schema.ts'
import { type Actor, requireRecent, requireSession } from '../actor.ts'
import { cleanName } from '../name.ts'
import { requireShownAddress } from '../users/made-by-invitation.ts'
import { findUser } from '../users/user.ts'
import { type ChallengeFor, challengeMs, makeChallenge, takeChallenge } from './challenge.ts'
import { factorsOf, forgetUnneededCodes } from './factors.ts'
import { type PasskeyDeps, webauthn } from './passkey-proof.ts'
import { makeRecoveryCodes, recoveryCodesLeft } from './recovery-codes.ts'
import { requireParty } from './relying-party.ts'

/** Of one person. */
const maxPasskeys = 20
/** base64url; the specification lets ids have 1023 octets. */
const maxIdLength = 1364

export interface Passkey {
  id: string
  name: string
  /** Whether it is kept in an account and comes along to other devices. */
  synced: boolean
  created_at: string
  last_used_at: string | null
}

const toPasskey = (row: Selectable<Schema['passkeys']>): Passkey => ({
  id: row.id,
  name: row.name,
  synced: row.backed_up === 1,
  created_at: formatTime(row.created_at),
  last_used_at: formatTimeOrNull(row.last_used_at),
})

const challengeFor = ({ id }: Actor): ChallengeFor => ({ browser: id, purpose: 'register' })

/** Oldest first; nobody has more than fit on one page. */
export const listPasskeys = async ({ store }: PasskeyDeps, actor: Actor): Promise<{ data: Passkey[] }> => {
  const userId = requireSession(actor)
  const rows = await store.db.selectFrom('passkeys').selectAll().where('user_id', '=', userId).orderBy('id').execute()
  return { data: rows.map(toPasskey) }
}

type AddingDeps = PasskeyDeps & { mailer: Pick<Mailer, 'available'> }

/** What the page hands to the browser. Throws `forbidden`, `reauthentication_required`, `conflict`, and as `requireShownAddress`. */
export const passkeyOptions = async ({ store, box, mailer }: AddingDeps, actor: Actor, issuer: string, now: number) => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  const party = requireParty(issuer)
  await requireShownAddress(store.db, mailer, userId)
  const { email, name } = await findUser(store.db, userId)
  const { passkeys } = await factorsOf(store.db, userId)
  return (await webauthn()).generateRegistrationOptions({
    rpName: party.name,
    rpID: party.id,
    userID: new Uint8Array(Buffer.from(userId)),
    userName: email,
    userDisplayName: name,
    challenge: makeChallenge(box, challengeFor(actor), now),
    timeout: challengeMs / 2,
    attestationType: 'none',
    excludeCredentials: passkeys.map(({ credentialId: id, transports }) => ({ id, transports: [...transports] })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  })
}

/**
 * Keeps the passkey that the browser has made. Answers recovery codes where the person has none yet, else null.
 * Throws as `passkeyOptions` does, and `invalid_request` for an answer that proves nothing.
 */
export const addPasskey = async (
  { store, box, mailer }: AddingDeps,
  actor: Actor,
  issuer: string,
  input: { name: string; response: RegistrationResponseJSON },
  now: number,
): Promise<Passkey & { recovery_codes: string[] | null }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  const party = requireParty(issuer)
  await requireShownAddress(store.db, mailer, userId)
  const name = cleanName(input.name)
  const { verifyRegistrationResponse } = await webauthn()
  const verified = await verifyRegistrationResponse({
    response: input.response,
    expectedChallenge: (challenge) => takeChallenge(store, box, challengeFor(actor), challenge, now),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
  }).catch(() => undefined) // it throws for whatever is wrong
  if (!verified?.verified || verified.registrationInfo.credential.id.length > maxIdLength)
    throw new Refusal('invalid_request', 'This passkey could not be verified. Start again.')
  const { credential, credentialBackedUp } = verified.registrationInfo
  return store.transaction(async (trx) => {
    const { passkeys } = await factorsOf(trx, userId)
    if (passkeys.length >= maxPasskeys)
      throw new Refusal('conflict', `You have ${maxPasskeys} passkeys already. Remove one that you do not use.`)
    const taken = await trx
      .selectFrom('passkeys')
      .select('id')
      .where('credential_id', '=', credential.id)
      .executeTakeFirst()
    if (taken) throw new Refusal('conflict', 'This passkey is registered already.')
    const row = {
      id: randomUUIDv7(),
      user_id: userId,
      credential_id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      sign_count: credential.counter,
      transports: JSON.stringify(credential.transports ?? []),
      name,
      backed_up: credentialBackedUp ? 1 : 0,
      created_at: now,
      last_used_at: null,
    }
    await trx.insertInto('passkeys').values(row).execute()
    await recordChange(trx, actor, now, {
      action: 'passkey.added',
      targetKind: 'passkey',
      targetId: row.id,
      detail: { name, user_id: userId },
    })
    const left = await recoveryCodesLeft(trx, userId)
    return { ...toPasskey(row), recovery_codes: left > 0 ? null : await makeRecoveryCodes(trx, box, userId, now) }
  })
}

const notFound = (): Refusal => new Refusal('not_found', 'You have no passkey with this id.')

/** Throws `forbidden`, `invalid_request` or `not_found`. */
export const renamePasskey = (
  { store }: PasskeyDeps,
  actor: Actor,
  id: string,
  given: string,
  now: number,
): Promise<Passkey> => {
  const userId = requireSession(actor)
  const name = cleanName(given)
  return store.transaction(async (trx) => {
    const row = await trx
      .updateTable('passkeys')
      .set({ name })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returningAll()
      .executeTakeFirst()
    if (!row) throw notFound()
    await recordChange(trx, actor, now, {
      action: 'passkey.renamed',
      targetKind: 'passkey',
      targetId: id,
      detail: { name, user_id: userId },
    })
    return toPasskey(row)
  })
}

/** Throws `forbidden`, `reauthentication_required` or `not_found`. */
export const removePasskey = (
  { store }: PasskeyDeps,
  actor: Actor,
  id: string,
  now: number,
): Promise<{ id: string; deleted: true; name: string }> => {
  const userId = requireSession(actor)
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const row = await trx
      .deleteFrom('passkeys')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returning('name')
      .executeTakeFirst()
    if (!row) throw notFound()
    await forgetUnneededCodes(trx, userId)
    await recordChange(trx, actor, now, {
      action: 'passkey.removed',
      targetKind: 'passkey',
      targetId: id,
      detail: { name: row.name, user_id: userId },
    })
    return { id, deleted: true as const, name: row.name }
  })
}
