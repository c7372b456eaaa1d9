// Limit headers: the X-RateLimit three in the profile's form, and RateLimit with RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11).
import { monthOf } from '../store/period.ts'
import type { LimitState } from './allowance.ts'

/** Unix seconds at which the limit is there again, rounded up: at that second it is over. */
export const resetSeconds = ({ resetAt }: LimitState): number => Math.ceil(resetAt / 1000)

/** Whole seconds to wait, rounded up, at least 1. */
const retryAfterSeconds = ({ resetAt }: LimitState, now: number): number =>
  Math.max(1, Math.ceil((resetAt - now) / 1000))

const share = ({ remaining, limit }: LimitState): number => remaining / limit

/** The state that the headers show: the one that refused, else the one with the smallest share left. */
const shownState = (states: readonly LimitState[], refused?: LimitState): LimitState | undefined =>
  refused ??
  states.reduce<LimitState | undefined>(
    (least, state) => (least === undefined || share(state) < share(least) ? state : least),
    undefined,
  )

const windowSeconds = ({ period, resetAt }: LimitState): number => {
  if (period !== 'month') return period
  const { start, end } = monthOf(resetAt - 1)
  return (end - start) / 1000
}

/** Headers for an answer to a known principal; none where nothing limits it. `now`: Unix milliseconds. */
export const limitHeaders = (
  form: 'unix' | 'iso8601',
  states: readonly LimitState[],
  now: number,
  refused?: LimitState,
): Record<string, string> => {
  const shown = shownState(states, refused)
  if (shown === undefined) return {}
  const reset = resetSeconds(shown)
  const headers: Record<string, string> = {
    'x-ratelimit-limit': String(shown.limit),
    'x-ratelimit-remaining': String(shown.remaining),
    'x-ratelimit-reset': form === 'unix' ? String(reset) : `${new Date(reset * 1000).toISOString().slice(0, 19)}Z`,
    ratelimit: states
      .map((state) => `"${state.name}";r=${state.remaining};t=${Math.max(0, Math.ceil((state.resetAt - now) / 1000))}`)
      .join(', '),
    'ratelimit-policy': states.map((state) => `"${state.name}";q=${state.limit};w=${windowSeconds(state)}`).join(', '),
  }
  if (refused) headers['retry-after'] = String(retryAfterSeconds(refused, now))
  return headers
}
