// Lists clients: those of an organization, newest first, and for operators those of nobody.
import { type Actor, requireOperator, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { type Page, pageOf, type PageRequest, rowsFor } from '../store/page.ts'
import { contains } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import { type Client, toClients } from './client.ts'

/** `q`: a part of the name or the id. */
interface Search extends PageRequest {
  q?: string | undefined
}

/** Throws as `requireRole` does, and `not_found` for operators. */
export const listClients = async (
  store: Store,
  actor: Actor,
  organizationId: string,
  request: Search,
): Promise<Page<Client>> => {
  requireRole(actor, organizationId, 'viewer', 'clients')
  await findOrganization(store.db, actor, organizationId)
  return listWhere(store, organizationId, request)
}

/** Those that registered themselves, are known by their metadata document, or are built in. Throws `forbidden`. */
export const listClientsOfNobody = async (
  store: Store,
  actor: Actor,
  { client_id: id, ...request }: PageRequest & { client_id?: string | undefined },
): Promise<Page<Client>> => {
  requireOperator(actor, 'see the clients that belong to no organization')
  return listWhere(store, null, request, id)
}

const listWhere = async (
  store: Store,
  owner: string | null,
  { q, ...request }: Search,
  id?: string,
): Promise<Page<Client>> => {
  let query = store.db
    .selectFrom('clients')
    .selectAll()
    .where('organization_id', owner === null ? 'is' : '=', owner)
    .orderBy('id', 'desc')
    .limit(rowsFor(request))
  if (q !== undefined) query = query.where((eb) => eb.or([contains('name', q), contains('id', q)]))
  if (id !== undefined) query = query.where('id', '=', id)
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const clients = await toClients(store, store.db, await query.execute())
  return pageOf(
    request,
    clients,
    ({ client_id }) => client_id,
    (client) => client,
  )
}
