// What the pages of one's own account ask for.
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import type { Account } from '../../../../src/accounts/account/account.ts'
import type { Passkey } from '../../../../src/accounts/factors/passkeys.ts'
import { api } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'

export const accountKey = ['account'] as const

const accountQuery = queryOptions({
  queryKey: accountKey,
  queryFn: ({ signal }) => api.get<Account>('/account', undefined, signal),
})

export const useAccount = (): Account => useSuspenseQuery(accountQuery).data

export const passkeysQuery = queryOptions({
  queryKey: [...accountKey, 'passkeys'],
  queryFn: ({ signal }) => api.get<{ data: Passkey[] }>('/account/passkeys', undefined, signal),
})

/** After a change of what one signs in by. */
export const learnAccount = (): Promise<void> => queryClient.invalidateQueries({ queryKey: accountKey })
