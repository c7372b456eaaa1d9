// A quota: what is used of it, and where the month will end at this pace.
import type { Quota } from '../../../../src/usage/quota.ts'
import { Meter } from '../../kit/meter.tsx'
import { Notice } from '../../kit/notice.tsx'
import { count } from '../../kit/number.ts'
import { Time } from '../../kit/time.tsx'

const Outlook = ({ quota: { limit, forecast, remaining } }: { quota: Quota }) => {
  if (limit === null || forecast === null) return null
  const { per_day, expected, used_up_at } = forecast
  if (remaining === 0)
    return (
      <Notice look="bad" title="The quota is used up.">
        Requests are denied until it begins anew. An operator can raise the tier.
      </Notice>
    )
  if (used_up_at !== null)
    return (
      <Notice look="warn" title="At this pace it will not last.">
        With about {count(per_day)} a day, as in the last 7 days, it is used up <Time at={used_up_at} />, on{' '}
        <Time at={used_up_at} form="day" />.
      </Notice>
    )
  return (
    <p className="text-sm text-quiet">
      {per_day === 0
        ? 'Nothing was used in the last 7 days.'
        : `With about ${count(per_day)} a day, as in the last 7 days, it will be about ${count(expected)} at the end of the month.`}
    </p>
  )
}

export const QuotaMeter = ({ quota }: { quota: Quota }) => {
  const { api, environment, limit, used, reset, period, forecast } = quota
  const words = limit === null ? `${count(used)} used` : `${count(used)} of ${count(limit)} used`
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="font-medium">
          {api} <span className="font-normal text-quiet">{environment}</span>
        </h3>
        <p className="tabular-nums">
          <span className="font-medium">{words}</span>
          <span className="text-quiet">
            {limit === null ? ', unlimited' : ''} · {period === 'month' ? 'begins anew' : 'resets'} <Time at={reset} />
          </span>
        </p>
      </div>
      {limit !== null && (
        <Meter
          label={`Quota of ${api}, ${environment}`}
          value={used}
          max={limit}
          {...(forecast && { expected: forecast.expected })}
          words={words}
        />
      )}
      <Outlook quota={quota} />
    </div>
  )
}
