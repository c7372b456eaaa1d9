// Finds entries of the audit trail, newest first, in a trail of any length: every question is answered from the ends of index ranges.
import { type RawBuilder, sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { Wanted } from './filters.ts'

export type AuditRow = Selectable<Schema['audit']>

/** Names of actions there may be; a trail has some dozens. */
const maxActions = 500

/** Entries of one target that are looked at for one page: a filter that few of them pass makes short pages, not slow ones. */
const maxLookedAt = 3000

type Db = Store['db']
type Condition = RawBuilder<unknown>
type Column = 'organization_id' | 'user_id' | 'actor_id' | 'action' | 'target_id'

const is = (column: Column, value: string): Condition => sql`${sql.ref(column)} = ${value}`

/** The same where no index is to be chosen for it. */
const isAlso = (column: Column, value: string): Condition => sql`${sql.ref(column)} || '' = ${value}`

const all = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, sql` AND `)

/** Whom an index begins with: entries of them lie together, those of each action in order of time. */
const leading = ({ organizationId, userId, actorId }: Wanted): Condition[] => [
  ...(organizationId === undefined ? [] : [is('organization_id', organizationId)]),
  ...(userId === undefined ? [] : [is('user_id', userId)]),
  ...(actorId === undefined ? [] : [is('actor_id', actorId)]),
]

const between = ({ from, before }: Wanted, cursor: string | undefined): Condition[] => [
  ...(from === undefined ? [] : [sql`id >= ${from}`]),
  ...(before === undefined ? [] : [sql`id < ${before}`]),
  ...(cursor === undefined ? [] : [sql`id < ${cursor}`]),
]

/** Every action that entries of these have: one step into the index for each, however many entries there are. */
const actionsOf = async (db: Db, of: readonly Condition[]): Promise<string[]> => {
  const { rows } = await sql<{ action: string }>`WITH RECURSIVE found (action) AS (
      SELECT (SELECT min(action) FROM audit WHERE ${all(of)})
      UNION ALL SELECT (SELECT min(action) FROM audit WHERE ${all([...of, sql`action > found.action`])}) FROM found WHERE found.action IS NOT NULL)
    SELECT action FROM found WHERE action IS NOT NULL LIMIT ${maxActions}`.execute(db)
  return rows.map(({ action }) => action)
}

/** The newest ids under the conditions, at most `count`. */
const newest = (conditions: readonly Condition[], count: number): Condition =>
  sql`SELECT id FROM (SELECT id FROM audit WHERE ${all(conditions)} ORDER BY id DESC LIMIT ${count}) AS found`

const rowsOf = async (db: Db, branches: readonly Condition[], count: number): Promise<AuditRow[]> => {
  if (branches.length === 0) return []
  const { rows } = await sql<AuditRow>`SELECT * FROM audit WHERE id IN (${sql.join(branches, sql` UNION `)})
    ORDER BY id DESC LIMIT ${count}`.execute(db)
  return rows
}

export interface Found {
  /** At most the count asked for. */
  rows: AuditRow[]
  /** Entries older than this id have not been looked at, though fewer than the count were found. */
  lookedDownTo: string | undefined
}

const ofTarget = async (db: Db, wanted: Wanted, target: string, count: number, cursor?: string): Promise<Found> => {
  const range = [is('target_id', target), ...between(wanted, cursor)]
  const { rows: ends } = await sql<{ id: string }>`SELECT id FROM audit WHERE ${all(range)}
    ORDER BY id DESC LIMIT 1 OFFSET ${maxLookedAt - 1}`.execute(db)
  const end = ends[0]?.id
  const also = (
    [
      ['organization_id', wanted.organizationId],
      ['user_id', wanted.userId],
      ['actor_id', wanted.actorId],
    ] as const
  ).flatMap(([column, value]) => (value === undefined ? [] : [isAlso(column, value)]))
  const { isWanted } = wanted
  if (isWanted) {
    const actions = (await actionsOf(db, leading({ ...wanted, userId: undefined, actorId: undefined }))).filter(
      isWanted,
    )
    if (actions.length === 0) return { rows: [], lookedDownTo: undefined }
    also.push(sql`action || '' IN (${sql.join(actions)})`)
  }
  const inReach = end === undefined ? [] : [sql`id >= ${end}`]
  const rows = await rowsOf(db, [newest([...range, ...inReach, ...also], count)], count)
  return { rows, lookedDownTo: rows.length < count ? end : undefined }
}

/** At most `count` entries older than `cursor`. */
export const findEntries = async (db: Db, wanted: Wanted, count: number, cursor?: string): Promise<Found> => {
  const { targetId, orTarget, isWanted, userId, actorId } = wanted
  if (targetId !== undefined) return ofTarget(db, wanted, targetId, count, cursor)
  const of = leading(wanted)
  const range = between(wanted, cursor)
  if (isWanted === undefined && userId === undefined && actorId === undefined)
    return { rows: await rowsOf(db, [newest([...of, ...range], count)], count), lookedDownTo: undefined }
  const actions = (await actionsOf(db, of)).filter(isWanted ?? (() => true))
  const branches = actions.map((action) => newest([...of, is('action', action), ...range], count))
  const rows = await rowsOf(db, branches, count)
  if (orTarget === undefined) return { rows, lookedDownTo: undefined }
  const also = await ofTarget(db, { ...wanted, isWanted: undefined }, orTarget, count, cursor)
  const merged = [...new Map([...rows, ...also.rows].map((row) => [row.id, row])).values()]
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .filter(({ id }) => also.lookedDownTo === undefined || id >= also.lookedDownTo)
    .slice(0, count)
  return { rows: merged, lookedDownTo: merged.length < count ? also.lookedDownTo : undefined }
}
