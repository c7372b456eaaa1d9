// Invites somebody by e-mail: once, and again with a new link.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Role, Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRecent } from '../actor.ts'
import { cleanEmail } from '../email.ts'
import { invitationLetter } from '../letters.ts'
import { findOrganization } from '../organizations/organization.ts'
import {
  type Invitation,
  type InvitationRow,
  findInvitation,
  invitationLifetimeMs,
  rankFor,
  requireInviter,
  selectInvitations,
  statusOf,
  toInvitation,
} from './invitation.ts'
import { invitationUrl, makeInvitationToken, provenUrl } from './token.ts'

/** Of one organization, and of those without one. */
const maxPending = 200
/** Of one inviter in a day: nobody lets Latchkey write to the world. */
const maxPerDay = 100
const dayMs = 24 * 60 * 60_000

export interface InvitationsDeps {
  store: Store
  config: Pick<Config, 'issuer'>
  box: SecretBox
  mailer: Mailer
}

/** With the link, which is told this once. */
export interface SentInvitation extends Invitation {
  url: string
  /** Whether the invited address is sent its own. */
  mailed: boolean
}

const inviterOf = ({ userId, kind, id }: Actor): { inviter_kind: string; inviter_id: string } =>
  userId === undefined ? { inviter_kind: kind, inviter_id: id } : { inviter_kind: 'user', inviter_id: userId }

const count = async (query: { executeTakeFirstOrThrow: () => Promise<{ count: number | string }> }): Promise<number> =>
  Number((await query.executeTakeFirstOrThrow()).count)

const requireNotYetThere = async (
  trx: Transaction<Schema>,
  organizationId: string | null,
  email: string,
): Promise<void> => {
  const user = await trx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  if (!user) return
  if (organizationId === null) throw new Refusal('conflict', 'There is a user with this e-mail address already.')
  const member = await trx
    .selectFrom('members')
    .select('role')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  if (member) throw new Refusal('conflict', `This person is a member already, as ${member.role}.`)
}

/** Makes room for a new one of the same address where the former cannot be accepted any more. Throws `conflict` where it can. */
const replaceFormer = async (
  trx: Transaction<Schema>,
  organizationId: string | null,
  email: string,
  now: number,
): Promise<void> => {
  const former = await selectInvitations(trx)
    .where('i.organization_id', organizationId === null ? 'is' : '=', organizationId)
    .where('i.email', '=', email)
    .execute()
  if (former.some((row) => statusOf(row, now) === 'pending'))
    throw new Refusal('conflict', 'This address has been invited already. Send that invitation again, or withdraw it.')
  for (const { id } of former)
    await trx.updateTable('invitations').set({ withdrawn_at: now }).where('id', '=', id).execute()
}

/** Throws `conflict` or `rate_limit_exceeded`. */
const requireRoom = async (
  trx: Transaction<Schema>,
  actor: Actor,
  organizationId: string | null,
  now: number,
): Promise<void> => {
  const counted = (db: Kysely<Schema>) =>
    db.selectFrom('invitations').select((eb) => eb.fn.countAll<number | string>().as('count'))
  const pending = counted(trx)
    .where('organization_id', organizationId === null ? 'is' : '=', organizationId)
    .where('accepted_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .where('expires_at', '>', now)
  if ((await count(pending)) >= maxPending)
    throw new Refusal('conflict', `There are ${maxPending} invitations that nobody has accepted yet. Withdraw some.`)
  const recent = counted(trx)
    .where('inviter_id', '=', inviterOf(actor).inviter_id)
    .where('created_at', '>', now - dayMs)
  if (!actor.operator && (await count(recent)) >= maxPerDay)
    throw new Refusal('rate_limit_exceeded', `You have invited ${maxPerDay} people within a day. Go on tomorrow.`)
}

/** Mails the link, and tells it. The transaction of `row` is over: a mail that is lost is sent again by hand. */
const deliver = async (
  { store, config, box, mailer }: InvitationsDeps,
  row: InvitationRow,
  token: string,
  now: number,
): Promise<SentInvitation> => {
  const organization =
    row.organization_id === null
      ? undefined
      : await store.db
          .selectFrom('organizations')
          .select('name')
          .where('id', '=', row.organization_id)
          .executeTakeFirst()
  const letter = invitationLetter({
    url: provenUrl(box, config.issuer, token),
    issuer: config.issuer,
    organization: organization?.name,
    role: row.role,
    inviter: row.inviter_name === null ? undefined : { name: row.inviter_name, email: row.inviter_email ?? '' },
    expiresAt: row.expires_at,
  })
  const mailed = await mailer.send({ to: row.email, ...letter, byStranger: true }, now)
  return { ...toInvitation(row, now), url: invitationUrl(config.issuer, token), mailed }
}

/**
 * Admins invite up to admins, owners also owners, operators also without an organization. Throws as `requireRole` does, `invalid_request`, `conflict`
 * for a member, a pending invitation or too many of them, `rate_limit_exceeded`.
 */
export const createInvitation = async (
  deps: InvitationsDeps,
  actor: Actor,
  { organizationId, email: given, role }: { organizationId: string | null; email: string; role: Role | null },
  now: number,
): Promise<SentInvitation> => {
  requireInviter(actor, organizationId, role === null ? 'admin' : rankFor(role))
  requireRecent(actor, now)
  const email = cleanEmail(given)
  const { token, hash } = makeInvitationToken()
  const id = randomUUIDv7()
  const row = await deps.store.transaction(async (trx) => {
    if (organizationId !== null) await findOrganization(trx, actor, organizationId)
    await requireNotYetThere(trx, organizationId, email)
    await replaceFormer(trx, organizationId, email, now)
    await requireRoom(trx, actor, organizationId, now)
    await trx
      .insertInto('invitations')
      .values({
        id,
        organization_id: organizationId,
        email,
        role,
        hash,
        ...inviterOf(actor),
        created_at: now,
        sent_at: now,
        expires_at: now + invitationLifetimeMs,
        accepted_at: null,
        withdrawn_at: null,
      })
      .execute()
    await recordChange(trx, actor, now, {
      action: 'invitation.created',
      targetKind: 'invitation',
      targetId: id,
      organizationId,
      detail: { email, ...(role !== null && { role }) },
    })
    return findInvitation(trx, organizationId, id)
  })
  return deliver(deps, row, token, now)
}

/** Gives it a new link and seven more days; the former link ends. It stands from now on by the right of whoever sends it again. Throws as above. */
export const resendInvitation = async (
  deps: InvitationsDeps,
  actor: Actor,
  organizationId: string | null,
  id: string,
  now: number,
): Promise<SentInvitation> => {
  requireInviter(actor, organizationId)
  requireRecent(actor, now) // a new link is told
  const { token, hash } = makeInvitationToken()
  const row = await deps.store.transaction(async (trx) => {
    const { role, email } = await findInvitation(trx, organizationId, id)
    if (role === 'owner') requireInviter(actor, organizationId, 'owner')
    await requireNotYetThere(trx, organizationId, email)
    await trx
      .updateTable('invitations')
      .set({ hash, ...inviterOf(actor), sent_at: now, expires_at: now + invitationLifetimeMs })
      .where('id', '=', id)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'invitation.resent',
      targetKind: 'invitation',
      targetId: id,
      organizationId,
      detail: { email },
    })
    return findInvitation(trx, organizationId, id)
  })
  return deliver(deps, row, token, now)
}
