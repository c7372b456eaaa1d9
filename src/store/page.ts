// Paging by id: newest first, and a page begins after the last id of the page before, so that no entry is skipped or told twice.

export const defaultLimit = 50
export const maxLimit = 200

export interface PageRequest {
  /** 1 to 200, default 50. */
  limit?: number | undefined
  /** `next_cursor` of the page before. */
  cursor?: string | undefined
}

export interface Page<T> {
  data: T[]
  /** null: this is the last page. */
  next_cursor: string | null
}

/** One more than the page holds: whether it comes tells whether there is a next page. */
export const rowsFor = ({ limit = defaultLimit }: PageRequest): number => limit + 1

/** Makes a page of the rows that a query with `limit(rowsFor(request))` found. `idOf` names the column that the query is ordered by. */
export const pageOf = <Row, T>(
  { limit = defaultLimit }: PageRequest,
  rows: readonly Row[],
  idOf: (row: Row) => string,
  form: (row: Row) => T,
): Page<T> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { data: shown.map(form), next_cursor: rows.length > limit && last !== undefined ? idOf(last) : null }
}
