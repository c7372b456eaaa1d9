// How values on the command line are read: durations, ends, scopes, counts. A value that is none of these is a usage error.
import { InvalidArgumentError, Option } from 'commander'
import { formatTime, parseTime } from '../rfc3339.ts'

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** `90s 30m 24h 90d` as seconds; a plain 0 needs no unit. */
export const parseDuration = (text: string): number => {
  const match = /^(\d{1,9})([smhd])$/.exec(text)
  if (match) return Number(match[1]) * secondsOf[match[2] as keyof typeof secondsOf]
  if (text === '0') return 0
  throw new InvalidArgumentError('Write a duration such as 90s, 30m, 24h or 90d.')
}

/** A life of at least one second. */
const parseLifetime = (text: string): number => {
  const seconds = parseDuration(text)
  if (seconds === 0) throw new InvalidArgumentError('It must last at least a second, as in 30m or 90d.')
  return seconds
}

/** RFC 3339, or a bare date, which ends that day: the following midnight, UTC. Answers RFC 3339 in UTC. */
export const parseEnd = (text: string): string => {
  const bare = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const at = parseTime(bare ? `${text}T00:00:00Z` : text)
  if (at === undefined)
    throw new InvalidArgumentError('Write a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z.')
  return formatTime(bare ? at + 86_400_000 : at)
}

/** RFC 3339, or a bare date, which begins that day, UTC. */
export const parseBeginning = (text: string): string => {
  const at = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (at === undefined)
    throw new InvalidArgumentError('Write a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z.')
  return formatTime(at)
}

/** Scopes separated by spaces; an option that is given again adds to them. */
export const parseScope = (text: string, previous: string | undefined): string => {
  const scopes = `${previous ?? ''} ${text}`.split(/\s+/).filter(Boolean)
  if (scopes.length === 0) throw new InvalidArgumentError('Write scopes such as "read write".')
  return scopes.join(' ')
}

/** A whole number from 1 to `most`. */
export const parseCount =
  (most: number) =>
  (text: string): number => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
    if (count < 1 || count > most) throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`)
    return count
  }

export const scopeOption = (what: string): Option =>
  new Option('--scope <scopes>', `${what}, as in "read write"`).argParser(parseScope)

/** The two ways to say when something ends; neither: never. */
export interface Expiry {
  expiresIn?: number
  expiresAt?: string
}

export const expiryOptions = (): [Option, Option] => [
  new Option('--expires-in <duration>', 'how long it lives, as in 24h or 90d; never ends where not given')
    .argParser(parseLifetime)
    .conflicts('expiresAt'),
  new Option('--expires-at <date>', 'when it ends: RFC 3339, or a date, which ends that day, UTC').argParser(parseEnd),
]

export const expiryBody = ({ expiresIn, expiresAt }: Expiry) => ({ expires_in: expiresIn, expires_at: expiresAt })

export const overlapOption = (): Option =>
  new Option('--overlap <duration>', 'how long the old one still works; 0 ends it now (default: 24h)').argParser(
    parseDuration,
  )

export interface Paging {
  limit?: number
  cursor?: string
}

export const pagingOptions = (): [Option, Option] => [
  new Option('--limit <count>', 'how many to show, newest first').argParser(parseCount(100_000)).default(1000),
  new Option('--cursor <cursor>', 'go on after an earlier list that was cut (its next_cursor)'),
]
