// The browsers that a person is signed in in.
import { formatTime } from '../../rfc3339.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../../store/page.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireSession } from '../actor.ts'
import { deviceOf } from '../device.ts'

export interface ListedSession {
  id: string
  /** Whether it is the one that asks. */
  current: boolean
  /** In words, as in "Firefox on Linux". */
  device: string
  /** Where it was signed in from. */
  ip: string | null
  /** Authentication method references (RFC 8176). */
  methods: string[]
  created_at: string
  /** When somebody last proved who they are there. */
  authenticated_at: string
  /** To the minute. */
  last_active_at: string
  expires_at: string
}

/** Newest first; those that are over are left out, so a page may have fewer entries than was asked for. Throws `forbidden`. */
export const listSessions = async (
  { db, activity }: Store,
  actor: Actor,
  request: PageRequest,
  now: number,
): Promise<Page<ListedSession>> => {
  const userId = requireSession(actor)
  let query = db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .orderBy('id', 'desc')
    .limit(rowsFor(request))
  if (request.cursor !== undefined) query = query.where('id', '<', request.cursor)
  const rows = await query.execute()
  const ids = rows.map(({ id }) => id)
  const uses =
    ids.length === 0
      ? []
      : await activity.selectFrom('last_used').selectAll().where('credential_id', 'in', ids).execute()
  const lastUse = new Map(uses.map(({ credential_id, last_used_at }) => [credential_id, last_used_at]))
  const lastActive = ({ id, created_at, authenticated_at }: (typeof rows)[number]): number =>
    id === actor.id ? now : Math.max(created_at, authenticated_at, lastUse.get(id) ?? 0)
  const page = pageOf(
    request,
    rows,
    ({ id }) => id,
    (row) => row,
  )
  return {
    ...page,
    data: page.data
      .filter((row) => now < lastActive(row) + row.idle_ms)
      .map((row) => ({
        id: row.id,
        current: row.id === actor.id,
        device: deviceOf(row.user_agent),
        ip: row.ip,
        methods: row.methods.split(' '),
        created_at: formatTime(row.created_at),
        authenticated_at: formatTime(row.authenticated_at),
        last_active_at: formatTime(lastActive(row)),
        expires_at: formatTime(Math.min(row.expires_at, lastActive(row) + row.idle_ms)),
      })),
  }
}
