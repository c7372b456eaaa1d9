// The browser's part of passkeys, and its refusals in words.
import { WebAuthnError, startAuthentication, startRegistration } from '@simplewebauthn/browser'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/browser'
import { ApiError } from '../../api/client.ts'

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON']
type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON']

const refusal = (message: string): ApiError => new ApiError(0, 'passkey', message, undefined)

const inWords = (error: unknown): ApiError => {
  if (error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED')
    return refusal('This device has a passkey for your account already.')
  if (error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError'))
    return refusal('No passkey was used: it was cancelled, or took too long. Try again.')
  return refusal('Your browser could not use a passkey here. Try another browser or device.')
}

/** Throws with words to show. */
export const makePasskey = async (optionsJSON: CreationOptions): Promise<RegistrationResponseJSON> => {
  try {
    return await startRegistration({ optionsJSON })
  } catch (error) {
    throw inWords(error)
  }
}

/** Throws with words to show. */
export const askPasskey = async (optionsJSON: RequestOptions | undefined): Promise<AuthenticationResponseJSON> => {
  if (!optionsJSON) throw refusal('You have no passkey here any more.')
  try {
    return await startAuthentication({ optionsJSON })
  } catch (error) {
    throw inWords(error)
  }
}
