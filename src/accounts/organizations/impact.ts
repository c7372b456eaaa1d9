// What stops working when an organization is deleted or suspended: told before anybody does it.
import { sql } from 'kysely'
import type { Store } from '../../store/store.ts'
import { type Actor, requireRole } from '../actor.ts'
import { findOrganization } from './organization.ts'

export interface Impact {
  /** Keys that are neither revoked nor over. */
  api_keys: number
  clients: number
  members: number
  /** Personal and legacy tokens that name the organization; those for all organizations of their owner are not among them. */
  tokens: number
  /** Applications that people let act for the organization. */
  applications: number
  webhooks: number
  /** Requests that were let in in the last 24 hours, to the full hour. */
  calls_24h: number
}

const hourMs = 60 * 60_000

/** Throws as `requireRole` does, and `not_found` for operators. */
export const tellImpact = async (
  { db, activity }: Store,
  actor: Actor,
  organizationId: string,
  now: number,
): Promise<Impact> => {
  requireRole(actor, organizationId, 'admin', 'organizations')
  await findOrganization(db, actor, organizationId)
  const count = sql<number | string>`count(*)`.as('count')
  const [keys, clients, members, personal, legacy, applications, webhooks, calls] = await Promise.all([
    db
      .selectFrom('credentials')
      .select(count)
      .where('organization_id', '=', organizationId)
      .where('kind', '=', 'api_key')
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .executeTakeFirst(),
    db.selectFrom('clients').select(count).where('organization_id', '=', organizationId).executeTakeFirst(),
    db.selectFrom('members').select(count).where('organization_id', '=', organizationId).executeTakeFirst(),
    db
      .selectFrom('credential_organizations as o')
      .innerJoin('credentials as c', 'c.id', 'o.credential_id')
      .select(count)
      .where('o.organization_id', '=', organizationId)
      .where('c.revoked_at', 'is', null)
      .where((eb) => eb.or([eb('c.expires_at', 'is', null), eb('c.expires_at', '>', now)]))
      .executeTakeFirst(),
    db
      .selectFrom('credentials')
      .select(count)
      .where('organization_id', '=', organizationId)
      .where('kind', '=', 'legacy_token')
      .executeTakeFirst(),
    db
      .selectFrom('grants')
      .select(count)
      .where('organization_id', '=', organizationId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst(),
    db.selectFrom('webhooks').select(count).where('organization_id', '=', organizationId).executeTakeFirst(),
    activity
      .selectFrom('usage_totals')
      .select(({ fn }) => fn.sum<number | string | null>('count').as('count'))
      .where('owner_id', '=', organizationId)
      .where('width', '=', 'hour')
      .where('bucket', '>', now - 25 * hourMs)
      .where('code', '=', 'valid')
      .executeTakeFirst(),
  ])
  const number = (row: { count: number | string | null } | undefined): number => Number(row?.count ?? 0)
  return {
    api_keys: number(keys),
    clients: number(clients),
    members: number(members),
    tokens: number(personal) + number(legacy),
    applications: number(applications),
    webhooks: number(webhooks),
    calls_24h: number(calls),
  }
}
