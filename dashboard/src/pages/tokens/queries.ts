// What the pages of tokens ask for, and what a change of theirs makes stale.
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import type { LegacyTokenJson } from '../../../../src/credentials/legacy-token.ts'
import type { TokenJson } from '../../../../src/credentials/token.ts'
import { api } from '../../api/client.ts'
import type { Page } from '../../api/list.ts'
import { type Organization, queryClient } from '../../api/queries.ts'

export type Token = TokenJson
export type LegacyToken = LegacyTokenJson
/** Told once. */
export type NewToken = Token & { token: string }

export const tokensKey = ['account', 'tokens'] as const
export const legacyTokensKey = ['account', 'legacy-tokens'] as const

/** Both lists: a token may take a legacy one's place. */
export const tokensChanged = (): void => {
  void queryClient.invalidateQueries({ queryKey: tokensKey })
  void queryClient.invalidateQueries({ queryKey: legacyTokensKey })
}

export const legacyTokenQuery = (id: string) =>
  queryOptions({
    queryKey: [...legacyTokensKey, id],
    queryFn: ({ signal }) => api.get<LegacyToken>(`/account/legacy-tokens/${id}`, undefined, signal),
    refetchInterval: 15_000,
  })

/** Organizations whose name has `text` in it; while other ones are looked for, those of before. */
export const useOrganizationSearch = (text: string) =>
  useQuery({
    queryKey: ['organizations', 'search', text],
    queryFn: ({ signal }) => api.get<Page<Organization>>('/organizations', { q: text.trim(), limit: 20 }, signal),
    placeholderData: keepPreviousData,
  })
