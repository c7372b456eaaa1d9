// An organization as answers and the command line tell it.
import type { Kysely } from 'kysely'
import { Refusal } from '../../errors.ts'
import { formatTime, formatTimeOrNull } from '../../rfc3339.ts'
import type { Role, Schema, Tier } from '../../store/schema.ts'
import { type Actor, roleIn } from '../actor.ts'

export interface Organization {
  id: string
  name: string
  tier: Tier
  /** The caller's; null: not a member. */
  role: Role | null
  /** RFC 3339, as all times here. */
  created_at: string
  suspended_at: string | null
}

/** `role`: the caller's in it. */
export const toOrganization = (role: Role | null | undefined, row: Schema['organizations']): Organization => ({
  id: row.id,
  name: row.name,
  tier: row.tier,
  role: role ?? null,
  created_at: formatTime(row.created_at),
  suspended_at: formatTimeOrNull(row.suspended_at),
})

/** For callers whose right has been checked. Throws `not_found`, which only operators get to see. */
export const findOrganization = async (db: Kysely<Schema>, actor: Actor, id: string): Promise<Organization> => {
  const row = await db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no organization with this id.')
  return toOrganization(roleIn(actor, row.id), row)
}
