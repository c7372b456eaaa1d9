// The latest decisions of an owner, newest first, for people who watch or look for one.
import type { Actor } from '../accounts/actor.ts'
import type { Code } from '../errors.ts'
import { Refusal } from '../errors.ts'
import { formatTime } from '../rfc3339.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import type { Check } from '../verify/decision.ts'
import { type Named, namesOf } from './names.ts'
import type { OwnerId } from './scope.ts'
import type { DecisionRow } from './tail.ts'

export interface DecisionFilters extends PageRequest {
  /** An id: those after it. */
  after?: string | undefined
  outcome?: 'allowed' | 'denied' | undefined
  code?: string | undefined
  api?: string | undefined
  environment?: string | undefined
  credential_id?: string | undefined
}

export interface DecisionJson {
  id: string
  /** RFC 3339. */
  at: string
  api: string
  environment: string | null
  code: Code | 'valid'
  /** Of a refusal: the check that failed, and why. */
  failed_check: Check | null
  detail: string | null
  credential_kind: string | null
  credential_id: string | null
  credential_name: string | null
  /** The person whose token it was. */
  user_name: string | null
  method: string | null
  path: string | null
  ip: string | null
  user_agent: string | null
  request_id: string | null
}

export const decisionJson = (row: DecisionRow, { name, user_name }: Named): DecisionJson => ({
  id: row.id,
  at: formatTime(row.at),
  api: row.api,
  environment: row.environment,
  code: row.code as DecisionJson['code'],
  failed_check: row.failed_check as Check | null,
  detail: row.detail,
  credential_kind: row.credential_kind,
  credential_id: row.credential_id,
  credential_name: name,
  user_name,
  method: row.method,
  path: row.path,
  ip: row.ip,
  user_agent: row.user_agent,
  request_id: row.request_id,
})

/** For callers whose right has been checked. */
export const listDecisions = async (
  store: Store,
  actor: Actor,
  ownerId: OwnerId,
  filters: DecisionFilters,
): Promise<Page<DecisionJson>> => {
  let query = store.activity
    .selectFrom('decisions')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .orderBy('id', 'desc')
    .limit(rowsFor(filters))
  for (const column of ['code', 'api', 'environment', 'credential_id'] as const) {
    const value = filters[column]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  if (filters.outcome !== undefined) query = query.where('code', filters.outcome === 'allowed' ? '=' : '<>', 'valid')
  if (filters.after !== undefined) query = query.where('id', '>', filters.after)
  if (filters.cursor !== undefined) query = query.where('id', '<', filters.cursor)
  const rows = await query.execute()
  const ids = rows.flatMap(({ credential_id }) => credential_id ?? [])
  const names = await namesOf(store, actor, [...new Set(ids)])
  return pageOf(
    filters,
    rows,
    ({ id }) => id,
    (row) => decisionJson(row, names(row.credential_id ?? '')),
  )
}

/** For callers whose right has been checked. Throws `not_found`. */
export const findDecision = async (store: Store, ownerId: OwnerId, id: string): Promise<DecisionRow> => {
  const row = await store.activity
    .selectFrom('decisions')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no such request here: they are kept for a day, the latest 1,000.')
  return row
}
