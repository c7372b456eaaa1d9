// Moments: how long ago or how far off, with the date, time and zone on hover and for screen readers.

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 60 * 60_000],
  ['month', 30 * 24 * 60 * 60_000],
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
]

const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** `3 days ago`, `in 2 hours`, `just now`. */
export const relativeTime = (at: number, now: number = Date.now()): string => {
  const distance = at - now
  const [unit, size] = steps.find(([, length]) => Math.abs(distance) >= length) ?? ['second', 0]
  return size === 0 ? 'just now' : relative.format(Math.trunc(distance / size), unit)
}

/** `1 May 2026 at 14:03:22 CEST` */
export const exactTime = (at: number): string => exact.format(at)

/** `1 May 2026` */
export const dayOf = (at: number): string => day.format(at)

const forms = { relative: relativeTime, day: dayOf, clock: (at: number) => clock.format(at), exact: exactTime }

/** `at`: RFC 3339, or null with the word for that in `none`. `form`: `day` shows the date, for what lies far off; `clock` the time of day, where seconds count. */
export const Time = ({
  at,
  none = 'Never',
  form = 'relative',
}: {
  at: string | null | undefined
  none?: string
  form?: keyof typeof forms
}) => {
  if (at === null || at === undefined) return <span className="whitespace-nowrap text-quiet">{none}</span>
  const ms = Date.parse(at)
  const shown = forms[form](ms)
  return (
    <time dateTime={at} title={exactTime(ms)} className="whitespace-nowrap">
      {shown}
      {form !== 'exact' && <span className="unseen">, {exactTime(ms)}</span>}
    </time>
  )
}
