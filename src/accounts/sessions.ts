// People signed in in a browser (OWASP ASVS 5.0 §7): the cookie holds 256 random bits, the store only their SHA-256.
// A session lives for 30 days at most, and never longer than its person's access: suspended or deleted people have none.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../audit/record.ts'
import { hashOf, makeSecret } from '../credentials/format.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type Actor, actorWith } from './actor.ts'

export const sessionLifetimeMs = 30 * 24 * 60 * 60_000

/** As `makeSecret` makes them; whatever else a cookie holds is not looked up. */
const form = /^se_[\w-]{43}$/
const maxUserAgentLength = 300

export interface Session {
  id: string
  userId: string
  email: string
  name: string
  operator: boolean
  /** Unix milliseconds: when the password was last proven (`auth_time`). */
  authenticatedAt: number
  /** Unix milliseconds. */
  expiresAt: number
}

export interface StartedSession {
  /** What the cookie holds; it is nowhere kept. */
  value: string
  session: Session
}

/** Where a session comes from or is ended from. */
export interface SessionOrigin {
  ip: string | undefined
  userAgent?: string | undefined
  requestId?: string | undefined
}

/**
 * The person at the browser, with their present rights: as a personal access token that reaches whatever its owner joins.
 * `organizationId`: the one that is asked about, where the path says; no other role is then read, for some people have thousands.
 */
export const managingActor = async (
  { db }: Pick<Store, 'db'>,
  { id, userId, operator, authenticatedAt }: Session,
  { ip, requestId }: Pick<SessionOrigin, 'ip' | 'requestId'>,
  organizationId?: string,
): Promise<Actor> => {
  let query = db
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['m.organization_id', 'm.role'])
    .where('m.user_id', '=', userId)
    .where('o.suspended_at', 'is', null)
  if (organizationId !== undefined) query = query.where('m.organization_id', '=', organizationId)
  const memberships = await query.execute()
  const roles = new Map(memberships.map(({ organization_id, role }) => [organization_id, role]))
  return actorWith({ kind: 'session', id, userId, everywhere: true, operator, roles, authenticatedAt, ip, requestId })
}

/** The person at the browser, with nothing but their own account: no roles are read. */
export const sessionActor = (
  { id, userId }: Pick<Session, 'id' | 'userId'>,
  { ip, requestId }: Pick<SessionOrigin, 'ip' | 'requestId'>,
): Actor => actorWith({ kind: 'session', id, userId, everywhere: true, ip, requestId })

const columns = [
  's.id',
  's.user_id as userId',
  'u.email',
  'u.name',
  'u.operator',
  's.authenticated_at as authenticatedAt',
  's.expires_at as expiresAt',
] as const

const active = (db: Kysely<Schema>) =>
  db
    .selectFrom('sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .select(columns)
    .where('u.suspended_at', 'is', null)

const toSession = (row: Omit<Session, 'operator'> & { operator: number }): Session => ({
  ...row,
  operator: row.operator === 1,
})

/** Starts a session within the transaction of the sign-in. Throws `forbidden` for a person who is suspended or gone. */
export const addSession = async (
  trx: Transaction<Schema>,
  userId: string,
  origin: SessionOrigin,
  now: number,
): Promise<StartedSession> => {
  const value = makeSecret('se_')
  const id = randomUUIDv7()
  const user = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('suspended_at', 'is', null)
    .executeTakeFirst()
  if (!user) throw new Refusal('forbidden', 'This person cannot sign in.')
  await trx
    .insertInto('sessions')
    .values({
      id,
      hash: hashOf(value),
      user_id: userId,
      created_at: now,
      authenticated_at: now,
      expires_at: now + sessionLifetimeMs,
      ip: origin.ip ?? null,
      user_agent: origin.userAgent?.slice(0, maxUserAgentLength) ?? null,
    })
    .execute()
  await recordChange(trx, sessionActor({ id, userId }, origin), now, {
    action: 'session.started',
    targetKind: 'session',
    targetId: id,
    detail: { user_id: userId },
  })
  return { value, session: toSession(await active(trx).where('s.id', '=', id).executeTakeFirstOrThrow()) }
}

/** As `addSession`, in a transaction of its own. */
export const startSession = (
  store: Store,
  userId: string,
  origin: SessionOrigin,
  now: number,
): Promise<StartedSession> => store.transaction((trx) => addSession(trx, userId, origin, now))

/** The session of a cookie's value, as of now; undefined: there is none, it is over, or its person is suspended or gone. */
export const findSession = async (store: Store, value: string, now: number): Promise<Session | undefined> => {
  if (!form.test(value)) return undefined
  const row = await active(store.db)
    .where('s.hash', '=', hashOf(value))
    .where('s.expires_at', '>', now)
    .executeTakeFirst()
  return row && toSession(row)
}

const remove = async (
  trx: Transaction<Schema>,
  actor: Actor,
  column: 'id' | 'user_id',
  value: string,
  now: number,
): Promise<void> => {
  const ended = await trx.deleteFrom('sessions').where(column, '=', value).returning(['id', 'user_id']).execute()
  for (const { id, user_id } of ended)
    await recordChange(trx, actor, now, {
      action: 'session.ended',
      targetKind: 'session',
      targetId: id,
      detail: { user_id },
    })
}

/** Ends every session of a person, within the transaction that is the reason. */
export const endSessionsOf = (trx: Transaction<Schema>, actor: Actor, userId: string, now: number): Promise<void> =>
  remove(trx, actor, 'user_id', userId, now)

/** Ends a session within a transaction, by the person whose it is. */
export const removeSession = (
  trx: Transaction<Schema>,
  session: Pick<Session, 'id' | 'userId'>,
  origin: SessionOrigin,
  now: number,
): Promise<void> => remove(trx, sessionActor(session, origin), 'id', session.id, now)

/** Ends a session, by the person whose it is. One that has ended stays so. */
export const endSession = (
  store: Store,
  id: string,
  origin: SessionOrigin = { ip: undefined },
  now: number = Date.now(),
): Promise<void> =>
  store.transaction(async (trx) => {
    const found = await trx.selectFrom('sessions').select('user_id as userId').where('id', '=', id).executeTakeFirst()
    if (found) await removeSession(trx, { id, ...found }, origin, now)
  })
