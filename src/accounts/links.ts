// One-time links: the set-up link makes the first operator, a user link sets a password. Only their hashes are kept.
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../audit/record.ts'
import { hashOf, makeSecret } from '../credentials/format.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type Actor, actorWith, requireOperator, requireRecent } from './actor.ts'
import { findUser } from './users/user.ts'

const lifetimeMs = 24 * 60 * 60_000
const maxTokenLength = 100

export interface Link {
  token: string
  /** Unix milliseconds. */
  expiresAt: number
}

export interface FoundLink {
  hash: string
  kind: 'setup' | 'user'
  /** Of a user link. */
  userId: string | null
}

/** What is sent or printed: the one secret that may stand in a URL, good once and for 24 hours. */
export const linkUrl = (issuer: string, token: string): string => `${issuer}/setup?token=${token}`

const hasOperator = async (db: Kysely<Schema>): Promise<boolean> =>
  (await db.selectFrom('users').select('id').where('operator', '=', 1).executeTakeFirst()) !== undefined

const insertLink = async (
  trx: Transaction<Schema>,
  kind: FoundLink['kind'],
  userId: string | null,
  now: number,
): Promise<Link> => {
  const token = makeSecret('su_')
  const expiresAt = now + lifetimeMs
  await trx
    .insertInto('links')
    .values({ hash: hashOf(token), kind, user_id: userId, created_at: now, expires_at: expiresAt, used_at: null })
    .execute()
  return { token, expiresAt }
}

/** What a start of the server does by itself. */
const server = actorWith({ kind: 'local', id: 'server', operator: true })

/** The URL of a link that makes the first operator; undefined once there is one. */
export const setupLink = (store: Store, issuer: string, now: number): Promise<string | undefined> =>
  store.transaction(async (trx) => {
    if (await hasOperator(trx)) return undefined
    const { token } = await insertLink(trx, 'setup', null, now)
    await recordChange(trx, server, now, { action: 'setup_link.created', targetKind: 'setup_link', targetId: 'setup' })
    return linkUrl(issuer, token)
  })

/** A link by which the user sets a password; it ends the links made for the user before. Throws `forbidden` or `not_found`. */
export const createUserLink = (store: Store, actor: Actor, userId: string, now: number): Promise<Link> => {
  requireOperator(actor, 'make links for users')
  requireRecent(actor, now)
  return store.transaction(async (trx) => {
    await findUser(trx, userId)
    await trx.deleteFrom('links').where('user_id', '=', userId).execute()
    await recordChange(trx, actor, now, { action: 'user.link_created', targetKind: 'user', targetId: userId })
    return insertLink(trx, 'user', userId, now)
  })
}

/** The link of the token while it is good: known, neither used nor expired, and, of a set-up link, no operator made yet. */
export const findLink = async (db: Kysely<Schema>, token: string, now: number): Promise<FoundLink | undefined> => {
  if (token.length > maxTokenLength) return undefined
  const row = await db
    .selectFrom('links')
    .select(['hash', 'kind', 'user_id'])
    .where('hash', '=', hashOf(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (!row || (row.kind === 'setup' && (await hasOperator(db)))) return undefined
  return { hash: row.hash, kind: row.kind, userId: row.user_id }
}

/** Marks the link as used, within the transaction of what it allows. undefined: it is not a good one of this kind, or somebody was first. */
export const consumeLink = async (
  trx: Transaction<Schema>,
  kind: FoundLink['kind'],
  token: string,
  now: number,
): Promise<FoundLink | undefined> => {
  const link = await findLink(trx, token, now)
  if (link?.kind !== kind) return undefined
  const marked = await trx
    .updateTable('links')
    .set({ used_at: now })
    .where('hash', '=', link.hash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return marked.numUpdatedRows === 1n ? link : undefined
}
