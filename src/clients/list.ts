// Lists the clients of an organization, newest first.
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { type Page, pageOf, type PageRequest, rowsFor } from '../store/page.ts'
import type { Store } from '../store/store.ts'
import { type Client, toClients } from './client.ts'

/** Throws as `requireRole` does, and `not_found` for operators. */
export const listClients = async (
  store: Store,
  actor: Actor,
  organizationId: string,
  request: PageRequest,
): Promise<Page<Client>> => {
  requireRole(actor, organizationId, 'viewer', 'clients')
  await findOrganization(store.db, actor, organizationId)
  let query = store.db
    .selectFrom('clients')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('id', 'desc')
    .limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const clients = await toClients(store, store.db, await query.execute())
  return pageOf(
    request,
    clients,
    ({ client_id }) => client_id,
    (client) => client,
  )
}
