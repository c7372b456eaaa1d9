// RFC 8628 §6.1: the code that a person types: 8 of 20 letters without vowels, so that none makes a word, written as XXXX-XXXX.
import { randomInt } from 'node:crypto'
import type { SecretBox } from '../../secret-box.ts'

const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8

/** Longest that is read: nobody types more between eight letters. */
const maxTypedLength = 64

export const makeUserCode = (): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('') // 34 bits

export const writeUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** The code that somebody typed, in any case and with anything between its letters; undefined: it is none. */
export const readUserCode = (typed: string): string | undefined => {
  if (typed.length > maxTypedLength) return undefined
  const code = typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return code.length === length && [...code].every((letter) => letters.includes(letter)) ? code : undefined
}

/** How it is kept. A plain hash of 34 bits could be turned back within minutes. */
export const userCodeHash = (box: SecretBox, code: string): string => box.hmac(`device user code ${code}`)
