// An invitation as answers tell it, and whether it still stands: by the present right of whoever made it, as everything that people hand on.
import type { Kysely } from 'kysely'
import { Refusal } from '../../errors.ts'
import { formatTime } from '../../rfc3339.ts'
import type { Role, Schema } from '../../store/schema.ts'
import { type Actor, hasRole, requireOperator, requireRole } from '../actor.ts'

export const invitationLifetimeMs = 7 * 24 * 60 * 60_000

export interface Invitation {
  id: string
  /** null: to this deployment, without an organization. */
  organization_id: string | null
  email: string
  role: Role | null
  /** `void`: whoever made it may not invite any more. */
  status: 'pending' | 'expired' | 'void'
  /** The user; null: no person, or one who is gone. */
  invited_by: string | null
  invited_by_name: string | null
  /** RFC 3339, as all times here. */
  created_at: string
  sent_at: string
  expires_at: string
}

/** Those that were neither accepted nor withdrawn, with what tells whether they stand. */
export const selectInvitations = (db: Kysely<Schema>) =>
  db
    .selectFrom('invitations as i')
    .leftJoin('users as u', (join) => join.onRef('u.id', '=', 'i.inviter_id').on('i.inviter_kind', '=', 'user'))
    .leftJoin('members as m', (join) =>
      join.onRef('m.user_id', '=', 'u.id').onRef('m.organization_id', '=', 'i.organization_id'),
    )
    .select([
      'i.id',
      'i.organization_id',
      'i.email',
      'i.role',
      'i.inviter_kind',
      'i.created_at',
      'i.sent_at',
      'i.expires_at',
      'u.id as inviter',
      'u.name as inviter_name',
      'u.email as inviter_email',
      'u.operator as inviter_operator',
      'u.suspended_at as inviter_suspended_at',
      'm.role as inviter_role',
    ])
    .where('i.accepted_at', 'is', null)
    .where('i.withdrawn_at', 'is', null)

export type InvitationRow = Awaited<ReturnType<ReturnType<typeof selectInvitations>['executeTakeFirstOrThrow']>>

/** What one must be to give the role away. */
export const rankFor = (role: Role): 'owner' | 'admin' => (role === 'owner' ? 'owner' : 'admin')

/** Keys and clients, and the local command line, have no present role: what they made stands by itself. */
const inviterMay = (row: InvitationRow): boolean => {
  if (row.inviter_kind !== 'user') return true
  if (row.inviter === null || row.inviter_suspended_at !== null) return false
  if (row.inviter_operator === 1) return true
  return row.role !== null && hasRole(row.inviter_role ?? undefined, rankFor(row.role))
}

export const statusOf = (row: InvitationRow, now: number): Invitation['status'] =>
  inviterMay(row) ? (row.expires_at > now ? 'pending' : 'expired') : 'void'

export const toInvitation = (row: InvitationRow, now: number): Invitation => ({
  id: row.id,
  organization_id: row.organization_id,
  email: row.email,
  role: row.role,
  status: statusOf(row, now),
  invited_by: row.inviter,
  invited_by_name: row.inviter_name,
  created_at: formatTime(row.created_at),
  sent_at: formatTime(row.sent_at),
  expires_at: formatTime(row.expires_at),
})

/** Throws as `requireRole` does; `organizationId` null: operators only. */
export const requireInviter = (
  actor: Actor,
  organizationId: string | null,
  needed: 'admin' | 'owner' | 'viewer' = 'admin',
): void => {
  if (organizationId === null) requireOperator(actor, 'invite people without an organization')
  else requireRole(actor, organizationId, needed, 'members')
}

/** For callers whose right has been checked. Throws `not_found`. */
export const findInvitation = async (
  db: Kysely<Schema>,
  organizationId: string | null,
  id: string,
): Promise<InvitationRow> => {
  const row = await selectInvitations(db)
    .where('i.id', '=', id)
    .where('i.organization_id', organizationId === null ? 'is' : '=', organizationId)
    .executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no invitation with this id that could still be accepted.')
  return row
}
