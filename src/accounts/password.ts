// Passwords: length alone is asked for (OWASP ASVS 5.0 §6.2), argon2id is what is kept (RFC 9106).
import { hash, verify } from '@node-rs/argon2'
import { Refusal } from '../errors.ts'

export const minPasswordLength = 12
export const maxPasswordLength = 128

/** OWASP's first choice of parameters: 19 MiB, two passes, one lane. The library's default variant is argon2id, version 19. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

/** Of no password: verified against where a user has none or does not exist, so that the time tells nothing. */
const nobody = '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** What is wrong with a password for the user of this address; undefined: nothing. Any character counts, none is asked for. */
export const passwordMistake = (password: string, email: string): string | undefined => {
  const length = Array.from(password).length
  if (length < minPasswordLength) return `A password has at least ${minPasswordLength} characters.`
  if (length > maxPasswordLength) return `A password has at most ${maxPasswordLength} characters.`
  if (new Set(password).size < 4) return 'This password repeats the same few characters.'
  return password.toLowerCase() === email.trim().toLowerCase() ? 'The password is the e-mail address.' : undefined
}

/** The PHC string of a password that keeps the rules; some 10 ms off the main thread. Throws `invalid_request`. */
export const hashPassword = async (password: string, email: string): Promise<string> => {
  const mistake = passwordMistake(password, email)
  if (mistake !== undefined) throw new Refusal('invalid_request', mistake)
  return hash(password, parameters)
}

/** Whether the password is the one kept as `passwordHash`; null (no user, or none set) takes as long and is never right. */
export const verifyPassword = async (passwordHash: string | null, password: string): Promise<boolean> => {
  if (Array.from(password).length > maxPasswordLength) return false
  const right = await verify(passwordHash ?? nobody, password)
  return right && passwordHash !== null
}
