// The same requests told apart: a row for each code, API or credential, with its own small chart.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Series } from '../../../../src/usage/series.ts'
import { Spark } from '../../kit/chart.tsx'
import { count } from '../../kit/number.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { type Column, Table } from '../../kit/table.tsx'
import type { Place } from './place.ts'
import { type Range, barsOf, ranges } from './range.ts'
import { seriesQuery } from './usage-queries.ts'
import { codeWords, credentialWords } from './words.ts'

type Line = Series['series'][number]

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

const captions: Record<Series['by'], string> = {
  credential: 'Requests by key, token and client',
  api: 'Requests by API',
  code: 'Requests by result',
}

const Name = ({ line, by, place }: { line: Line; by: Series['by']; place: Place }) => {
  const { id, name, user_name } = line
  if (id === null) return <span className="text-quiet">{by === 'credential' ? 'All others' : 'Others'}</span>
  if (by === 'code') return <>{codeWords(id)}</>
  if (by === 'api') return <>{id}</>
  if (id === '') return <span className="text-quiet">Not told apart</span>
  const words = credentialWords({ name, user_name, kind: null })
  if (place.requests === undefined) return <>{words}</>
  return (
    <Link to={place.requests} search={{ credential_id: id }} className="text-accent hover:underline">
      {words}
    </Link>
  )
}

export const Breakdown = ({
  place,
  range,
  by,
  filters,
}: {
  place: Place
  range: Range
  by: Series['by']
  filters: { environment?: string | undefined; api?: string | undefined }
}) => {
  const { data, error, refetch, isPlaceholderData } = useQuery(seriesQuery(place, range, by, filters))
  // the answer before this one may be told apart by something else
  const told = data?.by === by ? data : undefined
  const barsBy = new Map(told?.series.map((line) => [line, barsOf(range, told, [line])]))
  const max = Math.max(0, ...[...barsBy.values()].flat().map(({ allowed, denied }) => allowed + denied))
  const columns: readonly Column<Line>[] = [
    {
      name: { credential: 'Credential', api: 'API', code: 'Result' }[by],
      cell: (line) => <Name line={line} by={by} place={place} />,
    },
    {
      name: `Over ${ranges[range].words}`,
      cell: (line) => (
        <div className="w-40 max-w-full lg:w-64">
          <Spark bars={barsBy.get(line) ?? []} max={max} />
        </div>
      ),
    },
    { name: 'Let in', cell: (line) => count(sumOf(line.allowed)), right: true },
    { name: 'Denied', cell: (line) => count(sumOf(line.denied)), right: true },
  ]
  if (error && !told) return <ErrorNotice error={error} again={() => void refetch()} />
  return (
    <Table
      caption={captions[by]}
      columns={columns}
      rows={told?.series}
      keyOf={({ id }) => id ?? ' others'}
      busy={isPlaceholderData && told !== undefined}
      empty={<p className="text-quiet">No requests in this span.</p>}
    />
  )
}
