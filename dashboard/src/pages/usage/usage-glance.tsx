// Use in a few lines, for an organization's overview: the last 7 days, and the quota that is nearest its end.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Quota } from '../../../../src/usage/quota.ts'
import { Spark } from '../../kit/chart.tsx'
import { count } from '../../kit/number.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { Skeleton } from '../../kit/skeleton.tsx'
import { FirstRequest } from './first-request.tsx'
import { QuotaMeter } from './quota-meter.tsx'
import { barsOf } from './range.ts'
import { quotasQuery, seriesQuery } from './usage-queries.ts'

const shareOf = ({ used, limit }: Quota): number => (limit === null ? -1 : used / Math.max(limit, 1))

export const UsageGlance = ({ organizationId }: { organizationId: string }) => {
  const series = useQuery(seriesQuery(organizationId, '30d', 'code'))
  const quotas = useQuery(quotasQuery(organizationId))
  const { data, error, refetch } = series
  const nearest = quotas.data?.toSorted((a, b) => shareOf(b) - shareOf(a))[0]
  if (data && data.allowed + data.denied === 0) return <FirstRequest organizationId={organizationId} />
  const bars = data ? barsOf('30d', data, data.series) : []
  return (
    <Section
      title="Usage"
      actions={
        <Link
          to="/organizations/$organizationId/usage"
          params={{ organizationId }}
          className="text-accent hover:underline"
        >
          All usage
        </Link>
      }
    >
      {error && !data ? (
        <ErrorNotice error={error} again={() => void refetch()} />
      ) : (
        <Card className="grid gap-5 p-4 sm:p-5">
          <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3">
            <p>
              {data ? (
                <>
                  <span className="text-xl font-semibold tabular-nums">{count(data.allowed)}</span> let in and{' '}
                  <span className="text-xl font-semibold tabular-nums">{count(data.denied)}</span> denied in 30 days
                </>
              ) : (
                <Skeleton className="h-6 w-56" />
              )}
            </p>
            <div className="w-full sm:w-72">
              {data ? (
                <Spark bars={bars} max={Math.max(...bars.map(({ allowed, denied }) => allowed + denied))} />
              ) : (
                <Skeleton className="h-6 w-full" />
              )}
            </div>
          </div>
          {nearest && nearest.limit !== null && <QuotaMeter quota={nearest} />}
        </Card>
      )}
    </Section>
  )
}
