// Limit headers: the X-RateLimit three in the API's form, and RateLimit with RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11).
import type { ApiDescription } from '../description.ts'
import type { Limit } from '../verdict.ts'

type Headers = Record<string, string>

/** Length of the limit's period in seconds; of a month that which ends at its reset. */
const secondsOf = ({ reset }: Limit, period: number | 'month'): number => {
  if (period !== 'month') return period
  const last = new Date((reset - 1) * 1000)
  return (
    (Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1) - Date.UTC(last.getUTCFullYear(), last.getUTCMonth())) /
    1000
  )
}

const leastLeft = (limits: readonly Limit[]): Limit | undefined => {
  let least: Limit | undefined
  for (const limit of limits) if (!least || limit.remaining / limit.limit < least.remaining / least.limit) least = limit
  return least
}

/** In the order in which Latchkey asks them: months first, the one that is named last before the others. */
export const inOrder = (limits: readonly Limit[], description: ApiDescription | undefined): readonly Limit[] => {
  const isMonth = ({ name }: Limit): boolean =>
    description?.limits.some((limit) => limit.name === name && limit.period === 'month') ?? false
  return limits.some(isMonth)
    ? [...limits.filter(isMonth).toReversed(), ...limits.filter((limit) => !isMonth(limit))]
    : limits
}

/** `limits` in their order. For an answer to somebody who is known; none where nothing limits it. `now`: Unix milliseconds. */
export const limitHeaders = (
  limits: readonly Limit[],
  refused: Limit | undefined,
  description: ApiDescription | undefined,
  now: number,
): Headers => {
  const shown = refused ?? leastLeft(limits)
  if (!shown) return {}
  const wait = ({ reset }: Limit): number => Math.max(0, Math.ceil(reset - now / 1000))
  const iso = description?.reset === 'iso8601'
  const headers: Headers = {
    'x-ratelimit-limit': String(shown.limit),
    'x-ratelimit-remaining': String(shown.remaining),
    'x-ratelimit-reset': iso ? `${new Date(shown.reset * 1000).toISOString().slice(0, 19)}Z` : String(shown.reset),
    ratelimit: limits.map((limit) => `"${limit.name}";r=${limit.remaining};t=${wait(limit)}`).join(', '),
  }
  // without the API's description it is not known how long a period is
  const policies = limits.map((limit) => {
    const period = description?.limits.find(({ name }) => name === limit.name)?.period
    return period === undefined ? undefined : `"${limit.name}";q=${limit.limit};w=${secondsOf(limit, period)}`
  })
  if (policies.every((policy) => policy !== undefined)) headers['ratelimit-policy'] = policies.join(', ')
  if (refused) headers['retry-after'] = String(Math.max(1, wait(refused)))
  return headers
}
