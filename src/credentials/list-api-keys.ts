// Lists and reads an organization's API keys, revoked ones included; searched, filtered and sorted.
import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { Refusal } from '../errors.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import { type Page, pageOf, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import { contains } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import { type ApiKeyPath, findApiKey } from './find.ts'
import { type Filters, withStatus } from './list.ts'
import { type ApiKeyJson, tellApiKey, tellApiKeys } from './tell-api-keys.ts'
import type { CredentialRow } from './wire.ts'

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

/** Keys, and where they are put in order by it their last use. */
type Tables = Schema & Pick<ActivitySchema, 'last_used'>
type Query = SelectQueryBuilder<Tables, 'credentials', object>

const matching = (db: Kysely<Tables>, { organization_id, q, environment, status }: ApiKeyListRequest, now: number) => {
  let query: Query = db
    .selectFrom('credentials')
    .where('organization_id', '=', organization_id)
    .where('kind', '=', 'api_key')
  if (environment !== undefined) query = query.where('environment', '=', environment)
  if (q !== undefined && q !== '') {
    // ids and hints are in lower case, as far as they are letters
    const pattern = `%${q.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
    const like = (column: 'id' | 'hint') => sql<boolean>`${sql.ref(column)} LIKE ${pattern} ESCAPE '\\'`
    query = query.where((eb: ExpressionBuilder<Tables, 'credentials'>) =>
      eb.or([contains('name', q), like('hint'), like('id')]),
    )
  }
  return withStatus(query, status, now)
}

/** What a list is sorted by. Those never used, before all others, have the use 0. */
const columnOf: Record<Order, ReturnType<typeof sql<string | number>>> = {
  created: sql`''`,
  name: sql`lower(name)`,
  expires: sql`coalesce(expires_at, ${sql.lit(never)})`,
  last_used: sql`coalesce(last_used_at, 0)`,
}

/** Keys that are put in order by their last use, which no index knows. */
const mostByUse = 50_000

/** Throws `invalid_request` where there are more. */
const requireFew = async (db: Kysely<Tables>, query: Query): Promise<void> => {
  const few = query.select('credentials.id').limit(mostByUse + 1)
  const { count } = await db
    .selectFrom(few.as('few'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count > mostByUse)
    throw new Refusal(
      'invalid_request',
      `More than ${mostByUse} keys match, too many to sort by last use: narrow the list by q, environment or status.`,
    )
}

interface Found {
  row: CredentialRow
  value: string | number
}

const inOrder = async (
  query: Query,
  request: ApiKeyListRequest,
  order: Order,
  descending: boolean,
  after: Place | undefined,
): Promise<Found[]> => {
  const column = columnOf[order]
  const direction = descending ? 'desc' : 'asc'
  let sorted = query.selectAll('credentials').select(column.as('sort_value'))
  if (order === 'last_used') sorted = sorted.leftJoin('last_used', 'credential_id', 'credentials.id')
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
  const query = matching(store.reading, request, now)
  if (order === 'last_used') await requireFew(store.reading, query)
  const found = await inOrder(query, request, order, descending, after)
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
