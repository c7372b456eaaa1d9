// RFC 7591: a client registers itself, for an organization by a token for it, or for nobody.
import { randomUUIDv7 } from 'node:crypto'
import { type Actor, actorWith, requireRole } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { type Config, identityScopes, isReservedScope } from '../config/config.ts'
import { requireActiveOrganization } from '../credentials/create-api-key.ts'
import { hashOf, makeSecret } from '../credentials/format.ts'
import { requireWithin } from '../credentials/within.ts'
import { Refusal } from '../errors.ts'
import { removeIdleClients } from '../store/prune.ts'
import type { Store } from '../store/store.ts'
import { auditedFacts, type ClientRow, columnsOf, toClient } from './client.ts'
import { type Bounds, readMetadata } from './metadata.ts'
import { replaceSecret } from './secret.ts'
import { grantTypes, hasKeys } from './settings.ts'

/** Grants by which a client acts for people, never for itself. */
export const delegatedGrants: readonly string[] = [
  grantTypes.authorizationCode,
  grantTypes.refreshToken,
  grantTypes.deviceCode,
]

const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']

/**
 * Clients of nobody that have registered themselves. When there are as many, those go that nobody has allowed anything for an hour: in
 * an hour fewer can come, so that whoever fills up the room keeps nobody out for long.
 */
const maxOpenClients = 10_000
const idleMs = 3_600_000
const makeRoomFor = 100

/** Who registers a client, for whom, and as what. */
export interface Registrar {
  actor: Actor
  /** null: for nobody. */
  organizationId: string | null
  bounds: Bounds
}

/** Anybody. Of the actor only `ip` and `requestId` count. */
export const anyRegistrar = (
  { environments: [environment = ''] }: Config,
  from: Pick<Actor, 'ip' | 'requestId'>,
): Registrar => ({
  actor: actorWith({ kind: 'registration', id: 'open', ...from }),
  organizationId: null,
  bounds: { methods, grants: delegatedGrants, environment, apis: null, scopes: null, name: 'Unnamed client' },
})

/** Who holds a credential that may make clients of an organization. Throws `invalid_request` where it is not clear of which. */
export const organizationRegistrar = (config: Config, actor: Actor): Registrar => {
  const [only, ...others] = actor.organizationId === undefined ? [...actor.roles.keys()] : [actor.organizationId]
  if (only === undefined || others.length > 0)
    throw new Refusal(
      'invalid_request',
      'Use a credential of the organization that the client is to belong to: an API key with the scope manage:clients.',
    )
  const passedOn = [...actor.scopes.filter((scope) => !isReservedScope(scope)), ...Object.keys(identityScopes)]
  return {
    actor,
    organizationId: only,
    bounds: {
      methods,
      grants: [...delegatedGrants, grantTypes.clientCredentials],
      environment: actor.environment ?? (config.environments[0] as string),
      apis: actor.apis ?? null,
      scopes: actor.userId === undefined ? passedOn : null,
      name: 'Unnamed client',
    },
  }
}

export interface Registered {
  row: ClientRow
  secret: { value: string; expiresAt: number | undefined } | undefined
  /** The registration access token (RFC 7592 §1.3). */
  token: string
}

const requireRoom = async (db: Store['db'], now: number): Promise<void> => {
  const { count } = await db
    .selectFrom('clients')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('registration', '=', 'dynamic')
    .where('organization_id', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) < maxOpenClients) return
  if ((await removeIdleClients(db, 'dynamic', 'created_at', now - idleMs, makeRoomFor)) === 0)
    throw new Refusal('rate_limit_exceeded', 'No more clients can register themselves here at present.')
}

/** Throws InvalidMetadata, and as `requireRole` and `requireWithin` do. */
export const registerClient = (
  store: Store,
  config: Config,
  { actor, organizationId, bounds }: Registrar,
  members: Record<string, unknown>,
  now: number,
): Promise<Registered> => {
  if (organizationId !== null) requireRole(actor, organizationId, 'admin', 'clients')
  const { name, settings } = readMetadata(config, members, bounds)
  if (organizationId !== null)
    requireWithin(config, actor, { organizationId, ...settings, expiresAt: actor.expiresAt ?? null })
  const token = makeSecret('ra_')
  return store.transaction(async (trx) => {
    await (organizationId === null ? requireRoom(trx, now) : requireActiveOrganization(trx, actor, organizationId))
    const row: ClientRow = {
      id: randomUUIDv7(),
      organization_id: organizationId,
      name,
      public: settings.public ? 1 : 0,
      environment: settings.environment,
      ...columnsOf(settings),
      created_by: actor.userId ?? null,
      created_at: now,
      registration: 'dynamic',
      registration_hash: hashOf(token),
      stale_at: null,
    }
    await trx.insertInto('clients').values(row).execute()
    const value = settings.public || hasKeys(settings) ? undefined : await replaceSecret(trx, actor, row.id, 0, now)
    await recordChange(trx, actor, now, {
      action: 'client.registered',
      targetKind: 'client',
      targetId: row.id,
      organizationId,
      detail: auditedFacts(await toClient(store, trx, row)),
    })
    return { row, secret: value === undefined ? undefined : { value, expiresAt: actor.expiresAt }, token }
  })
}
