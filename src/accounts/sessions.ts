// People signed in in a browser (OWASP ASVS 5.0 §7): the cookie holds 256 random bits, the store only their SHA-256.
// It ends when it is not used for a while (§7.3.1), after some weeks in any case (§7.3.2), and never later than its person's access:
// suspended or deleted people have none.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../audit/record.ts'
import { hashOf, makeSecret } from '../credentials/format.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type Actor, actorWith } from './actor.ts'

/** How long sessions live, milliseconds: without use, and in all. */
export interface SessionLife {
  idleMs: number
  absoluteMs: number
}

const day = 24 * 60 * 60_000
const usualLife: SessionLife = { idleMs: 14 * day, absoluteMs: 30 * day }

/** As `makeSecret` makes them; whatever else a cookie holds is not looked up. */
const form = /^se_[\w-]{43}$/
const maxUserAgentLength = 300

export interface Session {
  id: string
  userId: string
  email: string
  name: string
  operator: boolean
  /** Unix milliseconds: when the person last proved who they are (`auth_time`). */
  authenticatedAt: number
  /** By what they did: authentication method references (RFC 8176). */
  methods: readonly string[]
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

/** Of one person at once; with one more, the first of them ends (OWASP ASVS 5.0 §7.1.2). */
export const maxSessions = 100

/** Whose roles a request is about: no others are read, for some people have thousands. */
export type RolesIn = 'all' | 'none' | { organizationId: string }

/**
 * The person at the browser, with their present rights: as a personal access token that reaches whatever its owner joins.
 */
export const managingActor = async (
  { db }: Pick<Store, 'db'>,
  { id, userId, operator, authenticatedAt }: Session,
  { ip, requestId }: Pick<SessionOrigin, 'ip' | 'requestId'>,
  rolesIn: RolesIn = 'all',
): Promise<Actor> => {
  const person = { kind: 'session', id, userId, everywhere: true, operator, authenticatedAt, ip, requestId }
  if (rolesIn === 'none') return actorWith(person)
  let query = db
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['m.organization_id', 'm.role'])
    .where('m.user_id', '=', userId)
    .where('o.suspended_at', 'is', null)
  if (rolesIn !== 'all') query = query.where('m.organization_id', '=', rolesIn.organizationId)
  const memberships = await query.execute()
  const roles = new Map(memberships.map(({ organization_id, role }) => [organization_id, role]))
  return actorWith({ ...person, roles })
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
  's.methods',
  's.created_at as createdAt',
  's.expires_at as expiresAt',
  's.idle_ms as idleMs',
] as const

const active = (db: Kysely<Schema>) =>
  db
    .selectFrom('sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .select(columns)
    .where('u.suspended_at', 'is', null)

interface SessionRow extends Omit<Session, 'operator' | 'methods'> {
  operator: number
  methods: string
  createdAt: number
  idleMs: number
}

const toSession = (row: SessionRow): Session => ({
  id: row.id,
  userId: row.userId,
  email: row.email,
  name: row.name,
  operator: row.operator === 1,
  authenticatedAt: row.authenticatedAt,
  methods: row.methods.split(' '),
  expiresAt: row.expiresAt,
})

/** How the person was known, and how long the session may live. */
export interface SessionTerms {
  methods: readonly string[]
  life: SessionLife
  /** When that was, Unix milliseconds. */
  authenticatedAt: number
}

/** Starts a session within the transaction of the sign-in (sign-in.ts, and nowhere else). Throws `forbidden` for a person who is suspended or gone. */
export const addSession = async (
  trx: Transaction<Schema>,
  userId: string,
  { methods, life, authenticatedAt }: SessionTerms,
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
  const actor = sessionActor({ id, userId }, origin)
  const surplus = await trx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .offset(maxSessions - 1)
    .limit(maxSessions)
    .execute()
  if (surplus.length > 0) await remove(trx, actor, userId, { only: surplus.map((session) => session.id) }, now)
  await trx
    .insertInto('sessions')
    .values({
      id,
      hash: hashOf(value),
      user_id: userId,
      created_at: now,
      authenticated_at: authenticatedAt,
      expires_at: now + life.absoluteMs,
      idle_ms: life.idleMs,
      methods: methods.join(' '),
      ip: origin.ip ?? null,
      user_agent: origin.userAgent?.slice(0, maxUserAgentLength) ?? null,
    })
    .execute()
  await recordChange(trx, actor, now, {
    action: 'session.started',
    targetKind: 'session',
    targetId: id,
    detail: { user_id: userId, methods },
  })
  return { value, session: toSession(await active(trx).where('s.id', '=', id).executeTakeFirstOrThrow()) }
}

/** As `addSession`, in a transaction of its own: of somebody known by a password. */
export const startSession = (
  store: Store,
  userId: string,
  origin: SessionOrigin,
  now: number,
): Promise<StartedSession> =>
  store.transaction((trx) =>
    addSession(trx, userId, { methods: ['pwd'], life: usualLife, authenticatedAt: now }, origin, now),
  )

/** Whether nobody has used it for too long. Uses are written in batches, so the last minute may be missing. */
const isIdle = async (
  { activity }: Pick<Store, 'activity'>,
  { id, createdAt, authenticatedAt, idleMs }: SessionRow,
  now: number,
): Promise<boolean> => {
  // elsewhere the person may have proven it long before
  if (now < Math.max(createdAt, authenticatedAt) + idleMs) return false
  const use = await activity
    .selectFrom('last_used')
    .select('last_used_at')
    .where('credential_id', '=', id)
    .executeTakeFirst()
  return now >= (use?.last_used_at ?? 0) + idleMs
}

/** The session of a cookie's value, as of now; undefined: there is none, it is over, or its person is suspended or gone. */
export const findSession = async (store: Store, value: string, now: number): Promise<Session | undefined> => {
  if (!form.test(value)) return undefined
  const row = await active(store.db)
    .where('s.hash', '=', hashOf(value))
    .where('s.expires_at', '>', now)
    .executeTakeFirst()
  return row && !(await isIdle(store, row, now)) ? toSession(row) : undefined
}

/** Ends the sessions that `which` picks of a person's; how many there were. */
const remove = async (
  trx: Transaction<Schema>,
  actor: Actor,
  userId: string,
  which: { only?: readonly string[]; but?: string },
  now: number,
): Promise<number> => {
  let query = trx.deleteFrom('sessions').where('user_id', '=', userId)
  if (which.only !== undefined) query = query.where('id', 'in', which.only)
  if (which.but !== undefined) query = query.where('id', '<>', which.but)
  const ended = await query.returning('id').execute()
  for (const { id } of ended)
    await recordChange(trx, actor, now, {
      action: 'session.ended',
      targetKind: 'session',
      targetId: id,
      detail: { user_id: userId },
    })
  return ended.length
}

/** Ends every session of a person, within the transaction that is the reason. */
export const endSessionsOf = (trx: Transaction<Schema>, actor: Actor, userId: string, now: number): Promise<number> =>
  remove(trx, actor, userId, {}, now)

/** Ends every session of a person but the one that acts; answers how many. */
export const endOtherSessions = (
  trx: Transaction<Schema>,
  actor: Actor,
  userId: string,
  now: number,
): Promise<number> => remove(trx, actor, userId, { but: actor.id }, now)

/** Ends a person's session; false: they have no such. */
export const endSessionOf = async (
  trx: Transaction<Schema>,
  actor: Actor,
  { id, userId }: Pick<Session, 'id' | 'userId'>,
  now: number,
): Promise<boolean> => (await remove(trx, actor, userId, { only: [id] }, now)) > 0

/** Ends a session within a transaction, by the person whose it is. */
export const removeSession = async (
  trx: Transaction<Schema>,
  session: Pick<Session, 'id' | 'userId'>,
  origin: SessionOrigin,
  now: number,
): Promise<void> => void (await endSessionOf(trx, sessionActor(session, origin), session, now))

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
