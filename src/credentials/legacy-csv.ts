// Reads a CSV file of legacy tokens (RFC 4180) line by line, so that one broken line, an open quote too, spoils only itself.
import { parse } from 'csv-parse/sync'
import { Refusal } from '../errors.ts'
import type { BadLine, LegacyLine } from './import-legacy.ts'

/** Longest line that is read, characters: the longest token with room for the rest. */
const maxLineLength = 16_384

const columns = ['name', 'owner', 'organization', 'token', 'sha256'] as const
type Column = (typeof columns)[number]

/** The lines of a stream of UTF-8, without their ends; of one that is too long, undefined. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder() // takes a byte order mark off
  let rest = ''
  let tooLong = false
  const take = function* (text: string): Generator<string | undefined> {
    const parts = text.split('\n')
    for (const [index, part] of parts.entries()) {
      if (!tooLong) rest += part
      if (rest.length > maxLineLength) {
        tooLong = true
        rest = ''
      }
      if (index === parts.length - 1) break
      yield tooLong ? undefined : rest.replace(/\r$/, '')
      rest = ''
      tooLong = false
    }
  }
  for await (const chunk of input) yield* take(decoder.decode(chunk, { stream: true }))
  yield* take(`${decoder.decode()}\n`)
}

/** The fields of one line, or undefined where its quotes are wrong. */
const fieldsOf = (text: string): string[] | undefined => {
  if (!text.includes('"')) return text.split(',').map((field) => field.trim()) // fifty times as fast as the parser
  try {
    return parse(text, { trim: true, record_delimiter: '\n' })[0] ?? []
  } catch {
    return undefined // the parser's own words may repeat the token
  }
}

const readHeader = (text: string | undefined): readonly Column[] => {
  const names = text === undefined ? undefined : fieldsOf(text)
  const known = names?.filter((name): name is Column => columns.some((column) => column === name)) ?? []
  const complete =
    ['name', 'owner', 'organization'].every((name) => known.includes(name as Column)) &&
    (known.includes('token') || known.includes('sha256'))
  if (complete && known.length === names?.length && new Set(known).size === known.length) return known
  // what the line holds is not repeated: without a header it is a token's
  throw new Refusal(
    'invalid_request',
    'The first line must name the columns: name, owner, organization, and token or sha256, each once and nothing else, separated by commas.',
  )
}

/**
 * Reads lines for `importLegacyTokens`; those that are no good CSV come as `{line, reason}`. Empty lines are passed over.
 * A quoted field cannot go on in the next line. Throws `invalid_request` for a wrong header.
 */
export async function* readLegacyCsv(input: AsyncIterable<Uint8Array>): AsyncGenerator<LegacyLine | BadLine> {
  let header: readonly Column[] | undefined
  let line = 0
  for await (const text of linesOf(input)) {
    line++
    if (header === undefined) {
      header = readHeader(text)
      continue
    }
    if (text === '') continue
    const fields = text === undefined ? undefined : fieldsOf(text)
    if (text === undefined) yield { line, reason: `The line is longer than ${maxLineLength} characters.` }
    else if (text.includes('\ufffd')) yield { line, reason: 'The line is not UTF-8.' }
    else if (fields === undefined)
      yield {
        line,
        reason: 'The quotes are wrong: a field with a quote or a comma is written "…", and a quote in it twice.',
      }
    else if (fields.length !== header.length)
      yield { line, reason: `The line has ${fields.length} fields, the header ${header.length}.` }
    else yield { line, ...Object.fromEntries(header.map((column, index) => [column, fields[index]])) }
  }
}
