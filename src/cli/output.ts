// What a command says: aligned text for people, or with --json one JSON document and nothing else on standard output.

/** A JSON object as the management API answers it. */
export type Document = Readonly<Record<string, unknown>>

export type Cell = (value: unknown) => string

export interface Column {
  title: string
  field: string
  /** How the field's value is shown. Default: as text. */
  show?: Cell
}

/** Control characters in names must not reach the terminal, where they could rewrite what was said. */
const printable = (text: string): string => text.replaceAll(/(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')

/** Text, lists with commas, flags as yes and no; nothing as a dash. */
export const asText: Cell = (value) => {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(asText).join(', ')
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}

/** RFC 3339 as `2027-01-31 18:00:00 UTC`; `missing` where there is none. */
const time =
  (missing: string): Cell =>
  (value) => {
    const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
    return Number.isNaN(at) ? missing : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  }

export const asTime = time('-')
export const asLastUsed = time('Never used')
export const asExpiry = time('Never expires')
/** null means that nothing narrows it. */
export const asAllowance: Cell = (value) => (value === null || value === undefined ? 'all' : asText(value))
export const asCount: Cell = (value) => (typeof value === 'number' ? value.toLocaleString('en-US') : asText(value))

/** Characters as a reader counts them. */
const segmenter = new Intl.Segmenter()
const widthOf = (text: string): number => Array.from(segmenter.segment(text)).length

export const table = (columns: readonly Column[], rows: readonly Document[]): string => {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ field, show = asText }) => show(row[field]))),
  ]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? ''))))
  const pad = (cell: string, index: number): string => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell))
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** One thing, a line for each column. */
export const details = (columns: readonly Column[], document: Document): string => {
  const width = Math.max(...columns.map(({ title }) => title.length))
  return columns.map(({ title, field, show = asText }) => `${title.padEnd(width)}  ${show(document[field])}`).join('\n')
}

/** A new secret in a line of its own, said once. */
export const once = (what: string, secret: unknown): string =>
  `${asText(secret)}\n\nCopy the ${what} now: it will not be shown again.`

export class Output {
  readonly json: boolean

  constructor(json: boolean) {
    this.json = json
  }

  /** Says a result: the document with --json, else the text. */
  result(document: unknown, text: string): void {
    process.stdout.write(this.json ? `${JSON.stringify(document, null, 2)}\n` : `${text}\n`)
  }

  /** A remark beside the result, for people only. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`)
  }
}
