// What was let in and denied over time, for charts: by hour or day, told apart by code, API or credential.
import { type ExpressionBuilder, sql } from 'kysely'
import type { Actor } from '../accounts/actor.ts'
import { Refusal } from '../errors.ts'
import { formatTime, parseTime } from '../rfc3339.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Store } from '../store/store.ts'
import { namesOf } from './names.ts'
import type { OwnerId } from './scope.ts'
import { hourMs } from './window.ts'

const dayMs = 24 * hourMs
const widths = { hour: hourMs, day: dayMs } as const
/** As long as hours are kept, and 400 days. */
const maxPoints = { hour: 8 * 24, day: 400 } as const
/** Told apart in one answer; what else there is runs together. */
const maxSeries = 8
/** Days that the busiest credentials are looked for in: the latest. */
const maxRankedDays = 31

type By = 'code' | 'api' | 'credential'

export interface SeriesQuery {
  /** RFC 3339. Default: now. */
  to?: string | undefined
  /** RFC 3339. Default: a day before `to`, by days 30. */
  from?: string | undefined
  width?: 'hour' | 'day' | undefined
  by?: By | undefined
  environment?: string | undefined
  api?: string | undefined
  credential_id?: string | undefined
}

interface Line {
  /** The code, the API's name or the credential's id; null: all others. */
  id: string | null
  name: string | null
  user_name: string | null
  /** One number for each of `starts`. */
  allowed: number[]
  denied: number[]
}

export interface Series {
  width: 'hour' | 'day'
  by: By
  /** RFC 3339, as all times here; the first begins at `from`, the last ends at `to`. */
  from: string
  to: string
  starts: string[]
  series: Line[]
  allowed: number
  denied: number
}

interface Span {
  width: 'hour' | 'day'
  step: number
  /** Unix milliseconds. */
  from: number
  to: number
}

const timeOf = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const at = parseTime(text)
  if (at === undefined)
    throw new Refusal('invalid_request', `${name} is not an RFC 3339 time such as 2027-01-31T00:00:00Z.`)
  return at
}

const spanOf = ({ width = 'hour', ...query }: SeriesQuery, now: number): Span => {
  const step = widths[width]
  const end = timeOf('to', query.to) ?? now
  const begin = timeOf('from', query.from) ?? end - (width === 'hour' ? dayMs : 30 * dayMs)
  const to = Math.ceil(end / step) * step
  const from = Math.floor(begin / step) * step
  if (from >= to) throw new Refusal('invalid_request', 'from must be before to.')
  if ((to - from) / step > maxPoints[width] + 1)
    throw new Refusal(
      'invalid_request',
      width === 'hour'
        ? `Hours are told for ${maxPoints.hour / 24} days at most: ask for days.`
        : `Days are told for ${maxPoints.day} days at most.`,
    )
  return { width, step, from, to }
}

type Table = 'usage' | 'usage_totals'

const columnOf = { code: 'code', api: 'api', credential: 'credential_id' } as const

interface Point {
  bucket: number
  key: string
  allowed: number
  denied: number
}

/** Sums by bucket and `key`, as the span and the filters say. */
const readPoints = async (
  { activity }: Store,
  ownerId: OwnerId,
  { width, from, to }: Pick<Span, 'width' | 'from' | 'to'>,
  { environment, api, credential_id }: SeriesQuery,
  { table, key, only }: { table: Table; key: string | undefined; only?: readonly string[] },
): Promise<Point[]> => {
  // the tables differ in one column alone, which only `usage` is asked for
  const source = table as 'usage'
  const conditions = (eb: ExpressionBuilder<ActivitySchema, 'usage'>) =>
    eb.and([
      eb('owner_id', '=', ownerId),
      eb('width', '=', width),
      eb('bucket', '>=', from),
      eb('bucket', '<', to),
      ...(environment === undefined ? [] : [eb('environment', '=', environment)]),
      ...(api === undefined ? [] : [eb('api', '=', api)]),
      ...(credential_id === undefined ? [] : [eb('credential_id', '=', credential_id)]),
      ...(only === undefined ? [] : [eb('credential_id', 'in', only)]),
    ])
  const rows = await activity
    .selectFrom(source)
    .select([
      'bucket',
      (key === undefined ? sql<string>`''` : sql<string>`${sql.ref(key)}`).as('key'),
      sql<number | string>`sum(CASE WHEN code = 'valid' THEN count ELSE 0 END)`.as('allowed'),
      sql<number | string>`sum(CASE WHEN code = 'valid' THEN 0 ELSE count END)`.as('denied'),
    ])
    .where(conditions)
    .groupBy(key === undefined ? ['bucket'] : ['bucket', key as 'code'])
    .execute()
  return rows.map((row) => ({ ...row, allowed: Number(row.allowed), denied: Number(row.denied) }))
}

/** The busiest credentials of the span, by their days: there may be thousands, each with many hours. */
const busiest = async (
  { activity }: Store,
  ownerId: OwnerId,
  { from, to }: Span,
  query: SeriesQuery,
): Promise<string[]> => {
  let rows = activity
    .selectFrom('usage')
    .select('credential_id')
    .where('owner_id', '=', ownerId)
    .where('width', '=', 'day')
    .where('bucket', '>=', Math.max(Math.floor(from / dayMs) * dayMs, to - maxRankedDays * dayMs))
    .where('bucket', '<', to)
  if (query.environment !== undefined) rows = rows.where('environment', '=', query.environment)
  if (query.api !== undefined) rows = rows.where('api', '=', query.api)
  const found = await rows
    .where('credential_id', '<>', '')
    .groupBy('credential_id')
    .orderBy(({ fn }) => fn.sum('count'), 'desc')
    .limit(maxSeries)
    .execute()
  return found.map((row) => row.credential_id)
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

/** Lines by their key, busiest first; of more than there is room for, the last is that of all others. */
const linesOf = (
  points: readonly Point[],
  { from, to, step }: Span,
): (Omit<Line, 'name' | 'user_name'> & { id: string })[] => {
  const length = (to - from) / step
  const lines = new Map<string, { id: string; allowed: number[]; denied: number[] }>()
  for (const { bucket, key, allowed, denied } of points) {
    let line = lines.get(key)
    if (!line) {
      line = { id: key, allowed: Array<number>(length).fill(0), denied: Array<number>(length).fill(0) }
      lines.set(key, line)
    }
    const index = (bucket - from) / step
    line.allowed[index] = (line.allowed[index] ?? 0) + allowed
    line.denied[index] = (line.denied[index] ?? 0) + denied
  }
  const total = ({ allowed, denied }: { allowed: number[]; denied: number[] }): number => sumOf(allowed) + sumOf(denied)
  return [...lines.values()].toSorted((a, b) => total(b) - total(a) || (a.id < b.id ? -1 : 1))
}

/** For callers whose right has been checked. Throws `invalid_request`. */
export const readSeries = async (
  store: Store,
  actor: Actor,
  ownerId: OwnerId,
  query: SeriesQuery,
  now: number,
): Promise<Series> => {
  const span = spanOf(query, now)
  const by = query.by ?? 'code'
  const table = query.credential_id === undefined ? 'usage_totals' : 'usage'
  const only =
    by === 'credential' && query.credential_id === undefined ? await busiest(store, ownerId, span, query) : undefined
  let points: Point[]
  if (only === undefined) points = await readPoints(store, ownerId, span, query, { table, key: columnOf[by] })
  else
    points =
      only.length === 0
        ? []
        : await readPoints(store, ownerId, span, query, { table: 'usage', key: 'credential_id', only })
  const lines = linesOf(points, span)
  const shown = lines.slice(0, maxSeries)
  const all = linesOf(await readPoints(store, ownerId, span, query, { table, key: undefined }), span)[0]
  const names = await namesOf(store, actor, by === 'credential' ? shown.map(({ id }) => id) : [])
  const series: Line[] = shown.map((line) => {
    const { name, user_name } = by === 'credential' ? names(line.id) : { name: line.id, user_name: null }
    return { ...line, name, user_name }
  })
  const rest = (of: 'allowed' | 'denied'): number[] =>
    (all?.[of] ?? []).map((total, index) => total - sumOf(shown.map((line) => line[of][index] ?? 0)))
  const others = { allowed: rest('allowed'), denied: rest('denied') }
  if (sumOf(others.allowed) + sumOf(others.denied) > 0)
    series.push({ id: null, name: null, user_name: null, ...others })
  const { width, step, from, to } = span
  return {
    width,
    by,
    from: formatTime(from),
    to: formatTime(to),
    starts: Array.from({ length: (to - from) / step }, (_, index) => formatTime(from + index * step)),
    series,
    allowed: sumOf(all?.allowed ?? []),
    denied: sumOf(all?.denied ?? []),
  }
}
