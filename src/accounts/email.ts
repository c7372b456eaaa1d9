// E-mail addresses: one form for each, so that no two users share one.
import { Refusal } from '../errors.ts'

// What browsers take in <input type="email"> (WHATWG HTML §4.10.5.1.5); lengths by RFC 5321 §4.5.3.1.
const form =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
const maxLength = 254

/** The one form of an address, whether it is one or not. */
export const normalizeEmail = (text: string): string => text.trim().toLowerCase()

/** What is wrong with an address; undefined: nothing. */
export const emailMistake = (text: string): string | undefined => {
  const email = normalizeEmail(text)
  if (email === '') return 'An e-mail address is needed.'
  return email.length > maxLength || !form.test(email)
    ? 'This is not an e-mail address such as ada@example.com.'
    : undefined
}

/** The address trimmed and in lower case. Throws `invalid_request`. */
export const cleanEmail = (text: string): string => {
  const mistake = emailMistake(text)
  if (mistake !== undefined) throw new Refusal('invalid_request', mistake)
  return normalizeEmail(text)
}
