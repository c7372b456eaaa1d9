// Lists the caller's own organizations, or all of them for an operator; newest first, searched by a part of their name.
import type { Role, Schema } from '../../store/schema.ts'
import { type Page, pageOf, type PageRequest, rowsFor } from '../../store/page.ts'
import { contains } from '../../store/search.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, roleIn } from '../actor.ts'
import { type Organization, toOrganization } from './organization.ts'

interface ListRequest extends PageRequest {
  all?: boolean | undefined
  q?: string | undefined
}

type Row = Schema['organizations'] & { role: Role | null | undefined }

const found = ({ db }: Store, { cursor, q = '', ...page }: ListRequest) => {
  let query = db.selectFrom('organizations as o').selectAll('o').orderBy('o.id', 'desc').limit(rowsFor(page))
  if (cursor !== undefined) query = query.where('o.id', '<', cursor)
  if (q !== '') query = query.where(contains('name', q))
  return query
}

/** Of a person: read from the memberships, a page at a time, for some have thousands. */
const ofPerson = ({ db }: Store, userId: string, { cursor, q = '', ...page }: ListRequest): Promise<Row[]> => {
  let query = db
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .selectAll('o')
    .select('m.role')
    .where('m.user_id', '=', userId)
    .where('o.suspended_at', 'is', null)
    .orderBy('m.organization_id', 'desc')
    .limit(rowsFor(page))
  if (cursor !== undefined) query = query.where('m.organization_id', '<', cursor)
  if (q !== '') query = query.where(contains('o.name', q))
  return query.execute()
}

/** Of a key, a client, or a token held to some organizations: they are known from judging it. */
const ofCredential = async (store: Store, actor: Actor, request: ListRequest): Promise<Row[]> => {
  const reached = actor.organizationId === undefined ? [...actor.roles.keys()] : [actor.organizationId]
  if (reached.length === 0) return []
  const rows = await found(store, request).where('o.id', 'in', reached).execute()
  return rows.map((row) => ({ ...row, role: roleIn(actor, row.id) }))
}

const ofAll = async (store: Store, { userId }: Actor, request: ListRequest): Promise<Row[]> => {
  const query = found(store, request)
  if (userId === undefined) return (await query.execute()).map((row) => ({ ...row, role: null }))
  const rows = await query
    .leftJoin('members as m', (on) => on.onRef('m.organization_id', '=', 'o.id').on('m.user_id', '=', userId))
    .select('m.role')
    .execute()
  return rows.map((row) => (row.suspended_at === null ? row : { ...row, role: null }))
}

/** Throws `forbidden` where `all` is asked by others than operators. */
export const listOrganizations = async (
  store: Store,
  actor: Actor,
  request: ListRequest,
): Promise<Page<Organization>> => {
  if (request.all) requireOperator(actor, 'list all organizations')
  const person = actor.everywhere ? actor.userId : undefined
  const rows = request.all
    ? await ofAll(store, actor, request)
    : await (person === undefined ? ofCredential(store, actor, request) : ofPerson(store, person, request))
  return pageOf(
    request,
    rows,
    (row) => row.id,
    ({ role, ...row }) => toOrganization(role, row),
  )
}
