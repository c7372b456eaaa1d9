// Spans of time that use is shown for, and their bars: hours in one's own time zone, days and months as they are counted, in UTC.
import type { Series } from '../../../../src/usage/series.ts'
import type { Bar } from '../../kit/chart.tsx'

export const ranges = {
  '24h': { name: '24 hours', words: 'the last 24 hours', width: 'hour', unit: 'Hour' },
  '7d': { name: '7 days', words: 'the last 7 days', width: 'hour', unit: 'Hour' },
  '30d': { name: '30 days', words: 'the last 30 days', width: 'day', unit: 'Day (UTC)' },
  '12m': { name: '12 months', words: 'the last 12 months', width: 'day', unit: 'Month (UTC)' },
} as const

export type Range = keyof typeof ranges

export const readRange = (text: string | undefined): Range =>
  text !== undefined && Object.hasOwn(ranges, text) ? (text as Range) : '7d'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What the API is asked for; ends now. */
export const spanOf = (range: Range, now: Date): { from: string; width: 'hour' | 'day' } => {
  const from = {
    '24h': now.getTime() - 23 * hourMs,
    '7d': now.getTime() - 7 * dayMs + hourMs,
    '30d': now.getTime() - 29 * dayMs,
    '12m': Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11, 1),
  }[range]
  return { from: new Date(from).toISOString(), width: ranges[range].width }
}

const of = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options)
const hour = of({ hour: '2-digit', minute: '2-digit' })
const shortDay = of({ day: 'numeric', month: 'short' })
const fullHour = of({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
})
const utcDay = of({ day: 'numeric', month: 'short', timeZone: 'UTC' })
const fullUtcDay = of({ weekday: 'short', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
const month = of({ month: 'short', timeZone: 'UTC' })
const fullMonth = of({ month: 'long', year: 'numeric', timeZone: 'UTC' })

const forms: Readonly<Record<Range, readonly [label: Intl.DateTimeFormat, title: Intl.DateTimeFormat]>> = {
  '24h': [hour, fullHour],
  '7d': [shortDay, fullHour],
  '30d': [utcDay, fullUtcDay],
  '12m': [month, fullMonth],
}

/** Bars of one line, or of all of them together; days of a month are one bar. */
export const barsOf = (
  range: Range,
  { starts }: Series,
  lines: readonly Pick<Series['series'][number], 'allowed' | 'denied'>[],
): Bar[] => {
  const [label, title] = forms[range]
  const bars = new Map<string, Bar>()
  for (const [index, start] of starts.entries()) {
    const at = new Date(start)
    const key = title.format(at)
    // of a week's hours, those at which a day begins are named
    const named = range !== '7d' || at.getHours() === 0
    const bar = bars.get(key) ?? { label: named ? label.format(at) : '', title: key, allowed: 0, denied: 0 }
    for (const { allowed, denied } of lines) {
      bar.allowed += allowed[index] ?? 0
      bar.denied += denied[index] ?? 0
    }
    bars.set(key, bar)
  }
  return [...bars.values()]
}
