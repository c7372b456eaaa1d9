// Tells people of alerts: owners and admins of an organization, or the person, by e-mail; and the organization's webhooks. What is raised
// together comes in one letter. At least once: a process that dies in between leaves them to the next, and webhooks know a message by its id.
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { Store } from '../store/store.ts'
import { enqueue } from '../webhooks/enqueue.ts'
import { type Alert, type AlertRow, toAlert } from './alert.ts'
import type { AlertKindName } from './kinds.ts'
import { settingsOf } from './settings.ts'

/** Alerts in one round. */
const roundSize = 500

/** Until then no other process takes what this one is telling. */
const leaseMs = 5 * 60_000

/** People of one organization that get a letter. */
const maxRecipients = 50

/** Alerts that one letter spells out. */
const maxSpelled = 20

interface Recipient {
  email: string
  /** Where all of their alerts are. */
  path: string
  /** Whose alerts these are. */
  of: string
}

export interface TellDeps {
  store: Store
  config: Pick<Config, 'issuer'>
  mailer: Mailer
  log: Logger
}

const recipientsOf = async ({ db }: Store, { organization_id, user_id }: AlertRow): Promise<Recipient[]> => {
  if (organization_id === null) {
    const person = await db
      .selectFrom('users')
      .select('email')
      .where('id', '=', user_id)
      .where('suspended_at', 'is', null)
      .executeTakeFirst()
    return person ? [{ email: person.email, path: '/account/alerts', of: 'your tokens' }] : []
  }
  const people = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .select(['users.email', 'organizations.name'])
    .where('members.organization_id', '=', organization_id)
    .where('members.role', 'in', ['owner', 'admin'])
    .where('users.suspended_at', 'is', null)
    .orderBy('users.id')
    .limit(maxRecipients)
    .execute()
  return people.map(({ email, name }) => ({ email, path: `/organizations/${organization_id}/alerts`, of: name }))
}

const letterOf = (
  issuer: string,
  alerts: readonly Alert[],
  { of, path }: Recipient,
): { subject: string; text: string } => {
  const [first] = alerts
  const spelled = alerts.slice(0, maxSpelled)
  const more = alerts.length - spelled.length
  const paragraphs = spelled.map(({ title, advice, path: where }) => `${title}\n${advice}\n${issuer}${where}`)
  return {
    subject: alerts.length === 1 && first ? `${first.title} (${of})` : `${alerts.length} alerts about ${of}`,
    text: [
      ...paragraphs,
      ...(more > 0 ? [`And ${more} more.`] : []),
      `All alerts about ${of}, and which of them come by e-mail:\n${issuer}${path}\n`,
    ].join('\n\n'),
  }
}

/** The message of a webhook: what an answer tells of the alert, with whole addresses. */
const messageOf = (issuer: string, alert: Alert): string => {
  const { kind, created_at, dismissed_at: _, path, user_id: __, ...data } = alert
  return JSON.stringify({ type: kind, timestamp: created_at, data: { ...data, url: issuer + path } })
}

const tellOwner = async (
  { store, config, mailer, log }: TellDeps,
  rows: readonly AlertRow[],
  now: number,
): Promise<void> => {
  const [row] = rows
  if (!row) return
  const organizationId = row.organization_id
  const alerts = rows.map(toAlert)
  const settings = (await settingsOf(store.db, organizationId === null ? [] : [organizationId]))(organizationId)
  if (organizationId !== null)
    for (const alert of alerts)
      await enqueue(
        store,
        organizationId,
        { id: `msg_${alert.id}`, event: alert.kind, body: messageOf(config.issuer, alert) },
        now,
      )
  const mailed = alerts.filter(({ kind }) => settings.isMailed(kind as AlertKindName))
  if (mailed.length === 0 || !mailer.available) return
  for (const recipient of await recipientsOf(store, row)) {
    try {
      await mailer.send({ to: recipient.email, ...letterOf(config.issuer, mailed, recipient), isAlert: true }, now)
    } catch (error) {
      log.error({ err: error, organization_id: organizationId }, 'could not send an alert by e-mail')
    }
  }
}

/** Tells of what is due, and answers of how much. `now`: Unix milliseconds. */
export const tellAlerts = async (deps: TellDeps, now: number): Promise<number> => {
  const { activity } = deps.store
  const taken = await activity
    .updateTable('alerts')
    .set({ tell_at: now + leaseMs })
    .where('tell_at', '<=', now)
    .where('id', 'in', (from) =>
      from.selectFrom('alerts').select('id').where('tell_at', '<=', now).orderBy('tell_at').limit(roundSize),
    )
    .returningAll()
    .execute()
  const owners = Map.groupBy(taken, ({ organization_id, user_id }) => organization_id ?? user_id)
  for (const rows of owners.values()) {
    await tellOwner(deps, rows, now)
    await activity
      .updateTable('alerts')
      .set({ tell_at: null })
      .where(
        'id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute()
  }
  return taken.length
}
