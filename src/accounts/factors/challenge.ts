// Challenges of Web Authentication (WebAuthn Level 3 §13.4.3): random, made here, good for ten minutes, one browser, one purpose and one use. Kept
// nowhere until they have been used.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import { useOnce } from '../../store/used-ids.ts'

export const challengeMs = 10 * 60_000
/** Clocks of several servers differ. */
const toleranceMs = 60_000
const form = /^([0-9]{1,15})\.([\w-]{43})\.[0-9a-f]{64}$/

export interface ChallengeFor {
  /** What only this browser has: its session's id, or the value of its form's cookie. */
  browser: string
  purpose: 'register' | 'sign in' | 'second step' | 'prove again'
}

const textOf = (box: SecretBox, { browser, purpose }: ChallengeFor, madeAt: string, random: string): string =>
  `${madeAt}.${random}.${box.hmac(JSON.stringify(['passkey challenge', browser, purpose, madeAt, random]))}`

/** The octets that the authenticator signs. `now`: Unix milliseconds. */
export const makeChallenge = (box: SecretBox, wanted: ChallengeFor, now: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(textOf(box, wanted, String(now), randomBytes(32).toString('base64url'))))

/** Uses the challenge, as the browser's answer repeats it in base64url; false: it is not one for this, is over, or was used. */
export const takeChallenge = async (
  store: Pick<Store, 'activity'>,
  box: SecretBox,
  wanted: ChallengeFor,
  repeated: string,
  now: number,
): Promise<boolean> => {
  const given = Buffer.from(repeated, 'base64url')
  const [, madeAt, random] = form.exec(given.toString('latin1')) ?? []
  if (madeAt === undefined || random === undefined) return false
  const right = Buffer.from(textOf(box, wanted, madeAt, random))
  const age = now - Number(madeAt)
  if (given.length !== right.length || !timingSafeEqual(given, right)) return false
  if (age < -toleranceMs || age >= challengeMs) return false
  return useOnce(store, ['passkey challenge', random], Number(madeAt) + challengeMs)
}
