// What somebody's credentials ask for: a chart of requests over time, told apart by credential, API or result. Filters stand in the address.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Series } from '../../../../src/usage/series.ts'
import { useDeployment } from '../../api/queries.ts'
import { Chart } from '../../kit/chart.tsx'
import { Select } from '../../kit/field.tsx'
import { count } from '../../kit/number.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Page, Section } from '../../kit/page.tsx'
import { Skeleton } from '../../kit/skeleton.tsx'
import { Segments } from '../../kit/tabs.tsx'
import type { PageSearch } from '../../router.tsx'
import { ApiSelect } from './api-select.tsx'
import { Breakdown } from './breakdown.tsx'
import type { Place } from './place.ts'
import { type Range, barsOf, ranges, readRange } from './range.ts'
import { seriesQuery } from './usage-queries.ts'

const readBy = (text: string | undefined): Series['by'] => (text === 'api' || text === 'code' ? text : 'credential')

const Total = ({ name, value }: { name: string; value: number | undefined }) => (
  <div>
    <dt className="text-sm text-quiet">{name}</dt>
    <dd className="text-xl font-semibold tabular-nums">
      {value === undefined ? <Skeleton className="h-6 w-16" /> : count(value)}
    </dd>
  </div>
)

const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)

export const UsageView = ({
  place,
  windowTitle = 'Usage',
  lead,
  search,
  onSearch,
  quotas,
  empty,
}: {
  place: Place
  windowTitle?: string
  lead: string
  search: PageSearch
  /** Changes the address; undefined takes a filter out. */
  onSearch: (changed: PageSearch) => void
  /** Stands before everything else. */
  quotas?: ReactNode
  /** Where nothing was ever asked for. */
  empty: ReactNode
}) => {
  const { environments } = useDeployment()
  const range = readRange(search.range)
  const by = readBy(search.by)
  const filters = { environment: search.environment, api: search.api }
  const set = (name: string, value: string): void => onSearch({ [name]: value || undefined })
  const { data, error, refetch, isPlaceholderData } = useQuery(seriesQuery(place, range, 'code', filters))
  const unfiltered = search.environment === undefined && search.api === undefined
  const never = data !== undefined && !isPlaceholderData && data.allowed + data.denied === 0 && unfiltered
  return (
    <Page
      title="Usage"
      windowTitle={windowTitle}
      lead={`${lead} Counts are up to a quarter of a minute old.`}
      actions={
        <Segments
          label="Span"
          value={range}
          onChange={(value: Range) => set('range', value)}
          options={(Object.keys(ranges) as Range[]).map((each) => [each, ranges[each].name] as const)}
        />
      }
    >
      {quotas}
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
            <ApiSelect value={search.api} onChange={(value) => set('api', value)} />
          </div>
        }
      >
        {error && !data ? (
          <ErrorNotice error={error} again={() => void refetch()} />
        ) : never ? (
          empty
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
          <Breakdown place={place} range={range} by={by} filters={filters} />
        </Section>
      )}
    </Page>
  )
}
