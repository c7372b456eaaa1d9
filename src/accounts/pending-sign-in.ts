// Between the steps of a sign-in: what was proven, sealed, for one browser and ten minutes. It opens nothing but the second step, and
// lies nowhere but in that browser (OWASP ASVS 5.0 §6.3.4).
import { randomUUIDv7 } from 'node:crypto'
import type { SecretBox } from '../secret-box.ts'
import type { Counters } from '../store/store.ts'
import type { Proven } from './sign-in.ts'

export const pendingMs = 10 * 60_000
/** Of one sign-in, whatever the second step is tried with. */
const maxTries = 5

export interface PendingSignIn {
  id: string
  proven: Proven
  /** Unix milliseconds. */
  startedAt: number
}

/** `browser`: what only this one has. */
const contextOf = (browser: string): string => `pending sign-in ${browser}`

export const sealPending = (box: SecretBox, browser: string, proven: Proven, now: number): string => {
  const pending: PendingSignIn = { id: randomUUIDv7(), proven, startedAt: now }
  return box.seal(Buffer.from(JSON.stringify(pending)), contextOf(browser))
}

/** undefined: it was made for another browser, is damaged, or over. */
export const openPending = (
  box: SecretBox,
  browser: string,
  sealed: string,
  now: number,
): PendingSignIn | undefined => {
  let pending: PendingSignIn
  try {
    pending = JSON.parse(box.open(sealed, contextOf(browser)).toString()) as PendingSignIn
  } catch {
    return undefined
  }
  return now < pending.startedAt + pendingMs ? pending : undefined
}

/** Counts a try at the second step, at all processes together and through their death: how many are left after it; undefined: this is one too many. */
export const takeTry = async (counters: Counters, { id }: PendingSignIn, now: number): Promise<number | undefined> => {
  const tries = { counter: `second step: ${id}`, period: pendingMs, limit: maxTries, needed: 1, wanted: 1 }
  const { granted, taken } = await counters.take(tries, now)
  return granted === 0 ? undefined : maxTries - taken
}

const hourMs = 60 * 60_000
/** A code has a million values, of which three are good at any moment: at this rate it takes years to meet one (NIST SP 800-63B-4 §3.2.2). */
const maxCodesAnHour = { strangers: 20, familiar: 60 }

/**
 * Counts a one-time code that is tried: of one person, from wherever it comes. 0: it may be tried; else milliseconds to wait. Browsers in which
 * the person has signed in before are counted apart, and passkeys and recovery codes not at all: so nobody is locked out by strangers. The mark of
 * such a browser can be copied, or stay behind in one that is not the person's own: it does not open the way to guess without end.
 */
export const codeWaitMs = async (
  counters: Counters,
  userId: string,
  who: keyof typeof maxCodesAnHour,
  now: number,
): Promise<number> => {
  const counter = `sign-in codes of ${who}: ${userId}`
  const codes = { counter, period: hourMs, limit: maxCodesAnHour[who], needed: 1, wanted: 1 }
  const { granted, periodEnd } = await counters.take(codes, now)
  return granted > 0 ? 0 : Math.max(1, periodEnd - now)
}
