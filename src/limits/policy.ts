// Which limits a principal meets at an API, and which counter each is counted by.
import type { Api } from '../config/config.ts'
import type { LimitPolicy } from '../profiles/profile.ts'
import type { Tier } from '../store/schema.ts'
import type { Place } from '../threads/buckets.ts'

export interface AppliedLimit {
  policy: LimitPolicy
  /** Units per period at the principal's tier. */
  limit: number
  /** Counter id: API, policy, environment and subject. */
  counter: string
  /** Where what is held of it lies (holdings.ts), once that has been looked for. */
  place?: Place | undefined
}

export interface LimitSubjects {
  /** The credential that pays, the same through rotation and exchange. */
  credential: string
  /** The one token presented. */
  token: string
  organization: string | undefined
}

/** Fields of a counter id are joined by this; no subject holds it. */
const separator = '|'

export const counterPrefix = (api: string, policy: string, environment: string): string =>
  [api, policy, environment, ''].join(separator)

/** The limited policies in force, months first: they are never begun by a request that a window then refuses. Unlimited ones are left out. */
export const appliedLimits = (
  api: Api,
  tier: Tier | undefined,
  environment: string,
  subjects: LimitSubjects,
): AppliedLimit[] => {
  const applied: AppliedLimit[] = []
  for (const policy of api.profile.limits) {
    const limit = typeof policy.limit === 'number' ? policy.limit : (policy.limit[tier ?? 'free'] ?? null)
    const subject = subjects[policy.per]
    if (limit === null || subject === undefined) continue
    const counter = counterPrefix(api.name, policy.name, environment) + subject
    const entry = { policy, limit, counter, place: undefined }
    if (policy.period === 'month') applied.unshift(entry)
    else applied.push(entry)
  }
  return applied
}

/** Whether requests to the API are paid by an organization, so that each must be for exactly one. */
export const needsPayer = (api: Api): boolean => api.profile.limits.some((policy) => policy.per === 'organization')
