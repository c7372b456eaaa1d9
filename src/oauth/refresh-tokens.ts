// RFC 6749 §6, RFC 9700 §4.14.2: refresh tokens are used once. A second use ends the grant, but for a short while in which the
// same client gets the same successor again: two tabs, or an answer that was lost. The successor is an HMAC of its predecessor,
// so that it can be told again without having been kept.
import type { Transaction } from 'kysely'
import { hashOf, makeSecret } from '../credentials/format.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Schema } from '../store/schema.ts'
import type { ClientRecord } from '../store/store.ts'
import type { Binding } from './grant.ts'
import type { PersonGrant } from './person-grant.ts'
import { mayRefresh, revokeGrant } from './person-grant.ts'

/** How long a used refresh token is answered as before, milliseconds. */
const replayWindowMs = 10_000

const successorOf = (box: SecretBox, token: string): string =>
  `rt_${Buffer.from(box.hmac(`refresh token after ${token}`), 'hex').toString('base64url')}`

const insert = async (
  trx: Transaction<Schema>,
  token: string,
  grant: Pick<PersonGrant, 'id' | 'expires_at'>,
  idleMs: number,
  now: number,
): Promise<string> => {
  await trx
    .insertInto('refresh_tokens')
    .values({
      hash: hashOf(token),
      grant_id: grant.id,
      created_at: now,
      expires_at: Math.min(now + idleMs, grant.expires_at),
      rotated_at: null,
      rotated_jkt: null,
    })
    .execute()
  return token
}

/** A public client has nothing else that its refresh tokens could be bound to: from the first proof on they are good with that key alone (RFC 9449 §5). */
export const bindToKey = async (
  trx: Transaction<Schema>,
  client: Pick<ClientRecord, 'public'>,
  grant: Pick<PersonGrant, 'id'>,
  { thumbprint }: Binding,
): Promise<void> => {
  if (!client.public || thumbprint === undefined) return
  await trx.updateTable('grants').set({ jkt: thumbprint }).where('id', '=', grant.id).where('jkt', 'is', null).execute()
}

/** The grant's first one; undefined: the client may not have one. `idleMs`: how long each may lie unused. */
export const beginRefreshing = async (
  trx: Transaction<Schema>,
  client: ClientRecord,
  grant: Pick<PersonGrant, 'id' | 'expires_at'>,
  binding: Binding,
  idleMs: number,
  now: number,
): Promise<string | undefined> => {
  if (!mayRefresh(client)) return undefined
  await bindToKey(trx, client, grant, binding)
  return insert(trx, makeSecret('rt_'), grant, idleMs, now)
}

/**
 * The successor of `token`, which is used up by it. undefined: it was used before, so that either of two users has stolen it
 * and the grant has been revoked. The transaction must be committed all the same.
 */
export const rotateRefreshToken = async (
  trx: Transaction<Schema>,
  box: SecretBox,
  token: string,
  grant: PersonGrant,
  thumbprint: string | undefined,
  idleMs: number,
  now: number,
): Promise<string | undefined> => {
  const successor = successorOf(box, token)
  const { numUpdatedRows } = await trx
    .updateTable('refresh_tokens')
    .set({ rotated_at: now, rotated_jkt: thumbprint ?? null })
    .where('hash', '=', hashOf(token))
    .where('rotated_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 1n) return insert(trx, successor, grant, idleMs, now)
  const rows = await trx
    .selectFrom('refresh_tokens')
    .select(['hash', 'rotated_at', 'rotated_jkt'])
    .where('hash', 'in', [hashOf(token), hashOf(successor)])
    .execute()
  const used = rows.find(({ hash }) => hash === hashOf(token))
  const next = rows.find(({ hash }) => hash === hashOf(successor))
  const again =
    used?.rotated_at != null &&
    now - used.rotated_at <= replayWindowMs &&
    used.rotated_jkt === (thumbprint ?? null) &&
    next?.rotated_at === null
  if (again) return successor
  await revokeGrant(trx, grant, 'a refresh token was used twice', now)
  return undefined
}
