// Finding a stored credential for somebody who asks for it by id. Who may not see it cannot tell whether it exists.
import type { Kysely } from 'kysely'
import { type Actor, hasRole, requireRole, requireUser, roleIn } from '../accounts/actor.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { CredentialRow } from './wire.ts'

/** An API key by its id, within an organization where the path names one. */
export interface ApiKeyPath {
  key_id: string
  organization_id?: string | undefined
}

const noSuchKey = (): Refusal => new Refusal('not_found', 'There is no such API key.')

/** The organization to look in. Found by the key alone, it counts only for those whom it concerns. */
const organizationOf = async (
  db: Kysely<Schema>,
  actor: Actor,
  { key_id, organization_id }: ApiKeyPath,
): Promise<string> => {
  if (organization_id !== undefined) return organization_id
  const row = await db
    .selectFrom('credentials')
    .select('organization_id')
    .where('id', '=', key_id)
    .where('kind', '=', 'api_key')
    .executeTakeFirst()
  const found = row?.organization_id
  if (!found) throw noSuchKey()
  const stranger = !actor.operator && roleIn(actor, found) === undefined && actor.organizationId !== found
  if (stranger) throw noSuchKey()
  return found
}

/** The key for somebody who may see it. Throws `organization_forbidden` for another organization's path, else `not_found`. */
export const findApiKey = async (db: Kysely<Schema>, actor: Actor, path: ApiKeyPath): Promise<CredentialRow> => {
  const organizationId = await organizationOf(db, actor, path)
  requireRole(actor, organizationId, 'viewer', 'api-keys')
  const row = await db
    .selectFrom('credentials')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('kind', '=', 'api_key')
    .where('id', '=', path.key_id)
    .executeTakeFirst()
  if (!row) throw noSuchKey()
  return row
}

/** As `findApiKey`, for somebody who may also change it: admins any key, members their own. Throws `forbidden` else. */
export const findOwnApiKey = async (db: Kysely<Schema>, actor: Actor, path: ApiKeyPath): Promise<CredentialRow> => {
  const row = await findApiKey(db, actor, path)
  const organizationId = row.organization_id as string
  const own = row.user_id === actor.userId && hasRole(roleIn(actor, organizationId), 'member')
  if (!own) requireRole(actor, organizationId, 'admin', 'api-keys')
  return row
}

/** A token by its id, of one person where the path means their own. */
export interface TokenPath {
  token_id: string
  user_id?: string | undefined
}

/** A personal or legacy token for its owner or an operator. Throws `not_found` for everybody else, `forbidden` for keys and clients. */
export const findToken = async (
  db: Kysely<Schema>,
  actor: Actor,
  kind: 'personal_access_token' | 'legacy_token',
  { token_id, user_id }: TokenPath,
): Promise<CredentialRow> => {
  const owner = actor.operator ? user_id : requireUser(actor)
  const query = db.selectFrom('credentials').selectAll().where('kind', '=', kind).where('id', '=', token_id)
  const row = await (owner === undefined ? query : query.where('user_id', '=', owner)).executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no such token.')
  return row
}

/** Where the tenant's own rows lie: an organization's keys, a person's tokens. For `where(...tenantOf(row))`. */
export const tenantOf = (row: CredentialRow): ['organization_id' | 'user_id', '=', string | null] =>
  row.kind === 'api_key' ? ['organization_id', '=', row.organization_id] : ['user_id', '=', row.user_id]

/** The organizations chosen for each of the tokens, by token id. */
export const chosenOrganizations = async (
  db: Kysely<Schema>,
  tokens: readonly CredentialRow[],
): Promise<(id: string) => readonly string[]> => {
  const ids = tokens.filter((row) => row.all_organizations === 0).map((row) => row.id)
  const rows =
    ids.length === 0
      ? []
      : await db
          .selectFrom('credential_organizations')
          .selectAll()
          .where('credential_id', 'in', ids)
          .orderBy('organization_id')
          .execute()
  const chosen = Map.groupBy(rows, (row) => row.credential_id)
  return (id) => (chosen.get(id) ?? []).map((row) => row.organization_id)
}
