// What the pages of use ask for.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Quota } from '../../../../src/usage/quota.ts'
import type { Series } from '../../../../src/usage/series.ts'
import { api } from '../../api/client.ts'
import type { Page } from '../../api/list.ts'
import type { Place } from './place.ts'
import { type Range, spanOf } from './range.ts'

/** Counts are written every 15 seconds: more often is no use. */
const everyMs = 30_000

interface Filters {
  environment?: string | undefined
  api?: string | undefined
  credential_id?: string | undefined
}

export const seriesQuery = ({ path }: Place, range: Range, by: Series['by'], filters: Filters = {}) =>
  queryOptions({
    queryKey: ['usage', path, 'series', range, by, filters],
    queryFn: ({ signal }) =>
      api.get<Series>(`${path}/usage/series`, { ...spanOf(range, new Date()), by, ...filters }, signal),
    refetchInterval: everyMs,
    placeholderData: keepPreviousData,
  })

export const quotasQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['usage', `/organizations/${organizationId}`, 'quotas'],
    queryFn: async ({ signal }) =>
      (await api.get<Page<Quota>>(`/organizations/${organizationId}/usage`, undefined, signal)).data,
    refetchInterval: everyMs,
  })
