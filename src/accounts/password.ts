// Passwords (OWASP ASVS 5.0 §6.2): long enough, and none that is tried first; argon2id is what is kept (RFC 9106).
import { isMainThread } from 'node:worker_threads'
import { hash, verify } from '@node-rs/argon2'
import { Refusal } from '../errors.ts'
import { isFrequentPassword } from './frequent-passwords.ts'
import { HashingQueue } from './hashing-queue.ts'

export const minPasswordLength = 12
export const maxPasswordLength = 128

/** Characters that must be left without the words that everybody would try for this person. */
const minOwnLength = 8

/** OWASP's first choice of parameters: 19 MiB, two passes, one lane. The library's default variant is argon2id, version 19. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

/** Of no password: verified against where a user has none or does not exist, so that the time tells nothing. */
const nobody = '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** Of the process, as its four threads are: one of them stays free for what else needs one. */
// of the four threads that a process has for such work; several workers share them
const queue = new HashingQueue(isMainThread ? 3 : 1, 300)

/** Words of three letters and more, the longest first: `ada@example.com` is one, and so are its parts. */
const wordsAbout = (email: string, name: string): string[] => {
  const whole = [email, name, 'latchkey'].map((text) => text.trim().toLowerCase())
  const parts = whole.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
  return [...new Set([...whole, ...parts])].filter((word) => word.length > 2).sort((a, b) => b.length - a.length)
}

/** What is wrong with a password for this person; undefined: nothing. Any character counts, none is asked for. */
export const passwordMistake = (password: string, email: string, name = ''): string | undefined => {
  const length = Array.from(password).length
  if (length < minPasswordLength) return `A password has at least ${minPasswordLength} characters.`
  if (length > maxPasswordLength) return `A password has at most ${maxPasswordLength} characters.`
  if (new Set(password).size < 4) return 'This password repeats the same few characters.'
  if (isFrequentPassword(password)) return 'Many people use this password, so it is tried first. Choose another.'
  const lower = password.toLowerCase()
  if (lower === email.trim().toLowerCase()) return 'The password is the e-mail address.'
  const own = wordsAbout(email, name).reduce((text, word) => text.replaceAll(word, ''), lower)
  return own !== lower && Array.from(own).length < minOwnLength
    ? 'This password is little more than your name, your address or “latchkey”. Add words of your own.'
    : undefined
}

/** The PHC string of a password that keeps the rules; some 10 ms off the main thread. Throws `invalid_request`, or `temporarily_unavailable`. */
export const hashPassword = async (password: string, email: string, name?: string): Promise<string> => {
  const mistake = passwordMistake(password, email, name)
  if (mistake !== undefined) throw new Refusal('invalid_request', mistake)
  return queue.run(() => hash(password, parameters))
}

/**
 * Whether the password is the one kept as `passwordHash`; null (no user, or none set) takes as long and is never right.
 * Throws `temporarily_unavailable` where too many are being looked at.
 */
export const verifyPassword = async (passwordHash: string | null, password: string): Promise<boolean> => {
  if (Array.from(password).length > maxPasswordLength) return false
  const right = await queue.run(() => verify(passwordHash ?? nobody, password))
  return right && passwordHash !== null
}
