// Lists of the API, `?limit=&cursor=` → `{data, next_cursor}`: one page at a time, forwards and back.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Page } from '../../../src/store/page.ts'
import { type Query, api } from './client.ts'

export type { Page } from '../../../src/store/page.ts'

export interface List<T> {
  /** undefined: not here yet. While another page is fetched it is the one before. */
  rows: readonly T[] | undefined
  error: Error | null
  /** Whether what `rows` holds is about to be replaced. */
  busy: boolean
  /** From 1. */
  page: number
  /** undefined: there is no such page. */
  next: (() => void) | undefined
  previous: (() => void) | undefined
  again: () => void
}

/**
 * One page of a list. `key` is what the list's changes invalidate: `queryClient.invalidateQueries({ queryKey: key })`.
 * `query`: filters and limit; when they change, the first page is shown.
 */
export const useList = <T>(
  key: readonly unknown[],
  path: string,
  query: Query = {},
  { enabled = true, refetchInterval }: { enabled?: boolean; refetchInterval?: number } = {},
): List<T> => {
  const asked = JSON.stringify([path, query])
  const [place, setPlace] = useState<{ asked: string; cursors: readonly string[] }>({ asked, cursors: [] })
  const cursors = place.asked === asked ? place.cursors : []
  const cursor = cursors.at(-1)
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    queryKey: [...key, path, query, cursor],
    queryFn: ({ signal }) => api.get<Page<T>>(path, { ...query, cursor }, signal),
    placeholderData: keepPreviousData,
    enabled,
    ...(refetchInterval !== undefined && { refetchInterval }),
  })
  const following = isPlaceholderData ? null : (data?.next_cursor ?? null)
  return {
    rows: data?.data,
    error,
    busy: isFetching && isPlaceholderData,
    page: cursors.length + 1,
    next: following === null ? undefined : () => setPlace({ asked, cursors: [...cursors, following] }),
    previous: cursors.length === 0 ? undefined : () => setPlace({ asked, cursors: cursors.slice(0, -1) }),
    again: () => void refetch(),
  }
}
