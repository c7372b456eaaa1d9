// Where a counting period begins and ends, which stored period is still the present one, and how much of it is granted.

export interface Period {
  start: number
  end: number
}

/** The calendar month (UTC) that `now` lies in, Unix milliseconds. */
export const monthOf = (now: number): Period => {
  const date = new Date(now)
  return {
    start: Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
    end: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
  }
}

/** So far may one server's clock be behind another's at the end of a month without the month being counted anew. */
export const clockDifferenceMs = 24 * 60 * 60_000

/** The period that would begin at `now`, and what a stored one must be to be used instead. */
export interface Span {
  fresh: Period
  earliestStart: number
  latestStart: number
  latestEnd: number
}

/**
 * The span of a fixed window of so many milliseconds, or of the month (UTC).
 * A window whose length was shortened, or that began before the clock was set back, ends within one length from now.
 * The next month, once another server with a faster clock has begun it, is not given up for the old one again.
 */
export const spanOf = (period: number | 'month', now: number): Span => {
  if (period === 'month') {
    const fresh = monthOf(now)
    return {
      fresh,
      earliestStart: fresh.start,
      latestStart: now + clockDifferenceMs,
      latestEnd: Number.MAX_SAFE_INTEGER,
    }
  }
  const fresh = { start: now, end: now + period }
  return { fresh, earliestStart: 0, latestStart: Number.MAX_SAFE_INTEGER, latestEnd: fresh.end }
}

export interface CounterRow {
  period_start: number
  period_end: number
  taken: number
}

/** What is taken of the period that `now` lies in; `begun` is false where the stored one is over or there is none. */
export const present = (
  row: CounterRow | undefined,
  span: Span,
  now: number,
): { begun: boolean; taken: number; periodStart: number; periodEnd: number } =>
  row && row.period_end > now && row.period_start >= span.earliestStart && row.period_start <= span.latestStart
    ? {
        begun: true,
        taken: row.taken,
        periodStart: row.period_start,
        periodEnd: Math.min(row.period_end, span.latestEnd),
      }
    : { begun: false, taken: 0, periodStart: span.fresh.start, periodEnd: span.fresh.end }

/** A holder's slice older than this is taken for dead: the living give theirs back before (limits/allowance.ts). */
export const staleSliceMs = 5 * 60_000

/**
 * How many units to grant: `needed` at least or nothing; the rest of `wanted` as long as what processes hold unspent
 * stays within a fifth of the limit, so that a limit shared by many servers is still given out by four fifths.
 */
export const grant = (limit: number, taken: number, heldByOthers: number, needed: number, wanted: number): number => {
  const left = limit - taken
  if (left < needed) return 0
  const room = Math.floor(limit / 5) - heldByOthers
  return needed + Math.max(0, Math.min(wanted - needed, room, left - needed))
}
