// A person with a second factor, and what their authenticator app shows.
import assert from 'node:assert/strict'
import { codeOf, stepAt } from '../../src/accounts/factors/totp.ts'
import { type Clock, type LaunchOptions, type Launched, launch, stoppedClock } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'
import { type Visitor, addPerson, formOf, password, visitor } from '../visitor.ts'

export const email = 'ada@example.com'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const decodeBase32 = (text: string): Buffer => {
  const bits = [...text].map((character) => alphabet.indexOf(character).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** What the app shows. `base32`: the secret as it was typed into it. */
export const shown = (base32: string, now: number): string => codeOf(decodeBase32(base32), stepAt(now))

export interface AppOf {
  recoveryCodes: string[]
  /** What the app shows now. */
  code: () => string
}

/** Sets an authenticator app up in a browser that is signed in, and moves the clock on to the next code. */
export const setUpApp = async (browser: Visitor, clock: Clock): Promise<AppOf> => {
  const started = await browser.api('POST', '/account/authenticator-app/start')
  assert.equal(started.statusCode, 200, started.body)
  const { secret, setup } = started.json<{ secret: string; setup: string }>()
  const code = () => shown(secret, clock())
  const confirmed = await browser.api('POST', '/account/authenticator-app', { setup, code: code() })
  assert.equal(confirmed.statusCode, 201, confirmed.body)
  clock.advance(60_000)
  return { recoveryCodes: confirmed.json<{ recovery_codes: string[] | null }>().recovery_codes ?? [], code }
}

export interface SecondFactorScene {
  launched: Launched
  clock: Clock
  /** Ada's id. */
  id: string
  /** A browser in which she is signed in. */
  own: Visitor
  ada: AppOf
}

export const secondFactorScene = async (
  t: Cleanup,
  options: Omit<LaunchOptions, 'now'> = {},
): Promise<SecondFactorScene> => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { file: {}, ...options, now: clock })
  const id = await addPerson(launched)
  const own = visitor(launched)
  await own.signIn(email, password)
  return { launched, clock, id, own, ada: await setUpApp(own, clock) }
}

/** What the second step's page posts. */
export const secondStep = async (browser: Visitor, fields: Record<string, string>, headers = {}, query = '') => {
  const { body } = await browser.get(`/login/verify${query}`, headers)
  return browser.post('/login/verify', { ...formOf(body, '/login/verify'), ...fields }, headers)
}
