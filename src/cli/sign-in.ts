// The OAuth client that the command line is: signs a person in by device code (RFC 8628), renews what it got, and gives it back.
import { setTimeout as wait } from 'node:timers/promises'
import { commandLineClientId } from '../clients/built-in.ts'
import { grantTypes } from '../clients/settings.ts'
import { Refusal } from '../errors.ts'
import { Fault } from './client.ts'
import { type Document, asText } from './output.ts'
import { sendRequest } from './server-request.ts'
import type { SignIn } from './stored-credentials.ts'

/** Seconds between two questions where the server names none, and what `slow_down` adds (RFC 8628 §3.2, §3.5). */
const usualInterval = 5
const maxInterval = 60

const signInAgain = (url: string): string => `Sign in again: latchkey login --url ${url}`

/** A request to an OAuth endpoint. Throws Fault where the answer is none of OAuth. */
const ask = async (
  url: string,
  endpoint: string,
  form: Record<string, string>,
): Promise<{ status: number; answer: Document }> => {
  const { status, text } = await sendRequest(url, `/oauth/${endpoint}`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: commandLineClientId, ...form }).toString(),
  })
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new Fault(`The answer is not one of a Latchkey's authorization server (status ${status}). Check the URL.`)
  return { status, answer: answer as Document }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Throws Fault for an answer without what a sign-in needs. */
const toSignIn = (answer: Document): SignIn => {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = answer
  if (!isText(accessToken) || !isText(refreshToken) || typeof seconds !== 'number')
    throw new Fault('The answer lacks a token. Is the server as new as this command line?')
  return { accessToken, refreshToken, expiresAt: Date.now() + seconds * 1000 }
}

/** What an error answer means for the person; `invalid_grant` and the like are told by the caller. */
const failure = (url: string, status: number, { error, error_description: description }: Document): Error => {
  const detail = isText(description) ? asText(description) : `status ${status}`
  return status >= 500 || !isText(error)
    ? new Fault(`${url} could not answer: ${detail}`)
    : new Refusal('forbidden', `${url} refuses: ${detail} (${asText(error)}).`)
}

/** A code for the person, and how to wait until it has been entered. */
export interface Invitation {
  userCode: string
  verificationUri: string
  /** With the code in it. */
  complete: string
  /** Resolves once the person has allowed it. Throws Refusal where it was denied or took too long. */
  signedIn: () => Promise<SignIn>
}

/** RFC 8628 §3.1, §3.2: asks for a code. */
export const inviteToSignIn = async (url: string): Promise<Invitation> => {
  const { status, answer } = await ask(url, 'device_authorization', { scope: 'manage' })
  const { device_code: deviceCode, user_code: userCode, verification_uri: verificationUri } = answer
  if (status !== 200) throw failure(url, status, answer)
  if (!isText(deviceCode) || !isText(userCode) || !isText(verificationUri))
    throw new Fault('The answer lacks a code. Is the server as new as this command line?')
  const { verification_uri_complete: complete, expires_in: seconds, interval } = answer
  return {
    userCode: asText(userCode),
    verificationUri: asText(verificationUri),
    complete: asText(isText(complete) ? complete : verificationUri),
    signedIn: () =>
      poll(
        url,
        deviceCode,
        typeof seconds === 'number' ? seconds : 600,
        typeof interval === 'number' ? Math.min(Math.max(interval, 1), maxInterval) : usualInterval,
      ),
  }
}

/** RFC 8628 §3.4, §3.5: asks until the person has decided. A server that cannot be reached for a while is asked less and less often. */
const poll = async (url: string, deviceCode: string, lifetime: number, interval: number): Promise<SignIn> => {
  const deadline = performance.now() + lifetime * 1000
  let pause = interval
  for (;;) {
    await wait(pause * 1000)
    const outcome = await ask(url, 'token', { grant_type: grantTypes.deviceCode, device_code: deviceCode }).catch(
      (error: unknown) => error as Error,
    )
    if (!(outcome instanceof Error)) {
      const { status, answer } = outcome
      if (status === 200) return toSignIn(answer)
      if (answer.error === 'access_denied') throw new Refusal('forbidden', 'It was denied in the browser.')
      if (answer.error === 'expired_token')
        throw new Refusal('expired_token', `Nobody allowed it in time. Try again: latchkey login --url ${url}`)
      if (answer.error === 'slow_down') pause = Math.min(pause + usualInterval, maxInterval)
      else if (answer.error !== 'authorization_pending') throw failure(url, status, answer)
    } else if (outcome instanceof Fault) pause = Math.min(pause * 2, maxInterval)
    else throw outcome
    if (performance.now() > deadline)
      throw new Refusal('expired_token', `Nobody allowed it in time. Try again: latchkey login --url ${url}`)
  }
}

/** RFC 6749 §6: the next access token, and the next refresh token, which must be kept before either is used. */
export const renew = async (url: string, { refreshToken }: SignIn): Promise<SignIn> => {
  const { status, answer } = await ask(url, 'token', {
    grant_type: grantTypes.refreshToken,
    refresh_token: refreshToken,
  })
  if (status === 200) return toSignIn(answer)
  if (answer.error === 'invalid_grant')
    throw new Refusal('expired_token', `Your sign-in to ${url} has ended. ${signInAgain(url)}`)
  throw failure(url, status, answer)
}

/** RFC 7009: ends the sign-in at the server. */
export const giveBack = async (url: string, { refreshToken }: SignIn): Promise<void> => {
  const { status, answer } = await ask(url, 'revoke', { token: refreshToken })
  if (status !== 200) throw failure(url, status, answer)
}
