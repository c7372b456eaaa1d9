// What an organization has used of the limits that count it.
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import type { Config } from '../config/config.ts'
import type { Allowance } from '../limits/allowance.ts'
import { appliedLimits, counterPrefix } from '../limits/policy.ts'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import { monthOf } from '../store/period.ts'
import type { Page } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { forecastOf, type Pace } from './forecast.ts'

export interface Quota {
  api: string
  limit_name: string
  /** Seconds, or the calendar month (UTC). */
  period: number | 'month'
  environment: string
  /** Units per period; null: unlimited, and then nothing is counted. */
  limit: number | null
  used: number
  remaining: number | null
  /** RFC 3339; a window that has not begun would begin now. */
  period_start: string
  reset: string
  /** Of months with a limit: where this one will end at the pace of the last 7 days. */
  forecast: { per_day: number; expected: number; used_up_at: string | null } | null
}

const weekMs = 7 * 86_400_000

/** What requests cost in the last 7 days, by API and environment: `zones live`. */
const recentPaces = async ({ activity }: Store, ownerId: string, now: number): Promise<ReadonlyMap<string, Pace>> => {
  const rows = await activity
    .selectFrom('usage_totals')
    .select(({ fn }) => [
      'api',
      'environment',
      fn.sum<number | string>('units').as('units'),
      fn.min('bucket').as('since'),
    ])
    .where('owner_id', '=', ownerId)
    .where('width', '=', 'hour')
    .where('bucket', '>', now - weekMs)
    .where('code', '=', 'valid')
    .groupBy(['api', 'environment'])
    .execute()
  return new Map(
    rows.map(({ api, environment, units, since }) => [`${api} ${environment}`, { units: Number(units), since }]),
  )
}

/** Asked for in place of the limit: what is left of it tells the use even where the limit is lower, or gone, by now. */
const endless = Number.MAX_SAFE_INTEGER

/**
 * One entry for each API, policy that counts organizations, and environment: the paid one (the first) always, others once something was counted.
 * `allowance` knows what this process has taken and not spent; units that other processes hold ahead count as used.
 * Throws as `requireRole` does, and `not_found` for operators.
 */
export const listQuotas = async (
  store: Store,
  actor: Actor,
  config: Pick<Config, 'apis' | 'environments'>,
  allowance: Pick<Allowance, 'peek'>,
  organizationId: string,
  now: number,
): Promise<Page<Quota>> => {
  requireRole(actor, organizationId, 'viewer', 'usage')
  const { tier } = await findOrganization(store.db, actor, organizationId)
  const paces = await recentPaces(store, organizationId, now)
  const data: Quota[] = []
  for (const api of config.apis.values()) {
    for (const policy of api.profile.limits) {
      if (policy.per !== 'organization') continue
      for (const environment of config.environments) {
        const counter = counterPrefix(api.name, policy.name, environment) + organizationId
        const [state] = await allowance.peek([{ policy, limit: endless, counter }], now)
        if (!state) continue
        const used = endless - state.remaining
        if (used === 0 && environment !== config.environments[0]) continue
        const subjects = { credential: '', token: '', organization: organizationId }
        const limit =
          appliedLimits(api, tier, environment, subjects).find((applied) => applied.policy === policy)?.limit ?? null
        const start = policy.period === 'month' ? monthOf(now).start : state.resetAt - policy.period * 1000
        const month = { used, limit: limit ?? 0, periodStart: start, periodEnd: state.resetAt }
        const forecast =
          policy.period === 'month' && limit !== null
            ? forecastOf(month, paces.get(`${api.name} ${environment}`), now)
            : undefined
        data.push({
          api: api.name,
          limit_name: policy.name,
          period: policy.period,
          environment,
          limit,
          used,
          remaining: limit === null ? null : Math.max(0, limit - used),
          period_start: formatTime(start),
          reset: formatTime(state.resetAt),
          forecast: forecast
            ? {
                per_day: Math.round(forecast.pace),
                expected: Math.round(forecast.expected),
                used_up_at: formatTimeOrNull(forecast.endsAt ?? null),
              }
            : null,
        })
      }
    }
  }
  return { data, next_cursor: null }
}
