// Lists and reads stored credentials, revoked ones included: when made, last used, ending; never a value.
import type { SelectQueryBuilder } from 'kysely'
import { type Actor, requireOperator, requireRole, requireUser } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { findUser } from '../accounts/users/user.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../store/page.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type ApiKeyPath, type TokenPath, chosenOrganizations, findApiKey, findToken } from './find.ts'
import {
  type ApiKeyJson,
  type CredentialRow,
  type LegacyTokenJson,
  type TokenJson,
  apiKeyJson,
  lastUses,
  legacyTokenJson,
  tokenJson,
} from './wire.ts'

type Status = 'active' | 'expired' | 'revoked'

interface Filters extends PageRequest {
  status?: Status | undefined
}

type Query = SelectQueryBuilder<Schema, 'credentials', CredentialRow>

const withStatus = (query: Query, status: Status | undefined, now: number): Query => {
  if (status === 'revoked') return query.where('revoked_at', 'is not', null)
  if (status === 'expired') return query.where('revoked_at', 'is', null).where('expires_at', '<=', now)
  if (status === 'active')
    return query
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
  return query
}

const pageRows = (query: Query, request: PageRequest): Promise<CredentialRow[]> => {
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

/** The actor's own personal access tokens, or for operators those of `user_id`. */
export const listTokens = async (
  store: Store,
  actor: Actor,
  input: Filters & { user_id?: string | undefined },
  now: number,
): Promise<Page<TokenJson>> => {
  if (input.user_id !== undefined) requireOperator(actor, 'see the tokens of others')
  const owner = input.user_id ?? requireUser(actor)
  await findUser(store.db, owner)
  const all = store.db
    .selectFrom('credentials')
    .selectAll()
    .where('user_id', '=', owner)
    .where('kind', '=', 'personal_access_token')
  const rows = await pageRows(withStatus(all, input.status, now), input)
  const used = await lastUses(store, idsOf(rows))
  const chosen = await chosenOrganizations(store.db, rows)
  return pageOf(input, rows, idOf, (row) => tokenJson(row, chosen(row.id), used.get(row.id)))
}

export const getToken = async (store: Store, actor: Actor, path: TokenPath): Promise<TokenJson> => {
  const row = await findToken(store.db, actor, 'personal_access_token', path)
  return tokenJson(
    row,
    (await chosenOrganizations(store.db, [row]))(row.id),
    (await lastUses(store, [row.id])).get(row.id),
  )
}

/** Every legacy token, for operators, or those of `user_id`, the actor. */
export const listLegacyTokens = async (
  store: Store,
  actor: Actor,
  input: PageRequest & { user_id?: string | undefined },
): Promise<Page<LegacyTokenJson>> => {
  if (input.user_id === undefined) requireOperator(actor, 'see the legacy tokens of others')
  const all = store.db.selectFrom('credentials').selectAll().where('kind', '=', 'legacy_token')
  const rows = await pageRows(input.user_id === undefined ? all : all.where('user_id', '=', input.user_id), input)
  const used = await lastUses(store, idsOf(rows))
  return pageOf(input, rows, idOf, (row) => legacyTokenJson(row, used.get(row.id)))
}
