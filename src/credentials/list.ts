// Lists and reads API keys, revoked ones included: when made, last used, ending; never a value.
import type { SelectQueryBuilder } from 'kysely'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type ApiKeyPath, findApiKey } from './find.ts'
import { type ApiKeyJson, type CredentialRow, type State, apiKeyJson, lastUses } from './wire.ts'

export interface Filters extends PageRequest {
  status?: State | undefined
}

type Query = SelectQueryBuilder<Schema, 'credentials', CredentialRow>

export const withStatus = (query: Query, status: State | undefined, now: number): Query => {
  if (status === 'revoked') return query.where('revoked_at', 'is not', null)
  if (status === 'expired') return query.where('revoked_at', 'is', null).where('expires_at', '<=', now)
  if (status === 'active')
    return query
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
  return query
}

/** The rows of a page and one more, newest first. */
export const pageRows = (query: Query, request: PageRequest): Promise<CredentialRow[]> => {
  const after = request.cursor === undefined ? query : query.where('id', '<', request.cursor)
  return after.orderBy('id', 'desc').limit(rowsFor(request)).execute()
}

const idOf = ({ id }: CredentialRow): string => id
const idsOf = (rows: readonly CredentialRow[]): string[] => rows.map(idOf)

/** An organization's keys, for its viewers. */
export const listApiKeys = async (
  store: Store,
  actor: Actor,
  input: Filters & { organization_id: string; environment?: string | undefined },
  now: number,
): Promise<Page<ApiKeyJson>> => {
  requireRole(actor, input.organization_id, 'viewer', 'api-keys')
  await findOrganization(store.db, actor, input.organization_id)
  const all = store.db
    .selectFrom('credentials')
    .selectAll()
    .where('organization_id', '=', input.organization_id)
    .where('kind', '=', 'api_key')
  const rows = await pageRows(
    withStatus(
      input.environment === undefined ? all : all.where('environment', '=', input.environment),
      input.status,
      now,
    ),
    input,
  )
  const used = await lastUses(store, idsOf(rows))
  return pageOf(input, rows, idOf, (row) => apiKeyJson(row, used.get(row.id)))
}

export const getApiKey = async (store: Store, actor: Actor, path: ApiKeyPath): Promise<ApiKeyJson> => {
  const row = await findApiKey(store.db, actor, path)
  return apiKeyJson(row, (await lastUses(store, [row.id])).get(row.id))
}
