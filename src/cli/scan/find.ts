// Finds this deployment's credentials in a text: by prefix and checksum where they have one, else by their form alone.
import { hintOf, parseCredential } from '../../credentials/format.ts'

export interface Finding {
  /** From 1. */
  line: number
  kind: 'api_key' | 'personal_access_token' | 'client_secret' | 'refresh_token'
  /** Of API keys; null: not named, which means the first. */
  environment: string | null
  /** What lists show of the value; the value itself is told nowhere. */
  hint: string
}

/** `value`: for whoever reports it, and not to be shown. */
type Found = Finding & { value: string }

const secretKinds = { cs: 'client_secret', rt: 'refresh_token' } as const

/** `prefixes`: those of API keys that are or were in use. The scanner may be used for any number of texts. */
export const createScanner = (prefixes: readonly string[]): ((text: string) => Found[]) => {
  // the checksum decides, so that the left edge may be anything: `KEY=sk_…`, `x-sk_…`, `\nsk_…`
  const keys = new RegExp(`(?:${['pat', ...prefixes].join('|')})_(?:[a-z][a-z0-9]{0,15}_)?[0-9a-f]{64}`, 'g')
  const secrets = /(?<![A-Za-z0-9_-])(cs|rt)_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g
  return (text) => {
    const found: (Omit<Found, 'line'> & { at: number })[] = []
    keys.lastIndex = 0
    for (let match = keys.exec(text); match; match = keys.exec(text)) {
      const parsed = parseCredential(match[0], prefixes)
      if (parsed)
        found.push({
          at: match.index,
          kind: parsed.kind,
          environment: parsed.kind === 'api_key' ? (parsed.environment ?? null) : null,
          hint: hintOf(match[0]),
          value: match[0],
        })
      else keys.lastIndex = match.index + 1 // a credential may begin inside what looked like one
    }
    for (const match of text.matchAll(secrets)) {
      found.push({
        at: match.index,
        kind: secretKinds[match[1] as keyof typeof secretKinds],
        environment: null,
        hint: hintOf(match[0]),
        value: match[0],
      })
    }
    found.sort((a, b) => a.at - b.at)
    return withLines(text, found)
  }
}

const withLines = (text: string, found: readonly (Omit<Found, 'line'> & { at: number })[]): Found[] => {
  let line = 1
  let counted = 0
  return found.map(({ at, ...finding }) => {
    for (let next = text.indexOf('\n', counted); next !== -1 && next < at; next = text.indexOf('\n', counted)) {
      line++
      counted = next + 1
    }
    return { line, ...finding }
  })
}
