// Profiles as a configuration means them: shipped ones, the user's own, what extends what, and whether it makes sense.
import { shipped } from '../profiles/all.ts'
import type { CredentialKind, LimitPolicy, Profile } from '../profiles/profile.ts'
import type { Mistakes } from './config.ts'
import type { ProfileConfig } from './file.ts'
import { isOwnField } from './values.ts'

const kinds: readonly CredentialKind[] = [
  'api_key',
  'personal_access_token',
  'legacy_token',
  'oauth_token',
  'jwt',
  'cwt',
]

const tiers = ['free', 'pro', 'enterprise']

export const resolveProfile = (
  mistakes: Mistakes,
  place: string,
  own: Record<string, ProfileConfig>,
  wanted: string | ProfileConfig,
  seen: string[] = [],
): Profile => {
  const fallback = shipped.default as Profile
  if (typeof wanted === 'string') {
    if (Object.hasOwn(shipped, wanted)) return shipped[wanted] as Profile
    const custom = Object.hasOwn(own, wanted) ? own[wanted] : undefined
    if (!custom || seen.includes(wanted)) {
      const known = [...Object.keys(shipped), ...Object.keys(own)].join(', ')
      mistakes.add(
        place,
        custom ? `profile "${wanted}" extends itself` : `there is no profile "${wanted}"; there are ${known}`,
      )
      return fallback
    }
    return { ...resolveProfile(mistakes, `profiles.${wanted}`, own, custom, [...seen, wanted]), name: wanted }
  }
  const base = resolveProfile(mistakes, `${place}.extends`, own, wanted.extends ?? 'default', seen)
  const { extends: _, token, errors, ...rest } = wanted
  return { ...base, ...rest, token: { ...base.token, ...token }, errors: { ...base.errors, ...errors } }
}

const checkLimits = (mistakes: Mistakes, place: string, policies: readonly LimitPolicy[]): void => {
  const names = new Set<string>()
  policies.forEach((policy, index) => {
    const at = `${place}[${index}]`
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(policy.name))
      mistakes.add(at, `name "${policy.name}" must be lower-case letters, digits and hyphens`)
    if (names.has(policy.name)) mistakes.add(at, `name "${policy.name}" is taken by another limit`)
    names.add(policy.name)
    if (!['credential', 'token', 'organization'].includes(policy.per))
      mistakes.add(at, `per "${policy.per}" must be credential, token or organization`)
    if (
      policy.period === 'month'
        ? policy.per !== 'organization'
        : !(Number.isInteger(policy.period) && policy.period >= 1 && policy.period <= 86_400 * 31)
    ) {
      mistakes.add(
        at,
        policy.period === 'month'
          ? 'a month belongs to an organization: write per: "organization"'
          : `period must be "month" or 1 to 2678400 seconds`,
      )
    }
    const amounts = typeof policy.limit === 'number' ? [policy.limit] : Object.values(policy.limit ?? {})
    for (const amount of amounts) {
      if (amount !== null && !(Number.isSafeInteger(amount) && amount >= 1))
        mistakes.add(at, `limit ${amount} must be a whole number above 0, or null for unlimited`)
    }
    if (typeof policy.limit === 'object') {
      for (const tier of tiers) if (!(tier in policy.limit)) mistakes.add(at, `limit says nothing of tier "${tier}"`)
    }
  })
}

export const checkProfile = (mistakes: Mistakes, place: string, profile: Profile): void => {
  for (const kind of profile.accepts)
    if (!kinds.includes(kind))
      mistakes.add(place, `accepts "${kind}", which is no kind of credential; there are ${kinds.join(', ')}`)
  const { bearer, bare, header } = profile.presentation
  if (!bearer && !bare && !header)
    mistakes.add(place, 'presentation names no place for a credential; set bearer, bare or header')
  if (header !== undefined && !isOwnField(header))
    mistakes.add(place, `header "${header}" is not a header name of its own`)
  const { algorithm, type, lifetimeSeconds } = profile.token
  if (!['ES256', 'RS256', 'EdDSA', 'HS256'].includes(algorithm))
    mistakes.add(place, `token.algorithm "${algorithm}" must be ES256, RS256, EdDSA or HS256`)
  if ((algorithm === 'HS256') !== (type === 'JWT'))
    mistakes.add(place, 'token.type is "JWT" with HS256 and "at+jwt" with every other algorithm')
  if (!(Number.isInteger(lifetimeSeconds) && lifetimeSeconds >= 1 && lifetimeSeconds <= 86_400))
    mistakes.add(place, 'token.lifetimeSeconds must be 1 to 86400')
  checkLimits(mistakes, `${place}.limits`, profile.limits)
}
