// Accepts an invitation: by the invited address alone, whoever else has the link. Once, and at once with what it gives.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Role, Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, actorWith } from '../actor.ts'
import { cleanName } from '../name.ts'
import { hashPassword } from '../password.ts'
import { type Session, type SessionOrigin, sessionActor } from '../sessions.ts'
import { addUser } from '../users/create.ts'
import { verifyAddress } from '../users/verify-address.ts'
import { selectInvitations, statusOf } from './invitation.ts'
import { readInvitationToken } from './token.ts'

/** One that can be accepted. */
export interface OpenInvitation {
  id: string
  email: string
  organizationId: string | null
  organizationName: string | null
  role: Role | null
  inviterName: string | null
  /** Unix milliseconds. */
  expiresAt: number
  /** By a link that was mailed. */
  proven: boolean
}

/** The invitation of a link, while it stands: neither accepted, withdrawn nor expired, the inviter may still invite, the organization is not suspended. */
export const openInvitation = async (
  db: Kysely<Schema>,
  box: SecretBox,
  link: string,
  now: number,
): Promise<OpenInvitation | undefined> => {
  const token = readInvitationToken(box, link)
  if (!token) return undefined
  const row = await selectInvitations(db)
    .leftJoin('organizations as o', 'o.id', 'i.organization_id')
    .select(['o.name as organization_name', 'o.suspended_at as organization_suspended_at'])
    .where('i.hash', '=', token.hash)
    .executeTakeFirst()
  if (!row || row.organization_suspended_at !== null || statusOf(row, now) !== 'pending') return undefined
  return {
    id: row.id,
    email: row.email,
    organizationId: row.organization_id,
    organizationName: row.organization_name,
    role: row.role,
    inviterName: row.inviter_name,
    expiresAt: row.expires_at,
    proven: token.proven,
  }
}

/** Makes the person a member, unless they are one: a role that they have stays. */
const join = async (
  trx: Transaction<Schema>,
  actor: Actor,
  { id, organizationId, role, email, proven }: OpenInvitation,
  userId: string,
  now: number,
): Promise<void> => {
  await trx.updateTable('invitations').set({ accepted_at: now }).where('id', '=', id).execute()
  if (proven) await verifyAddress(trx, actor, { id: userId, email }, now)
  await recordChange(trx, actor, now, {
    action: 'invitation.accepted',
    targetKind: 'invitation',
    targetId: id,
    organizationId,
    detail: { user_id: userId },
  })
  if (organizationId === null || role === null) return
  const { numInsertedOrUpdatedRows = 0n } = await trx
    .insertInto('members')
    .values({ organization_id: organizationId, user_id: userId, role, created_at: now })
    .onConflict((conflict) => conflict.columns(['organization_id', 'user_id']).doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows > 0n)
    await recordChange(trx, actor, now, {
      action: 'member.added',
      targetKind: 'user',
      targetId: userId,
      organizationId,
      detail: { role, invitation_id: id },
    })
}

/** By whoever is signed in. undefined: it does not stand any more. Throws `forbidden` for another address than the invited one. */
export const acceptInvitation = (
  store: Store,
  box: SecretBox,
  link: string,
  session: Session,
  origin: SessionOrigin,
  now: number,
): Promise<OpenInvitation | undefined> =>
  store.transaction(async (trx) => {
    const invitation = await openInvitation(trx, box, link, now)
    if (!invitation) return undefined
    const user = await trx.selectFrom('users').select('email').where('id', '=', session.userId).executeTakeFirst()
    if (user?.email !== invitation.email) throw new Refusal('forbidden', 'This invitation is for another address.')
    await join(trx, sessionActor(session, origin), invitation, session.userId, now)
    return invitation
  })

export interface NewPerson {
  name: string
  password: string
}

/** Makes an account of the invited address. undefined: it does not stand any more. Throws `invalid_request`, or `conflict` where there is one. */
export const acceptAsNew = async (
  store: Store,
  box: SecretBox,
  link: string,
  { name: given, password }: NewPerson,
  { ip, requestId }: SessionOrigin,
  now: number,
): Promise<(OpenInvitation & { userId: string }) | undefined> => {
  const name = cleanName(given)
  const found = await openInvitation(store.db, box, link, now)
  if (!found) return undefined
  const passwordHash = await hashPassword(password, found.email, name)
  const userId = randomUUIDv7()
  return store.transaction(async (trx) => {
    const invitation = await openInvitation(trx, box, link, now)
    if (!invitation) return undefined
    const actor = actorWith({ kind: 'invitation', id: invitation.id, userId, ip, requestId })
    await addUser(trx, actor, { id: userId, email: invitation.email, name, operator: false, passwordHash }, now)
    await join(trx, actor, invitation, userId, now)
    return { ...invitation, userId }
  })
}

/** Those that stand for an address that is proven otherwise, as by an upstream: all are accepted. */
export const acceptAllOf = async (
  trx: Transaction<Schema>,
  actor: Actor,
  { id: userId, email }: { id: string; email: string },
  now: number,
): Promise<void> => {
  for (const invitation of await standingFor(trx, email, now)) await join(trx, actor, invitation, userId, now)
}

/** Invitations of an address that can be accepted. */
export const standingFor = async (db: Kysely<Schema>, email: string, now: number): Promise<OpenInvitation[]> => {
  const rows = await selectInvitations(db)
    .leftJoin('organizations as o', 'o.id', 'i.organization_id')
    .select('o.name as organization_name')
    .where('i.email', '=', email)
    .where('o.suspended_at', 'is', null)
    .execute()
  return rows
    .filter((row) => statusOf(row, now) === 'pending')
    .map((row) => ({
      id: row.id,
      email: row.email,
      organizationId: row.organization_id,
      organizationName: row.organization_name,
      role: row.role,
      inviterName: row.inviter_name,
      expiresAt: row.expires_at,
      proven: true,
    }))
}
