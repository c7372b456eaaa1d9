// /organizations/…/usage: what an organization's credentials ask for, and what is left of its quotas.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { Series } from '../../../../src/usage/series.ts'
import { useDeployment } from '../../api/queries.ts'
import { Chart } from '../../kit/chart.tsx'
import { Select } from '../../kit/field.tsx'
import { count } from '../../kit/number.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Page, Section } from '../../kit/page.tsx'
import { Skeleton, SkeletonLines } from '../../kit/skeleton.tsx'
import { Segments } from '../../kit/tabs.tsx'
import { Breakdown } from './breakdown.tsx'
import { FirstRequest } from './first-request.tsx'
import { QuotaMeter } from './quota-meter.tsx'
import { type Range, barsOf, ranges, readRange } from './range.ts'
import { quotasQuery, seriesQuery } from './usage-queries.ts'

const readBy = (text: string | undefined): Series['by'] => (text === 'api' || text === 'code' ? text : 'credential')

const Quotas = ({ organizationId }: { organizationId: string }) => {
  const { data, error, refetch } = useQuery(quotasQuery(organizationId))
  if (data?.length === 0) return null
  return (
    <Section title="Quota">
      <Card className="grid gap-6 p-4 sm:p-5">
        {data ? (
          data.map((quota) => (
            <QuotaMeter key={`${quota.api} ${quota.limit_name} ${quota.environment}`} quota={quota} />
          ))
        ) : error ? (
          <ErrorNotice error={error} again={() => void refetch()} />
        ) : (
          <SkeletonLines count={2} />
        )}
      </Card>
    </Section>
  )
}

const Total = ({ name, value }: { name: string; value: number | undefined }) => (
  <div>
    <dt className="text-sm text-quiet">{name}</dt>
    <dd className="text-xl font-semibold tabular-nums">
      {value === undefined ? <Skeleton className="h-6 w-16" /> : count(value)}
    </dd>
  </div>
)

const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)

export const UsagePage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/usage' })
  const search = useSearch({ from: '/organizations/$organizationId/usage' })
  const navigate = useNavigate({ from: '/organizations/$organizationId/usage' })
  const { apis, environments } = useDeployment()
  const range = readRange(search.range)
  const by = readBy(search.by)
  const filters = { environment: search.environment, api: search.api }
  const set = (name: string, value: string): void =>
    void navigate({
      search: (before) => ({ ...before, [name]: value || undefined }),
      replace: true,
      resetScroll: false,
    })
  const { data, error, refetch, isPlaceholderData } = useQuery(seriesQuery(organizationId, range, 'code', filters))
  const unfiltered = search.environment === undefined && search.api === undefined
  const never = data !== undefined && !isPlaceholderData && data.allowed + data.denied === 0 && unfiltered
  return (
    <Page
      title="Usage"
      lead="What your keys, tokens and clients ask for. Counts are up to a quarter of a minute old."
      actions={
        <Segments
          label="Span"
          value={range}
          onChange={(value: Range) => set('range', value)}
          options={(Object.keys(ranges) as Range[]).map((each) => [each, ranges[each].name] as const)}
        />
      }
    >
      <Quotas organizationId={organizationId} />
      <Section
        title="Requests"
        actions={
          <div className="grid grid-cols-2 gap-2">
            <Select
              label="Environment"
              quietLabel
              value={search.environment ?? ''}
              onChange={(event) => set('environment', event.target.value)}
            >
              <option value="">All environments</option>
              {environments.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
            <Select
              label="API"
              quietLabel
              value={search.api ?? ''}
              onChange={(event) => set('api', event.target.value)}
            >
              <option value="">All APIs</option>
              {[...apis.map(({ name }) => name), 'latchkey'].map((name) => (
                <option key={name} value={name}>
                  {name === 'latchkey' ? 'latchkey (management)' : name}
                </option>
              ))}
            </Select>
          </div>
        }
      >
        {error && !data ? (
          <ErrorNotice error={error} again={() => void refetch()} />
        ) : never ? (
          <FirstRequest organizationId={organizationId} level={3} />
        ) : (
          <Card className="grid gap-5 p-4 sm:p-5">
            <dl className="flex flex-wrap gap-x-10 gap-y-3">
              <Total name="Let in" value={data?.allowed} />
              <Total name="Denied" value={data?.denied} />
              <div>
                <dt className="text-sm text-quiet">Share denied</dt>
                <dd className="text-xl font-semibold tabular-nums">
                  {data ? share(data.denied, data.allowed + data.denied) : <Skeleton className="h-6 w-16" />}
                </dd>
              </div>
            </dl>
            {data ? (
              <div aria-busy={isPlaceholderData} className={isPlaceholderData ? 'opacity-60' : ''}>
                <Chart
                  label={`Requests in ${ranges[range].words}`}
                  unit={ranges[range].unit}
                  bars={barsOf(range, data, data.series)}
                />
              </div>
            ) : (
              <Skeleton className="h-[15.5rem] w-full" />
            )}
          </Card>
        )}
      </Section>
      {!never && (
        <Section
          title="Breakdown"
          actions={
            <Segments
              label="By"
              value={by}
              onChange={(value) => set('by', value)}
              options={[
                ['credential', 'Key'],
                ['api', 'API'],
                ['code', 'Result'],
              ]}
            />
          }
        >
          <Breakdown organizationId={organizationId} range={range} by={by} filters={filters} />
        </Section>
      )}
    </Page>
  )
}
