// Where a month will end if it goes on as in the last days: a straight line, told as what it is.

const dayMs = 86_400_000

export interface Pace {
  /** Units of the last days, and when the first of them was counted, Unix milliseconds. */
  units: number
  since: number
}

export interface Forecast {
  /** Units a day. */
  pace: number
  /** Units at the end of the month. */
  expected: number
  /** Unix milliseconds: when the quota will be used up, if that is before the end of the month. */
  endsAt: number | undefined
}

/**
 * `recent`: what was counted in the last 7 days; undefined: nothing was, and the month so far stands in for it.
 * Less than a day counts as one: a first busy minute says little about a month.
 */
export const forecastOf = (
  { used, limit, periodStart, periodEnd }: { used: number; limit: number; periodStart: number; periodEnd: number },
  recent: Pace | undefined,
  now: number,
): Forecast => {
  const days = (milliseconds: number): number => Math.max(1, milliseconds / dayMs)
  const pace = recent ? recent.units / days(now - recent.since) : used / days(now - periodStart)
  const expected = used + (pace * (periodEnd - now)) / dayMs
  if (used >= limit) return { pace, expected, endsAt: now }
  const endsAt = pace > 0 ? now + ((limit - used) / pace) * dayMs : Infinity
  return { pace, expected, endsAt: endsAt < periodEnd ? endsAt : undefined }
}
