// RFC 8259 as RFC 7515 §4 and RFC 7519 §4 want it: an object whose member names are distinct at every depth.

const maxDepth = 8
const significant = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g

/** Whether every object in `text`, which is valid JSON, has distinct members, no deeper than the cap and in well-formed Unicode. */
const isStrict = (text: string): boolean => {
  const open: (Set<string> | undefined)[] = [] // the names seen in each open object; undefined for an array
  for (const [token, colon] of text.matchAll(significant)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : undefined) > maxDepth) return false
    } else if (token === '}' || token === ']') {
      open.pop()
    } else {
      const spelled = colon === undefined ? token : token.slice(0, -colon.length)
      const string = spelled.includes('\\') ? (JSON.parse(spelled) as string) : spelled.slice(1, -1) // names are compared after their escapes (RFC 8259 §8.3)
      if (!string.isWellFormed()) return false
      if (colon === undefined) continue
      const names = open.at(-1)
      if (names === undefined || names.has(string) || string === '__proto__') return false
      names.add(string)
    }
  }
  return true
}

/** The object that `text` spells; undefined for anything else. Callers cap the length. */
export const parseStrictObject = (text: string): Record<string, unknown> | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isStrict(text)
    ? (value as Record<string, unknown>)
    : undefined
}
