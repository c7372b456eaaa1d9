// A person's grant: what somebody allows a client at one API. Codes, refresh tokens and access tokens stand on it, and fall with it.
import { randomUUIDv7 } from 'node:crypto'
import type { Selectable, Transaction } from 'kysely'
import { type Actor, actorWith } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Api, Config } from '../config/config.ts'
import { grantTypes } from '../clients/settings.ts'
import type { Schema } from '../store/schema.ts'
import type { ClientRecord, GrantRecord } from '../store/store.ts'

export type PersonGrant = Selectable<Schema['grants']>

/** What a person allows. */
interface Allowance {
  client: ClientRecord
  api: Api
  userId: string
  /** null: none, or all. */
  organizationId: string | null
  allOrganizations: boolean
  scopes: readonly string[]
  /** When the person signed in, Unix milliseconds, and by what. */
  authenticatedAt: number
  methods: readonly string[]
}

/** From the consent to the token request, milliseconds. */
export const codeLifetimeMs = 60_000

export const mayRefresh = ({ grants }: Pick<ClientRecord, 'grants'>): boolean =>
  grants.includes(grantTypes.refreshToken)

/** Writes the grant with its audit entry. `until`: Unix milliseconds, where it ends sooner than what the configuration says. */
export const createGrant = async (
  trx: Transaction<Schema>,
  config: Config,
  { client, api, userId, organizationId, allOrganizations, scopes, authenticatedAt, methods }: Allowance,
  actor: Actor,
  now: number,
): Promise<PersonGrant> => {
  const lifetimeMs = mayRefresh(client)
    ? config.oauth.refreshAbsoluteMs
    : codeLifetimeMs + api.profile.token.lifetimeSeconds * 1000
  const grant: PersonGrant = {
    id: randomUUIDv7(),
    client_id: client.id,
    user_id: userId,
    organization_id: organizationId,
    all_organizations: allOrganizations ? 1 : 0,
    api: api.name,
    scopes: scopes.join(' '),
    authenticated_at: authenticatedAt,
    methods: methods.join(' '),
    jkt: null,
    created_at: now,
    expires_at: now + lifetimeMs,
    revoked_at: null,
  }
  await trx.insertInto('grants').values(grant).execute()
  await recordChange(trx, actor, now, {
    action: 'grant.created',
    targetKind: 'grant',
    targetId: grant.id,
    organizationId,
    detail: { client_id: client.id, api: api.name, scopes: grant.scopes, all_organizations: allOrganizations },
  })
  return grant
}

/** Who revokes a grant whose code or refresh token came twice. */
const server = actorWith({ kind: 'local', id: 'server' })

/** Ends the grant and all that stands on it, from the next request on; answers whether it had not ended so before. `reason` goes to the audit trail. */
export const revokeGrant = async (
  trx: Transaction<Schema>,
  {
    id,
    organization_id: organizationId,
    client_id,
    user_id,
  }: Pick<PersonGrant, 'id' | 'organization_id' | 'client_id' | 'user_id'>,
  reason: string,
  now: number,
  actor: Actor = server,
): Promise<boolean> => {
  const { numUpdatedRows } = await trx
    .updateTable('grants')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return false
  await recordChange(trx, actor, now, {
    action: 'grant.revoked',
    targetKind: 'grant',
    targetId: id,
    organizationId,
    detail: { reason, client_id, user_id },
  })
  return true
}

/** Why nothing may be made from the grant any more; undefined: it stands. For the log. */
export const whyEnded = (grant: GrantRecord | undefined, now: number): string | undefined => {
  if (!grant) return 'the grant is gone'
  if (grant.revoked) return 'the grant has been revoked'
  if (grant.expiresAt <= now) return 'the grant has ended'
  if (!grant.userActive) return 'the person is suspended'
  return grant.organizationId !== null && grant.memberships.size === 0
    ? 'the person is no member of the organization any more'
    : undefined
}

/** The API that a grant names; undefined: the configuration does not have it any more. */
export const grantedApi = ({ apis, management }: Config, name: string): Api | undefined =>
  name === management.name ? management : apis.get(name)
