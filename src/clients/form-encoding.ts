// RFC 6749 Appendix B: names and values of application/x-www-form-urlencoded, read strictly.

/** Visible ASCII without "%" and "+": it stands for itself, as nearly all does that is sent. */
const plain = /^[!-$&-*,-~]*$/

const control = /\p{Cc}/u

/** One name or value; undefined for a broken percent-encoding, for what is not UTF-8, and for control characters, which no value of RFC 6749 Appendix A has. */
export const decodeFormComponent = (text: string): string | undefined => {
  if (plain.test(text)) return text
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    return control.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}
