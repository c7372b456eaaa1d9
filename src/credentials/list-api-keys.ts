// Lists and reads an organization's API keys, revoked ones included; searched, filtered and sorted.
import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { Refusal } from '../errors.ts'
import { type Page, pageOf, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import { contains } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import { type ApiKeyPath, findApiKey } from './find.ts'
import { type Filters, withStatus } from './list.ts'
import { type ApiKeyJson, tellApiKey, tellApiKeys } from './tell-api-keys.ts'
import { type CredentialRow, lastUses } from './wire.ts'

const orders = ['created', 'name', 'last_used', 'expires'] as const

type Order = (typeof orders)[number]

/** With `-` the other way round. */
export const apiKeySorts = orders.flatMap((order) => [order, `-${order}`] as const)

export type ApiKeySort = (typeof apiKeySorts)[number]

export interface ApiKeyListRequest extends Filters {
  organization_id: string
  /** A part of the name, of the id, or of what is shown of the key. */
  q?: string | undefined
  environment?: string | undefined
  /** Default `-created`. */
  sort?: ApiKeySort | undefined
}

/** Where in a sorted list a page begins: after this value and id. */
type Place = { value: string | number; id: string }

const cursorOf = (sort: ApiKeySort, { value, id }: Place): string =>
  sort.endsWith('created') ? id : Buffer.from(JSON.stringify([sort, value, id])).toString('base64url')

const wrongCursor = (): Refusal =>
  new Refusal('invalid_request', 'This cursor is of another list: begin without one after another sort.')

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Throws `invalid_request` for what is no cursor of a list in this order. */
const placeOf = (sort: ApiKeySort, cursor: string): Place => {
  if (sort.endsWith('created')) {
    if (!idForm.test(cursor)) throw wrongCursor()
    return { value: '', id: cursor }
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw wrongCursor()
  }
  if (!Array.isArray(parsed) || parsed.length !== 3 || parsed[0] !== sort) throw wrongCursor()
  const [, value, id] = parsed as unknown[]
  if (typeof id !== 'string' || typeof value !== (sort.endsWith('name') ? 'string' : 'number')) throw wrongCursor()
  return { value: value as string | number, id }
}

/** Later than every time: keys without an end come after those that have one. */
const never = Number.MAX_SAFE_INTEGER

type Query = SelectQueryBuilder<Schema, 'credentials', object>

const matching = (store: Store, { organization_id, q, environment, status }: ApiKeyListRequest, now: number): Query => {
  let query: Query = store.db
    .selectFrom('credentials')
    .where('organization_id', '=', organization_id)
    .where('kind', '=', 'api_key')
  if (environment !== undefined) query = query.where('environment', '=', environment)
  if (q !== undefined && q !== '') {
    // ids and hints are in lower case, as far as they are letters
    const pattern = `%${q.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
    const like = (column: 'id' | 'hint') => sql<boolean>`${sql.ref(column)} LIKE ${pattern} ESCAPE '\\'`
    query = query.where((eb: ExpressionBuilder<Schema, 'credentials'>) =>
      eb.or([contains('name', q), like('hint'), like('id')]),
    )
  }
  return withStatus(query, status, now)
}

const columnOf: Record<Exclude<Order, 'last_used'>, ReturnType<typeof sql<string | number>>> = {
  created: sql`''`,
  name: sql`lower(name)`,
  expires: sql`coalesce(expires_at, ${sql.lit(never)})`,
}

interface Found {
  row: CredentialRow
  value: string | number
}

/** In the order of a column, or of an expression over several. */
const byColumn = async (
  query: Query,
  request: ApiKeyListRequest,
  order: Exclude<Order, 'last_used'>,
  descending: boolean,
  after: Place | undefined,
): Promise<Found[]> => {
  const column = columnOf[order]
  const direction = descending ? 'desc' : 'asc'
  let sorted = query.selectAll('credentials').select(column.as('sort_value'))
  if (order === 'created') {
    if (after) sorted = sorted.where('id', descending ? '<' : '>', after.id)
  } else {
    sorted = sorted.orderBy(column, direction)
    if (after)
      sorted = sorted.where(
        sql<boolean>`(${column}, id) ${sql.raw(descending ? '<' : '>')} (${after.value}, ${after.id})`,
      )
  }
  const rows = await sorted.orderBy('id', direction).limit(rowsFor(request)).execute()
  return rows.map(({ sort_value, ...row }) => ({ row, value: sort_value }))
}

/** Keys of which the last uses are looked at to put them in order. */
const mostByUse = 50_000

/** In the order of their last use, those never used first: it lies in another file, so that the order is made here. */
const byLastUse = async (
  store: Store,
  query: Query,
  request: ApiKeyListRequest,
  descending: boolean,
  after: Place | undefined,
): Promise<Found[]> => {
  const all = await query
    .select('id')
    .orderBy('id', descending ? 'desc' : 'asc')
    .limit(mostByUse + 1)
    .execute()
  if (all.length > mostByUse)
    throw new Refusal(
      'invalid_request',
      `More than ${mostByUse} keys match, too many to sort by last use: narrow the list by q, environment or status.`,
    )
  const used = await lastUses(
    store,
    all.map(({ id }) => id),
  )
  const sign = descending ? -1 : 1
  const isAfter = (value: number, id: string): boolean => {
    if (after === undefined) return true
    const later = sign * (value - Number(after.value))
    return later > 0 || (later === 0 && (descending ? id < after.id : id > after.id))
  }
  const places: { id: string; value: number }[] = []
  for (const { id } of all) {
    const value = used.get(id) ?? 0
    if (isAfter(value, id)) places.push({ id, value })
  }
  // sorting leaves those of one value in the order that they came in, that of their ids
  const shown = places.sort((a, b) => sign * (a.value - b.value)).slice(0, rowsFor(request))
  if (shown.length === 0) return []
  const rows = await query
    .selectAll('credentials')
    .where(
      'id',
      'in',
      shown.map(({ id }) => id),
    )
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return shown.flatMap(({ id, value }) => {
    const row = byId.get(id)
    return row ? [{ row, value }] : []
  })
}

/** An organization's keys, for its viewers. Throws as `requireRole`, and `invalid_request` for a cursor of another list. */
export const listApiKeys = async (
  store: Store,
  actor: Actor,
  request: ApiKeyListRequest,
  now: number,
): Promise<Page<ApiKeyJson>> => {
  requireRole(actor, request.organization_id, 'viewer', 'api-keys')
  await findOrganization(store.db, actor, request.organization_id)
  const { sort = '-created', cursor } = request
  const descending = sort.startsWith('-')
  const order = (descending ? sort.slice(1) : sort) as Order
  const after = cursor === undefined ? undefined : placeOf(sort, cursor)
  const query = matching(store, request, now)
  const found =
    order === 'last_used'
      ? await byLastUse(store, query, request, descending, after)
      : await byColumn(query, request, order, descending, after)
  const page = pageOf(
    request,
    found,
    ({ row, value }) => cursorOf(sort, { value, id: row.id }),
    ({ row }) => row,
  )
  return { ...page, data: await tellApiKeys(store, page.data, now) }
}

/** Throws as `findApiKey`. */
export const getApiKey = async (store: Store, actor: Actor, path: ApiKeyPath, now: number): Promise<ApiKeyJson> =>
  tellApiKey(store, await findApiKey(store.db, actor, path), now)
