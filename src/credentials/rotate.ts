// Rotation: a new value with everything else as it was; the old one works on for an overlap. Both share one limit by their lineage.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Actor, requireRecent } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { requireActiveOrganization } from './create-api-key.ts'
import { requireReachOf } from './create-token.ts'
import { requireNotOutlived } from './expiry.ts'
import { type ApiKeyPath, type TokenPath, chosenOrganizations, findOwnApiKey, findToken, tenantOf } from './find.ts'
import { hashOf, hintOf, makeApiKey, makePersonalAccessToken } from './format.ts'
import { networksOfColumn } from './networks.ts'
import { splitScopes } from './scopes.ts'
import { type ApiKeyJson, tellApiKey } from './tell-api-keys.ts'
import { type TokenJson, toToken } from './token.ts'
import { type CredentialRow, listOf } from './wire.ts'
import { isItself, requireWithin } from './within.ts'

export const defaultOverlapSeconds = 86_400
export const maxOverlapSeconds = 90 * 86_400

interface Overlap {
  /** How long the old value works on; 0: it is revoked now. Default one day. */
  overlap_seconds?: number | undefined
}

/** Puts a new row with `value` in the place of `old`. Throws `conflict` for one that is revoked, expired, or rotated already. */
const replace = async (
  trx: Kysely<Schema>,
  actor: Actor,
  old: CredentialRow,
  value: string,
  { overlap_seconds = defaultOverlapSeconds }: Overlap,
  now: number,
): Promise<CredentialRow> => {
  if (old.revoked_at !== null)
    throw new Refusal('conflict', 'This credential has been revoked and cannot be rotated: make a new one.')
  if (old.expires_at !== null && old.expires_at <= now)
    throw new Refusal('conflict', 'This credential has expired and cannot be rotated: make a new one.')
  const siblings = trx
    .selectFrom('credentials')
    .select('id')
    .where(...tenantOf(old))
    .where('kind', '=', old.kind)
  const successor = await siblings.where('replaces', '=', old.id).executeTakeFirst()
  if (successor)
    throw new Refusal('conflict', `This credential has been rotated already: rotate its successor ${successor.id}.`)
  const row: CredentialRow = {
    ...old,
    id: randomUUIDv7(),
    hash: hashOf(value),
    hint: hintOf(value),
    replaces: old.id,
    created_at: now,
  }
  await trx.insertInto('credentials').values(row).execute()
  const end = now + overlap_seconds * 1000
  const ended = overlap_seconds === 0 ? { revoked_at: now } : { expires_at: Math.min(end, old.expires_at ?? end) }
  await trx
    .updateTable('credentials')
    .set(ended)
    .where(...tenantOf(old))
    .where('kind', '=', old.kind)
    .where('id', '=', old.id)
    .execute()
  await recordChange(trx, actor, now, {
    action: `${old.kind}.rotated`,
    targetKind: old.kind,
    targetId: old.id,
    organizationId: old.organization_id,
    detail: { name: old.name, replaced_by: row.id, overlap_seconds },
  })
  return row
}

/**
 * Rotates an API key: its name, environment, scopes, APIs, networks, end and limit stay. Its powers must lie within the actor's (within.ts), unless it is the actor itself.
 * Throws as `findOwnApiKey`, `forbidden`, and `conflict`, for a suspended organization too.
 */
export const rotateApiKey = async (
  store: Store,
  config: Config,
  actor: Actor,
  input: ApiKeyPath & Overlap,
  now: number,
): Promise<ApiKeyJson & { key: string }> => {
  const { row, key } = await store.transaction(async (trx) => {
    const old = await findOwnApiKey(trx, actor, input)
    requireRecent(actor, now)
    const organizationId = old.organization_id as string
    await requireActiveOrganization(trx, actor, organizationId)
    if (!isItself(actor, old)) {
      const scopes = old.scopes === null ? null : splitScopes(old.scopes)
      requireWithin(config, actor, {
        organizationId,
        environment: old.environment,
        apis: listOf(old.apis),
        scopes,
        expiresAt: old.expires_at,
        networks: networksOfColumn(old.networks),
      })
    }
    const marked = old.hint.includes(`_${old.environment}_`)
    const key = makeApiKey(config.keyPrefixes[0] as string, marked ? old.environment : undefined)
    return { row: await replace(trx, actor, old, key, input, now), key }
  })
  return { ...(await tellApiKey(store, row, now)), key }
}

/**
 * Rotates a personal access token: its name, organizations, end and limit stay. Throws as `findToken`, `forbidden` where it reaches further
 * or lives longer than the actor's own token, `reauthentication_required`, and `conflict`.
 */
export const rotateToken = async (
  store: Store,
  actor: Actor,
  input: TokenPath & Overlap,
  now: number,
): Promise<TokenJson & { token: string }> => {
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    const old = await findToken(trx, actor, 'personal_access_token', input)
    const organizationIds = (await chosenOrganizations(trx, [old]))(old.id)
    if (!isItself(actor, old)) requireNotOutlived(actor, old.expires_at)
    requireReachOf(actor, old, organizationIds)
    const token = makePersonalAccessToken()
    const row = await replace(trx, actor, old, token, input, now)
    if (organizationIds.length > 0)
      await trx
        .insertInto('credential_organizations')
        .values(organizationIds.map((organization_id) => ({ credential_id: row.id, organization_id })))
        .execute()
    return { ...(await toToken(store, trx, row, now)), token }
  })
}
