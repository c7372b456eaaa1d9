// Names that people give to themselves and to things.
import { Refusal } from '../errors.ts'

const maxLength = 200

/** What is wrong with a name; undefined: nothing. */
export const nameMistake = (text: string): string | undefined => {
  if (text.trim() === '') return 'A name is needed.'
  if (Array.from(text.trim()).length > maxLength) return `A name has at most ${maxLength} characters.`
  // line breaks and escape sequences would let a name pose as something else in a log or a terminal; so would text of reversed direction
  return /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text.trim())
    ? 'A name has no line breaks or control characters.'
    : undefined
}

/** The name without space around it. Throws `invalid_request`. */
export const cleanName = (text: string): string => {
  const mistake = nameMistake(text)
  if (mistake !== undefined) throw new Refusal('invalid_request', mistake)
  return text.trim()
}
