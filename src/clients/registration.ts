// RFC 7592: a client that registered itself reads, replaces and withdraws its registration, by the token that it was given for that.
import { timingSafeEqual } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Actor, actorWith } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { hashOf, makeSecret } from '../credentials/format.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { auditedFacts, type ClientRow, columnsOf, settingsOf, toClient } from './client.ts'
import { forgetConsents } from './forget-consents.ts'
import { type Bounds, InvalidMetadata, methodOf, readMetadata } from './metadata.ts'
import { delegatedGrants } from './register.ts'
import { isNarrower } from './settings.ts'

/** Who asks: the client that it names, by a registration access token; with where it comes from, for the trail. */
export interface Registrant {
  clientId: string
  token: string
  ip: string
  requestId: string
}

const actorOf = ({ clientId, ip, requestId }: Registrant): Actor =>
  actorWith({ kind: 'registration', id: clientId, ip, requestId })

/** The client whose token this is; undefined alike for one that does not exist, did not register itself, or has another token, and of a suspended organization. */
export const findRegistered = async (
  db: Kysely<Schema>,
  { clientId, token }: Registrant,
): Promise<ClientRow | undefined> => {
  const row = await db
    .selectFrom('clients')
    .leftJoin('organizations', 'organizations.id', 'clients.organization_id')
    .selectAll('clients')
    .where('clients.id', '=', clientId)
    .where('registration', '=', 'dynamic')
    .where('organizations.suspended_at', 'is', null)
    .executeTakeFirst()
  const kept = row?.registration_hash ?? '0'.repeat(64)
  return timingSafeEqual(Buffer.from(kept), Buffer.from(hashOf(token))) ? row : undefined
}

/** What the client may be from now on: of the kind that it is, and of an organization no more than it was given. */
const boundsOf = (row: ClientRow): Bounds => {
  const settings = settingsOf(row)
  const method = methodOf(settings)
  return {
    methods: method === 'client_secret_basic' ? [method, 'client_secret_post'] : [method],
    grants: row.organization_id === null ? delegatedGrants : settings.grants,
    environment: settings.environment,
    apis: settings.apis,
    scopes: row.organization_id === null ? null : settings.scopes,
    name: 'Unnamed client',
  }
}

/** RFC 7592 §2.2: the client names itself, and where it tells a secret, its own. */
const requireItself = async (db: Kysely<Schema>, row: ClientRow, members: Record<string, unknown>, now: number) => {
  if (members.client_id !== row.id)
    throw new InvalidMetadata('invalid_client_metadata', 'client_id must be that of this client')
  const secret = members.client_secret ?? undefined
  if (secret === undefined) return
  const kept = await db
    .selectFrom('client_secrets')
    .select('hash')
    .where('client_id', '=', row.id)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .execute()
  if (typeof secret !== 'string' || !kept.some(({ hash }) => hash === hashOf(secret)))
    throw new InvalidMetadata('invalid_client_metadata', 'client_secret is not that of this client')
}

/** Replaces what the client said of itself, and its token. undefined: as `findRegistered`. Throws InvalidMetadata. */
export const replaceRegistration = (
  store: Store,
  config: Config,
  registrant: Registrant,
  members: Record<string, unknown>,
  now: number,
): Promise<{ row: ClientRow; token: string } | undefined> =>
  store.transaction(async (trx) => {
    const row = await findRegistered(trx, registrant)
    if (!row) return undefined
    await requireItself(trx, row, members, now)
    const { name, settings } = readMetadata(config, members, boundsOf(row))
    if (row.organization_id !== null && !isNarrower(config, settingsOf(row), settings))
      throw new InvalidMetadata('invalid_client_metadata', 'scope goes beyond what was registered')
    const token = makeSecret('ra_')
    const changed = { ...row, name, ...columnsOf(settings), registration_hash: hashOf(token) }
    await trx
      .updateTable('clients')
      .set({ name, ...columnsOf(settings), registration_hash: changed.registration_hash })
      .where('id', '=', row.id)
      .execute()
    await forgetConsents(trx, row.id, { before: settingsOf(row).redirectUris, after: settings.redirectUris })
    await recordChange(trx, actorOf(registrant), now, {
      action: 'client.updated',
      targetKind: 'client',
      targetId: row.id,
      organizationId: row.organization_id,
      detail: auditedFacts(await toClient(store, trx, changed)),
    })
    return { row: changed, token }
  })

/** Ends the client with its tokens. Answers whether there was one. */
export const withdrawRegistration = (store: Store, registrant: Registrant, now: number): Promise<boolean> =>
  store.transaction(async (trx) => {
    const row = await findRegistered(trx, registrant)
    if (!row) return false
    await trx.deleteFrom('clients').where('id', '=', row.id).execute()
    await recordChange(trx, actorOf(registrant), now, {
      action: 'client.deleted',
      targetKind: 'client',
      targetId: row.id,
      organizationId: row.organization_id,
      detail: { name: row.name },
    })
    return true
  })
