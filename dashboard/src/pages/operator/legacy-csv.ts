// Reads a CSV of legacy tokens (RFC 4180) as the command line does: line by line, so that a broken one spoils only itself.

export interface LegacyLine {
  line: number
  name?: string
  owner?: string
  organization?: string
  token?: string
  sha256?: string
}

export interface BadLine {
  line: number
  reason: string
}

const columns = ['name', 'owner', 'organization', 'token', 'sha256'] as const
type Column = (typeof columns)[number]

/** undefined: its quotes are wrong. */
const fieldsOf = (text: string): string[] | undefined => {
  const fields: string[] = []
  let rest = text
  for (;;) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(,|$)/.exec(rest)
    const plain = quoted ? null : /^([^",]*)(,|$)/.exec(rest)
    const found = quoted ?? plain
    if (!found) return undefined
    const [whole, value = '', end] = found
    fields.push(quoted ? value.replaceAll('""', '"') : value.trim())
    if (end === '') return fields
    rest = rest.slice(whole.length)
  }
}

/** Throws, with the way out, where the first line does not name the columns. Never repeats a token. */
export const readLegacyCsv = (text: string): { lines: LegacyLine[]; bad: BadLine[] } => {
  const [first = '', ...others] = text.replace(/^\u{feff}/u, '').split(/\r?\n/)
  const names = fieldsOf(first) ?? []
  const known = names.filter((name): name is Column => columns.some((column) => column === name))
  const complete =
    ['name', 'owner', 'organization'].every((name) => known.includes(name as Column)) &&
    (known.includes('token') || known.includes('sha256'))
  if (!complete || known.length !== names.length || new Set(known).size !== known.length)
    throw new Error('The first line must name the columns: name, owner, organization, and token or sha256.')
  const lines: LegacyLine[] = []
  const bad: BadLine[] = []
  for (const [index, raw] of others.entries()) {
    if (raw.trim() === '') continue
    const line = index + 2
    const fields = fieldsOf(raw)
    if (!fields) bad.push({ line, reason: 'The quotes are not closed, or stand in the middle of a field.' })
    else if (fields.length !== known.length)
      bad.push({ line, reason: `It has ${fields.length} fields; the first line names ${known.length}.` })
    else
      lines.push({
        line,
        ...Object.fromEntries(known.flatMap((name, place) => (fields[place] === '' ? [] : [[name, fields[place]]]))),
      })
  }
  return { lines, bad }
}
