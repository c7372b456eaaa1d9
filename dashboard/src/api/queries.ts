// What many pages ask for, and how answers are kept: fresh for a few seconds, asked for again when a page is shown again.
import { QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import type { Organization } from '../../../src/accounts/organizations/organization.ts'
import type { SuspendedOrganization } from '../../../src/accounts/organizations/suspended.ts'
import type { Caller } from '../../../src/accounts/users/caller.ts'
import type { Deployment } from '../../../src/dashboard/deployment-routes.ts'
import { ApiError, api } from './client.ts'

export type { Organization } from '../../../src/accounts/organizations/organization.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // what the server has refused it will refuse again
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      retryDelay: (count) => 500 * 2 ** count,
    },
  },
})

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => api.get<Caller>('/users/me', undefined, signal),
  staleTime: 60_000,
})

/** Who is signed in. Only within the shell, which has asked before anything of it is shown. */
export const useMe = () => {
  const { user } = useSuspenseQuery(meQuery).data
  if (user === null) throw new Error('nobody is signed in')
  return user
}

export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['organizations', organizationId],
    queryFn: ({ signal }) => api.get<Organization>(`/organizations/${organizationId}`, undefined, signal),
  })

/** The organization whose page this is. Only below /organizations/$organizationId, whose frame has asked before. */
export const useOrganization = (organizationId: string): Organization =>
  useSuspenseQuery(organizationQuery(organizationId)).data

/** Those of one's own that are suspended: asking for any of them is refused. */
export const suspendedQuery = queryOptions({
  queryKey: ['organizations', 'suspended'],
  queryFn: async ({ signal }) =>
    (await api.get<{ data: SuspendedOrganization[] }>('/account/suspended-organizations', undefined, signal)).data,
})

/** The server's APIs and environments: the same as long as it runs. */
const deploymentQuery = queryOptions({
  queryKey: ['deployment'],
  queryFn: ({ signal }) => api.get<Deployment>('/deployment', undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** What there is to make credentials for. */
export const useDeployment = (): Deployment => useSuspenseQuery(deploymentQuery).data
