// Makes an API key of an organization. The value is told once; what is kept is its SHA-256.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Actor, hasRole, requireOperator, requireRecent, requireRole, roleIn } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type ExpiryInput, expiryOf } from './expiry.ts'
import { hashOf, hintOf, makeApiKey } from './format.ts'
import { networksColumn, readNetworks } from './networks.ts'
import { apisOf, ownScopes, requireApis, requireKnownScopes, scopesOfRole, splitScopes } from './scopes.ts'
import { type ApiKeyJson, tellApiKey } from './tell-api-keys.ts'
import { type CredentialRow, listOf } from './wire.ts'
import { isExchanged, requireWithin } from './within.ts'

export interface NewApiKey extends ExpiryInput {
  organization_id: string
  name: string
  /** Default: the actor's own, else the first configured; then the value does not name it. */
  environment?: string | undefined
  /** Space-separated. Default: whatever the APIs' own scopes cover, as far as the actor's role does. */
  scopes?: string | undefined
  /** Names of APIs. Default: those that the actor is held to, else all. */
  apis?: readonly string[] | undefined
  /** Addresses and CIDRs that it may be used from. Default: those that the actor is held to, else anywhere. */
  networks?: readonly string[] | undefined
  /** The author, where operators make a key for somebody: an owner or admin of the organization. */
  user_id?: string | undefined
}

/** Throws where there is no such organization or it is suspended. */
export const requireActiveOrganization = async (db: Kysely<Schema>, actor: Actor, id: string): Promise<void> => {
  const { suspended_at } = await findOrganization(db, actor, id)
  if (suspended_at !== null)
    throw new Refusal(
      'conflict',
      'This organization is suspended: it gets no new keys until an operator lifts the suspension.',
    )
}

/** Who the key is by: a person, or the key or client that makes it. */
const authorOf = async (db: Kysely<Schema>, actor: Actor, { organization_id, user_id }: NewApiKey): Promise<string> => {
  if (user_id !== undefined && user_id !== actor.userId) requireOperator(actor, 'make keys in the name of others')
  const author = user_id ?? actor.userId
  if (!actor.operator) return author ?? actor.id
  if (author === undefined)
    throw new Refusal('invalid_request', 'Name the author with user_id: an owner or admin of the organization.')
  if (user_id === undefined && hasRole(roleIn(actor, organization_id), 'member')) return author
  const membership = await db
    .selectFrom('members')
    .select('role')
    .where('organization_id', '=', organization_id)
    .where('user_id', '=', author)
    .executeTakeFirst()
  if (!hasRole(membership?.role, 'admin'))
    throw new Refusal('forbidden', 'The author of a key (user_id) must be an owner or admin of the organization.')
  return author
}

/** The scopes that the key gets; null: whatever its APIs' own scopes cover. */
const scopesFor = (
  config: Config,
  actor: Actor,
  { organization_id, scopes }: NewApiKey,
  apis: readonly string[] | null,
): string[] | null => {
  const reach = apisOf(config, apis)
  if (scopes !== undefined) {
    const asked = splitScopes(scopes)
    requireKnownScopes(reach, asked)
    return asked
  }
  const role = actor.operator || isExchanged(actor) ? undefined : roleIn(actor, organization_id)
  if (role === undefined) return null
  const covered = scopesOfRole(reach, role)
  return covered.length === ownScopes(reach).length ? null : covered
}

/**
 * Makes a key. Members make their own, keys and clients with `manage:api-keys` and operators any; none beyond the actor's own powers (within.ts).
 * Throws `organization_forbidden`, `forbidden`, `invalid_request`, `not_found`, and `conflict` for a suspended organization.
 */
export const createApiKey = async (
  store: Store,
  config: Config,
  actor: Actor,
  input: NewApiKey,
  now: number,
): Promise<ApiKeyJson & { key: string }> => {
  const { organization_id } = input
  requireRole(actor, organization_id, 'member', 'api-keys')
  requireRecent(actor, now)
  const name = cleanName(input.name)
  const [firstEnvironment = ''] = config.environments
  const environment = input.environment ?? actor.environment ?? firstEnvironment
  if (!config.environments.includes(environment))
    throw new Refusal(
      'invalid_request',
      `There is no environment "${environment}"; there are ${config.environments.join(', ')}.`,
    )
  const apis = input.apis ?? actor.apis ?? null
  if (apis !== null) requireApis(config, apis)
  const scopes = scopesFor(config, actor, input, apis)
  const expiresAt = expiryOf(actor, input, now)
  const networks = input.networks ? readNetworks(input.networks) : (actor.networks ?? null)
  requireWithin(config, actor, { organizationId: organization_id, environment, apis, scopes, expiresAt, networks })
  const marked = input.environment !== undefined || environment !== firstEnvironment
  const key = makeApiKey(config.keyPrefixes[0] as string, marked ? environment : undefined)
  const id = randomUUIDv7()
  const made = await store.transaction(async (trx) => {
    await requireActiveOrganization(trx, actor, organization_id)
    const row: CredentialRow = {
      id,
      kind: 'api_key',
      hash: hashOf(key),
      hint: hintOf(key),
      name,
      user_id: await authorOf(trx, actor, input),
      organization_id,
      all_organizations: 0,
      environment,
      scopes: scopes === null ? null : scopes.join(' '),
      apis: apis === null ? null : JSON.stringify([...new Set(apis)]),
      lineage_id: id,
      replaces: null,
      created_at: now,
      expires_at: expiresAt,
      revoked_at: null,
      networks: networksColumn(networks),
      succeeds: null,
    }
    await trx.insertInto('credentials').values(row).execute()
    await recordChange(trx, actor, now, {
      action: 'api_key.created',
      targetKind: 'api_key',
      targetId: id,
      organizationId: organization_id,
      detail: {
        name,
        environment,
        scopes: row.scopes,
        apis: listOf(row.apis),
        networks: listOf(row.networks),
        created_by: row.user_id,
        expires_at: formatTimeOrNull(row.expires_at),
      },
    })
    return row
  })
  return { ...(await tellApiKey(store, made, now)), key }
}
