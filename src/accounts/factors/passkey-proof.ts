// WebAuthn Level 3 §7.2: a person proves who they are by a passkey. Whoever is verified by its authenticator (a finger, a PIN) has shown two
// factors at once: the thing, and that it is theirs (OWASP ASVS 5.0 §6.3.3).
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import type { Proof } from '../sign-in.ts'
import { type ChallengeFor, challengeMs, makeChallenge, takeChallenge } from './challenge.ts'
import type { Factors } from './factors.ts'
import type { RelyingParty } from './relying-party.ts'

/** Loaded when it is first needed: a quarter of what a process would load to start. */
export const webauthn = () => import('@simplewebauthn/server')

export interface PasskeyDeps {
  store: Store
  box: SecretBox
}

/** What the page hands to the browser: of the WebAuthn API, with octets in base64url. */
export interface RequestOptions {
  challenge: string
  rpId: string
  /** Empty: whichever of the person's passkeys for this host. */
  allowCredentials: { id: string; type: 'public-key'; transports: string[] }[]
  userVerification: 'required'
  /** Milliseconds. */
  timeout: number
}

export const requestOptions = (
  box: SecretBox,
  party: RelyingParty,
  wanted: ChallengeFor,
  passkeys: Factors['passkeys'],
  now: number,
): RequestOptions => ({
  challenge: Buffer.from(makeChallenge(box, wanted, now)).toString('base64url'),
  rpId: party.id,
  allowCredentials: passkeys.map(({ credentialId: id, transports }) => ({
    id,
    type: 'public-key',
    transports: [...transports],
  })),
  userVerification: 'required',
  timeout: challengeMs / 2,
})

/** The browser's answer, sent as a form's field; undefined: it is none. */
export const readPasskeyResponse = (text: string): AuthenticationResponseJSON | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && typeof (value as { id?: unknown }).id === 'string'
      ? (value as AuthenticationResponseJSON)
      : undefined
  } catch {
    return undefined
  }
}

export interface PasskeyProof {
  userId: string
  /** Counts the use, in the transaction of what it allows: of two at once one fails. */
  proof: Proof
}

/**
 * Looks at the answer: challenge, origin, host, signature, verified person, and a count of uses that has not gone back (§6.1.1).
 * `userId`: whose it must be; undefined: whoever's it is. undefined: it proves nothing.
 */
export const provePasskey = async (
  { store, box }: PasskeyDeps,
  party: RelyingParty,
  wanted: ChallengeFor,
  response: AuthenticationResponseJSON,
  userId: string | undefined,
  now: number,
): Promise<PasskeyProof | undefined> => {
  const kept = await store.db
    .selectFrom('passkeys')
    .selectAll()
    .where('credential_id', '=', response.id)
    .executeTakeFirst()
  if (!kept || (userId !== undefined && kept.user_id !== userId)) return undefined
  const handle = (response as Partial<AuthenticationResponseJSON>).response?.userHandle
  if (handle !== undefined && Buffer.from(handle, 'base64url').toString() !== kept.user_id) return undefined
  const { verifyAuthenticationResponse } = await webauthn()
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: (challenge) => takeChallenge(store, box, wanted, challenge, now),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    credential: {
      id: kept.credential_id,
      publicKey: new Uint8Array(Buffer.from(kept.public_key, 'base64url')),
      counter: kept.sign_count,
    },
    requireUserVerification: true,
  }).catch(() => undefined) // it throws for whatever is wrong
  if (!verified?.verified) return undefined
  const { newCounter, credentialBackedUp } = verified.authenticationInfo
  return {
    userId: kept.user_id,
    proof: async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('passkeys')
        .set({ sign_count: newCounter, backed_up: credentialBackedUp ? 1 : 0, last_used_at: now })
        .where('id', '=', kept.id)
        .where('sign_count', '=', kept.sign_count)
        .executeTakeFirstOrThrow()
      // RFC 8176 §2: what is copied between devices is no hardware key
      return numUpdatedRows === 1n ? [credentialBackedUp ? 'swk' : 'hwk', 'user', 'mfa'] : undefined
    },
  }
}
