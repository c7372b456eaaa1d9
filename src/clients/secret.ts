// Client secrets: at most two, the newer replacing the older after an overlap. Only their hashes are kept.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Actor } from '../accounts/actor.ts'
import { hashOf, hintOf, makeSecret } from '../credentials/format.ts'
import type { Schema } from '../store/schema.ts'

/**
 * Gives the client a new secret and returns its value; the newest of those before it ends after `overlapMs` at the latest, older ones at once.
 * A secret ends no later than the credential of the actor who makes it.
 */
export const replaceSecret = async (
  trx: Kysely<Schema>,
  actor: Actor,
  clientId: string,
  overlapMs: number,
  now: number,
): Promise<string> => {
  const newest = await trx
    .selectFrom('client_secrets')
    .select(['id', 'expires_at'])
    .where('client_id', '=', clientId)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('id', 'desc')
    .executeTakeFirst()
  const kept = overlapMs > 0 ? newest : undefined
  await trx
    .deleteFrom('client_secrets')
    .where('client_id', '=', clientId)
    .where('id', '<>', kept?.id ?? '')
    .execute()
  if (kept) {
    await trx
      .updateTable('client_secrets')
      .set({ expires_at: Math.min(kept.expires_at ?? Infinity, now + overlapMs) })
      .where('id', '=', kept.id)
      .execute()
  }
  const secret = makeSecret('cs_')
  await trx
    .insertInto('client_secrets')
    .values({
      id: randomUUIDv7(),
      client_id: clientId,
      hash: hashOf(secret),
      hint: hintOf(secret),
      created_at: now,
      expires_at: actor.expiresAt ?? null,
    })
    .execute()
  return secret
}
