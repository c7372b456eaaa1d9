// RFC 8259 §4, RFC 7519 §4: a JSON object whose member names are distinct at every depth.

const maxDepth = 8

type Members = Record<string, unknown>

/** The members of every object in valid JSON, as often as they are written. */
const countMembers = (text: string): number => {
  let members = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === ':') members++
  }
  return members
}

/** The members that reading it has left; undefined: nested too deep. */
const countRead = (value: unknown, depth = 0): number | undefined => {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === maxDepth) return undefined
  let members = Array.isArray(value) ? 0 : Object.keys(value).length
  for (const one of Object.values(value)) {
    const within = countRead(one, depth + 1)
    if (within === undefined) return undefined
    members += within
  }
  return members
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The object that the bytes spell; undefined for anything else: a repeated name loses a member when it is read. */
export const parseStrictObject = (bytes: Uint8Array): Members | undefined => {
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return countRead(value) === countMembers(text) ? (value as Members) : undefined
  } catch {
    return undefined
  }
}
