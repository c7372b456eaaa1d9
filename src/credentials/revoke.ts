// Revokes an API key or a personal access token: once this has been answered, no request with it passes any more. The row stays.
import type { Kysely } from 'kysely'
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Schema, StoredKind } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { requireReachOf } from './create-token.ts'
import { type ApiKeyPath, type TokenPath, chosenOrganizations, findOwnApiKey, findToken, tenantOf } from './find.ts'
import { type ApiKeyJson, tellApiKey } from './tell-api-keys.ts'
import { type TokenJson, toToken } from './token.ts'
import type { CredentialRow } from './wire.ts'

/** Sets the time of revocation; of one that is revoked already it stays the first. */
const end = async (trx: Kysely<Schema>, actor: Actor, row: CredentialRow, now: number): Promise<CredentialRow> => {
  if (row.revoked_at !== null) return row
  await trx
    .updateTable('credentials')
    .set({ revoked_at: now })
    .where(...tenantOf(row))
    .where('kind', '=', row.kind)
    .where('id', '=', row.id)
    .execute()
  await recordChange(trx, actor, now, {
    action: `${row.kind}.revoked`,
    targetKind: row.kind,
    targetId: row.id,
    organizationId: row.organization_id,
    detail: { name: row.name },
  })
  return { ...row, revoked_at: now }
}

/** Revokes a key: admins any, members their own. Throws as `findOwnApiKey`. */
export const revokeApiKey = async (store: Store, actor: Actor, path: ApiKeyPath, now: number): Promise<ApiKeyJson> => {
  const row = await store.transaction(async (trx) => end(trx, actor, await findOwnApiKey(trx, actor, path), now))
  return tellApiKey(store, row, now)
}

/** Revokes the key or token of this hash for whoever presents it; undefined where there is none, or it has been revoked before. `actorOf`: from its id. */
export const revokePresented = (
  store: Store,
  actorOf: (id: string) => Actor,
  kind: StoredKind,
  hash: string,
  now: number,
): Promise<{ kind: string; id: string } | undefined> =>
  store.transaction(async (trx) => {
    const row = await trx
      .selectFrom('credentials')
      .selectAll()
      .where('hash', '=', hash)
      .where('kind', '=', kind)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (!row) return undefined
    await end(trx, actorOf(row.id), row, now)
    return { kind, id: row.id }
  })

/** Revokes a personal access token of the actor; operators any. Throws as `findToken`, and `forbidden` through a token that reaches less. */
export const revokeToken = async (store: Store, actor: Actor, path: TokenPath, now: number): Promise<TokenJson> => {
  const row = await store.transaction(async (trx) => {
    const found = await findToken(trx, actor, 'personal_access_token', path)
    requireReachOf(actor, found, (await chosenOrganizations(trx, [found]))(found.id))
    return end(trx, actor, found, now)
  })
  return toToken(store, store.db, row, now)
}
