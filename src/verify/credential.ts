// What a request presents: the one credential in the place that the API names (RFC 6750 §2, RFC 9449 §7.1), or why there is none.
import { type Profile, takesDpop } from '../profiles/profile.ts'

export type Presented =
  /** `proofs`: the values of all `DPoP` fields, where it came by the scheme of that name. */
  { credential: string; proofs?: readonly string[] } | { missing: true } | { malformed: string }

/** Longest credential that is read at all, characters. */
export const maxCredentialLength = 8192

const visible = /^[\x21-\x7e]+$/

/** A repeated header as intermediaries join it (RFC 9110 §5.3). No credential holds white space. */
const joined = /,[ \t]/

/** The values of every field of this lower-case name, as they came. */
export const fieldValues = (rawHeaders: readonly string[], name: string): string[] => {
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const spelled = rawHeaders[i] as string
    if (spelled.length === name.length && spelled.toLowerCase() === name) values.push(rawHeaders[i + 1] as string)
  }
  return values
}

/**
 * Reads the credential from `rawHeaders` (names and values in turn, as node:http has them: the merged form hides repetitions).
 * Whatever stands in its place is one, be it long or broken: judging it tells no more than that it is not good.
 * A query string is never looked at.
 */
export const presentedCredential = (
  rawHeaders: readonly string[],
  profile: Pick<Profile, 'accepts' | 'presentation'>,
): Presented => {
  const { bearer, bare, header } = profile.presentation
  const own = header?.toLowerCase()
  let found: string | undefined
  let fromOwn = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const isAuthorization = name.length === 13 && name.toLowerCase() === 'authorization'
    const isOwn = own !== undefined && name.length === own.length && name.toLowerCase() === own
    if (!isAuthorization && !isOwn) continue
    if (found !== undefined) return { malformed: 'Send one credential, in one header, once.' }
    found = (rawHeaders[i + 1] as string).trim()
    fromOwn = isOwn
  }
  if (found === undefined || found === '') return { missing: true }
  if (found.includes(',') && joined.test(found)) return { malformed: 'Send one credential, in one header, once.' }
  if (fromOwn) return { credential: found }
  const scheme = found.slice(0, 7).toLowerCase()
  if (bearer && scheme === 'bearer ') return { credential: found.slice(7).trimStart() }
  if (bare && visible.test(found) && scheme !== 'bearer' && scheme !== 'dpop') return { credential: found }
  if (scheme.startsWith('dpop ') && takesDpop(profile))
    return { credential: found.slice(5).trimStart(), proofs: fieldValues(rawHeaders, 'dpop') }
  return { missing: true }
}
