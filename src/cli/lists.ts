// Lists of the management API are followed page by page (`next_cursor`) up to a limit.
import type { ManagementClient } from './client.ts'
import type { Paging } from './options.ts'
import { type Column, type Document, type Output, table } from './output.ts'

/** The most entries that the API puts on one page. */
const pageSize = 200

export interface Listing {
  data: Document[]
  next_cursor: string | null
}

/** `path` with `parameters`; those undefined are left out. */
const withQuery = (path: string, parameters: Record<string, string | number | undefined>): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** Up to `limit` entries of the list at `path`, with the cursor that goes on behind them. */
export const listAll = async (
  client: ManagementClient,
  path: string,
  { limit = 1000, cursor }: Paging,
  filters: Record<string, string | number | undefined> = {},
): Promise<Listing> => {
  const data: Document[] = []
  let next: string | null = cursor ?? null
  do {
    const page: Document = await client.request(
      'GET',
      withQuery(path, { ...filters, limit: Math.min(pageSize, limit - data.length), cursor: next ?? undefined }),
    )
    data.push(...(page.data as Document[]))
    next = typeof page.next_cursor === 'string' ? page.next_cursor : null
  } while (next !== null && data.length < limit)
  return { data, next_cursor: next }
}

/** Says a list: a table, or what stands in its place when it is empty. `shown` prepares an entry for people. */
export const sayList = (
  output: Output,
  listing: Listing,
  columns: readonly Column[],
  empty: string,
  shown: (entry: Document) => Document = (entry) => entry,
): void => {
  output.result(listing, listing.data.length === 0 ? empty : table(columns, listing.data.map(shown)))
  if (listing.next_cursor !== null) output.note(`There are more. Go on with --cursor ${listing.next_cursor}`)
}
