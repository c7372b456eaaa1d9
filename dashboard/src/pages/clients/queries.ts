// What the pages of OAuth clients ask for.
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../src/clients/client.ts'
import type { Connections } from '../../../../src/clients/connections.ts'
import { api } from '../../api/client.ts'
import { queryClient, useMe, useOrganization } from '../../api/queries.ts'

export type { Client, ClientWithSecret } from '../../../../src/clients/client.ts'

export const clientsKey = (organizationId: string) => ['organizations', organizationId, 'clients'] as const

export const clientPath = ({ organization_id: organizationId, client_id: id }: Client): string =>
  `/organizations/${organizationId}/clients/${id}`

export const clientQuery = (organizationId: string, clientId: string) =>
  queryOptions({
    queryKey: [...clientsKey(organizationId), clientId],
    queryFn: ({ signal }) => api.get<Client>(`/organizations/${organizationId}/clients/${clientId}`, undefined, signal),
  })

/** Puts what a change has answered in the place of what was there, and has the lists asked for again. */
export const clientChanged = (client: Client): void => {
  const key = clientsKey(client.organization_id ?? '')
  queryClient.setQueryData([...key, client.client_id], client)
  void queryClient.invalidateQueries({ queryKey: key })
}

export const useConnections = (client: Client) =>
  useQuery({
    queryKey: ['connections', client.client_id],
    queryFn: ({ signal }) => api.get<Connections>(`${clientPath(client)}/connections`, undefined, signal),
  })

/** Whether the person at the browser may make and change clients here. */
export const useMayManage = (organizationId: string): boolean => {
  const { role } = useOrganization(organizationId)
  const { operator } = useMe()
  return operator || role === 'admin' || role === 'owner'
}
