// /organizations/…: an organization at a glance: what it has used, and its keys.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { Quota } from '../../../../src/usage/quota.ts'
import { api } from '../../api/client.ts'
import type { Page as ListPage } from '../../api/list.ts'
import { useOrganization } from '../../api/queries.ts'
import { Meter } from '../../kit/meter.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Page, Section } from '../../kit/page.tsx'
import { Skeleton } from '../../kit/skeleton.tsx'
import { dayOf, relativeTime } from '../../kit/time.tsx'
import { AlertsGlance } from '../alerts/alerts-glance.tsx'
import { KeyGlance } from '../api-keys/key-glance.tsx'
import { UsageGlance } from '../usage/usage-glance.tsx'

const number = (value: number): string => value.toLocaleString('en-GB')

/** `month` or a window in words. */
const periodOf = ({ period }: Quota): string =>
  period === 'month' ? 'this month' : period % 60 === 0 ? `in ${period / 60} min` : `in ${period} s`

const Limit = ({ usage }: { usage: Quota }) => {
  const { api: name, environment, limit, used, remaining, reset, forecast } = usage
  return (
    <Card className="grid content-start gap-2 p-4">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm text-quiet">
        <span>
          <span className="font-medium text-text">{name}</span>, {environment}
        </span>
        <span>{periodOf(usage)}</span>
      </p>
      <p className="text-xl font-semibold tabular-nums">
        {number(used)}
        <span className="text-base font-normal text-quiet">
          {' '}
          {limit === null ? 'of no limit' : `of ${number(limit)}`}
        </span>
      </p>
      {limit !== null && (
        <>
          <Meter
            label={`Limit of ${name}, ${environment}`}
            value={used}
            max={limit}
            {...(forecast && { expected: forecast.expected })}
            words={`${number(used)} of ${number(limit)} used`}
          />
          <p className="text-sm text-quiet">
            {number(remaining ?? 0)} left,{' '}
            {usage.period === 'month' ? `until ${dayOf(Date.parse(reset))}` : `new ${relativeTime(Date.parse(reset))}`}
          </p>
          {forecast?.used_up_at != null && (
            <p className="text-sm font-medium text-warn">
              At this pace used up on {dayOf(Date.parse(forecast.used_up_at))}.
            </p>
          )}
        </>
      )}
    </Card>
  )
}

const Limits = ({ organizationId }: { organizationId: string }) => {
  const { data, error, refetch } = useQuery({
    queryKey: ['organizations', organizationId, 'limits'],
    queryFn: ({ signal }) => api.get<ListPage<Quota>>(`/organizations/${organizationId}/usage`, undefined, signal),
  })
  if (error) return <ErrorNotice error={error} again={() => void refetch()} />
  if (data?.data.length === 0)
    return (
      <Card>
        <p className="text-quiet">
          No API here limits organizations as a whole: each key has its own window.{' '}
          <UsageLink organizationId={organizationId} />
        </p>
      </Card>
    )
  return (
    <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {data
        ? data.data.map((usage) => (
            <Limit key={`${usage.api} ${usage.limit_name} ${usage.environment}`} usage={usage} />
          ))
        : [0, 1, 2].map((place) => <Skeleton key={place} className="h-28 rounded-lg" />)}
    </div>
  )
}

const UsageLink = ({ organizationId }: { organizationId: string }) => (
  <Link to="/organizations/$organizationId/usage" params={{ organizationId }} className="text-accent underline">
    See what is asked for
  </Link>
)

export const OverviewPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' })
  const { name } = useOrganization(organizationId)
  return (
    <Page title={name}>
      <UsageGlance organizationId={organizationId} />
      <Section title="Limits">
        <Limits organizationId={organizationId} />
      </Section>
      <AlertsGlance organizationId={organizationId} />
      <KeyGlance organizationId={organizationId} />
    </Page>
  )
}
