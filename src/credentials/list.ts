// What lists of stored credentials have alike: filtered by their state, newest first.
import type { SelectQueryBuilder } from 'kysely'
import { type PageRequest, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import type { CredentialRow, State } from './wire.ts'

export interface Filters extends PageRequest {
  status?: State | undefined
}

type Query<Row> = SelectQueryBuilder<Schema, 'credentials', Row>

export const withStatus = <Row>(query: Query<Row>, status: State | undefined, now: number): Query<Row> => {
  if (status === 'revoked') return query.where('revoked_at', 'is not', null)
  if (status === 'expired') return query.where('revoked_at', 'is', null).where('expires_at', '<=', now)
  if (status === 'active')
    return query
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
  return query
}

/** The rows of a page and one more, newest first. */
export const pageRows = (query: Query<CredentialRow>, request: PageRequest): Promise<CredentialRow[]> => {
  const after = request.cursor === undefined ? query : query.where('id', '<', request.cursor)
  return after.orderBy('id', 'desc').limit(rowsFor(request)).execute()
}
