// Use in a few lines, for an organization's overview: the last 30 days. Nothing where nobody has asked anything yet.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Spark } from '../../kit/chart.tsx'
import { count } from '../../kit/number.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { Skeleton } from '../../kit/skeleton.tsx'
import { placeOfOrganization } from './place.ts'
import { barsOf } from './range.ts'
import { seriesQuery } from './usage-queries.ts'

export const UsageGlance = ({ organizationId }: { organizationId: string }) => {
  const { data, error, refetch } = useQuery(seriesQuery(placeOfOrganization(organizationId), '30d', 'code'))
  if (data && data.allowed + data.denied === 0) return null
  const bars = data ? barsOf('30d', data, data.series) : []
  return (
    <Section
      title="Requests in the last 30 days"
      actions={
        <Link
          to="/organizations/$organizationId/usage"
          params={{ organizationId }}
          search={{ range: '30d' }}
          className="text-accent hover:underline"
        >
          All usage
        </Link>
      }
    >
      {error && !data ? (
        <ErrorNotice error={error} again={() => void refetch()} />
      ) : (
        <Card className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3 p-4 sm:p-5">
          {data ? (
            <p>
              <span className="text-xl font-semibold tabular-nums">{count(data.allowed)}</span> let in,{' '}
              <span className="text-xl font-semibold tabular-nums">{count(data.denied)}</span> denied
            </p>
          ) : (
            <Skeleton className="h-6 w-56" />
          )}
          <div className="w-full sm:w-80">
            {data ? (
              <Spark bars={bars} max={Math.max(...bars.map(({ allowed, denied }) => allowed + denied))} />
            ) : (
              <Skeleton className="h-6 w-full" />
            )}
          </div>
        </Card>
      )}
    </Section>
  )
}
