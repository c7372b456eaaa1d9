// A month's quota that is nearly, or wholly, used up.
import { appliedLimits, counterPrefix } from '../../limits/policy.ts'
import type { Allowance } from '../../limits/allowance.ts'
import type { Api, Config } from '../../config/config.ts'
import type { LimitPolicy } from '../../profiles/profile.ts'
import { formatTime } from '../../rfc3339.ts'
import { monthOf } from '../../store/period.ts'
import type { Store } from '../../store/store.ts'
import type { NewAlert } from '../raise.ts'
import { settingsOf, thresholdBounds } from '../settings.ts'
import { type Watch, lookSize } from './watch.ts'

interface Quota {
  api: Api
  policy: LimitPolicy
  environment: string
  prefix: string
  /** Units at which no organization, whatever its tier, could want to know. */
  least: number
}

/** Months that organizations pay: of windows an alert would come too late to matter. */
const quotasOf = ({ apis }: Pick<Config, 'apis'>): Quota[] =>
  [...apis.values()].flatMap((api) =>
    api.profile.limits
      .filter(({ per, period }) => per === 'organization' && period === 'month')
      .flatMap((policy) => {
        const limits = typeof policy.limit === 'number' ? [policy.limit] : Object.values(policy.limit)
        const known = limits.filter((limit) => limit !== null)
        if (known.length === 0) return []
        const [least] = thresholdBounds.quota_percent
        return [...api.environments].map((environment) => ({
          api,
          policy,
          environment,
          prefix: counterPrefix(api.name, policy.name, environment),
          least: (Math.min(...known) * least) / 100,
        }))
      }),
  )

export interface QuotasDeps {
  store: Store
  config: Pick<Config, 'apis'>
  allowance: Pick<Allowance, 'peek'>
}

export const watchQuotas = ({ store, config, allowance }: QuotasDeps): Watch => {
  const quotas = quotasOf(config)
  let at = 0
  let after = ''
  const look = async ({ api, policy, environment, prefix, least }: Quota, now: number): Promise<NewAlert[]> => {
    const counters = await store.activity
      .selectFrom('counters')
      .select('id')
      .where('id', '>', prefix + after)
      .where('id', '<', `${prefix}g`) // what follows is an id in hex
      .where('period_end', '>', now)
      .where('taken', '>=', least)
      .orderBy('id')
      .limit(lookSize)
      .execute()
    const ids = counters.map(({ id }) => id.slice(prefix.length))
    after = counters.length === lookSize ? (ids.at(-1) ?? '') : ''
    if (ids.length === 0) return []
    const organizations = await store.db
      .selectFrom('organizations')
      .select(['id', 'tier'])
      .where('id', 'in', ids)
      .where('suspended_at', 'is', null)
      .execute()
    const settings = await settingsOf(store.db, ids)
    const found: NewAlert[] = []
    for (const { id, tier } of organizations) {
      const subjects = { credential: '', token: '', organization: id }
      const applied = appliedLimits(api, tier, environment, subjects).find((one) => one.policy === policy)
      if (!applied || applied.limit === 0) continue
      // what this process has taken ahead and not spent does not count as used
      const [state] = await allowance.peek([applied], now)
      if (!state) continue
      const { limit, remaining, resetAt } = state
      const percent = Math.floor(((limit - remaining) * 100) / limit)
      if (percent < settings(id).thresholds.quota_percent) continue
      found.push({
        kind: remaining === 0 ? 'quota.exhausted' : 'quota.warning',
        organizationId: id,
        userId: null,
        subjectKind: 'organization',
        subjectId: id,
        // a higher limit in the same month is a quota of its own
        period: [prefix, limit, monthOf(now).start].join('|'),
        detail: {
          api: api.name,
          limit_name: policy.name,
          environment,
          used: limit - remaining,
          limit,
          percent,
          reset: formatTime(resetAt),
        },
      })
    }
    return found
  }
  return async (now) => {
    const quota = quotas[at]
    if (!quota) return []
    const found = await look(quota, now)
    if (after === '') at = (at + 1) % quotas.length
    return found
  }
}
