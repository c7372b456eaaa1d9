// One's own organizations that are suspended: nobody reaches them, and whoever belongs to one is told so instead of that it is not there.
import { formatTime } from '../../rfc3339.ts'
import type { Role } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireSession } from '../actor.ts'

const most = 200

export interface SuspendedOrganization {
  id: string
  name: string
  /** The person's, once it is resumed. */
  role: Role
  /** RFC 3339. */
  suspended_at: string
}

/** By name, at most 200. Throws `forbidden` for whatever is no person in a browser. */
export const listSuspended = async ({ db }: Store, actor: Actor): Promise<SuspendedOrganization[]> => {
  const rows = await db
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id', 'o.name', 'm.role', 'o.suspended_at'])
    .where('m.user_id', '=', requireSession(actor))
    .where('o.suspended_at', 'is not', null)
    .orderBy('o.name')
    .limit(most)
    .execute()
  return rows.map(({ suspended_at, ...row }) => ({ ...row, suspended_at: formatTime(Number(suspended_at)) }))
}
