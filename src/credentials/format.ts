// The form of the credentials that Latchkey makes: a prefix, 56 random hex digits (224 bits), and the CRC-32 of all that,
// so that a typo or a swapped environment is refused before anything is looked up.
import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0') // CRC-32/ISO-HDLC

const make = (prefix: string): string => {
  const body = prefix + randomBytes(28).toString('hex')
  return body + checksum(body)
}

/** `sk_<env>_<64 hex>`; the first environment's may go without its name. */
export const makeApiKey = (prefix: string, environment: string | undefined): string =>
  make(environment === undefined ? `${prefix}_` : `${prefix}_${environment}_`)

/** `pat_<64 hex>`. */
export const makePersonalAccessToken = (): string => make('pat_')

/** 256 random bits, base64url, behind a prefix such as `cs_`. */
export const makeSecret = (prefix: 'cs_' | 'rt_' | 'ac_' | 'su_' | 'se_' | 'pr_' | 'ra_' | 'in_'): string =>
  prefix + randomBytes(32).toString('base64url')

export type Parsed = { kind: 'personal_access_token' } | { kind: 'api_key'; environment: string | undefined }

const form = /^([a-z][a-z0-9]{0,15})_(?:([a-z][a-z0-9]{0,15})_)?[0-9a-f]{64}$/

/** Of what `form` takes, characters. */
export const maxOwnLength = 98

/** What `value` is by its form and checksum, or undefined. `prefixes`: those of API keys that are or were in use. */
export const parseCredential = (value: string, prefixes: readonly string[]): Parsed | undefined => {
  const match = form.exec(value)
  if (!match || checksum(value.slice(0, -8)) !== value.slice(-8)) return undefined
  const [, prefix = '', environment] = match
  if (prefix === 'pat') return environment === undefined ? { kind: 'personal_access_token' } : undefined
  return prefixes.includes(prefix) ? { kind: 'api_key', environment } : undefined
}

/** Hex SHA-256: how random values of 224 bits and more are kept and found. */
export const hashOf = (value: string): string => hash('sha256', value, 'hex')

/** What a list may show of a value: its prefix and its last four characters. */
export const hintOf = (value: string): string => {
  // base64url may begin like a prefix of its own; what is in hex cannot
  const prefix = /^[a-z]{2}_(?=[\w-]{43}$)|^(?:[a-z][a-z0-9]{0,15}_){1,2}/.exec(value)?.[0] ?? ''
  return `${prefix}…${value.slice(-4)}`
}
