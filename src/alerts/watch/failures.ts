// Bursts of refused requests, measured by what is usual for the organization.
import { sql } from 'kysely'
import { formatTime } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import type { NewAlert } from '../raise.ts'
import { settingsOf, thresholdBounds } from '../settings.ts'
import { type Watch, day, hour, lookSize } from './watch.ts'

/** Times the refusals of a usual hour, over the days before. */
const unusual = 3
const usualDays = 7

/** A burst that goes on is told again after so long. */
const repeatMs = 6 * hour

/** Codes that are named, the most frequent first. */
const namedCodes = 3

interface Sum {
  owner_id: string
  count: number
}

interface CodeCount extends Sum {
  code: string
}

export const watchFailures = ({ db, activity }: Store): Watch => {
  let after = ''
  return async (now) => {
    const since = Math.floor(now / hour) * hour - hour
    const { rows: denied } = await sql<Sum>`SELECT owner_id, CAST(sum(count) AS BIGINT) AS count FROM usage_totals
      WHERE width = 'hour' AND code <> 'valid' AND bucket >= ${since} AND owner_id > ${after}
      GROUP BY owner_id HAVING sum(count) >= ${thresholdBounds.failing_count[0]} ORDER BY owner_id LIMIT ${lookSize}`.execute(
      activity,
    )
    after = denied.length === lookSize ? (denied.at(-1)?.owner_id ?? '') : ''
    if (denied.length === 0) return []
    const ids = denied.map(({ owner_id }) => owner_id)
    const organizations = await db
      .selectFrom('organizations')
      .select('id')
      .where('id', 'in', ids)
      .where('suspended_at', 'is', null)
      .execute()
    const settings = await settingsOf(db, ids)
    const suspects = organizations.filter(({ id }) => {
      const sum = denied.find(({ owner_id }) => owner_id === id)
      return (sum?.count ?? 0) >= settings(id).thresholds.failing_count
    })
    if (suspects.length === 0) return []
    const suspectIds = suspects.map(({ id }) => id)
    const { rows: codes } =
      await sql<CodeCount>`SELECT owner_id, code, CAST(sum(count) AS BIGINT) AS count FROM usage_totals
      WHERE width = 'hour' AND bucket >= ${since} AND owner_id IN (${sql.join(suspectIds)}) GROUP BY owner_id, code`.execute(
        activity,
      )
    const today = Math.floor(now / day) * day
    const { rows: before } = await sql<Sum>`SELECT owner_id, CAST(sum(count) AS BIGINT) AS count FROM usage_totals
      WHERE width = 'day' AND code <> 'valid' AND bucket >= ${today - usualDays * day} AND bucket < ${today}
        AND owner_id IN (${sql.join(suspectIds)}) GROUP BY owner_id`.execute(activity)
    return suspectIds.flatMap((id): NewAlert[] => {
      const own = codes.filter(({ owner_id }) => owner_id === id)
      const total = own.reduce((sum, { count }) => sum + count, 0)
      const refused = own.filter(({ code }) => code !== 'valid').toSorted((a, b) => b.count - a.count)
      const count = refused.reduce((sum, { count }) => sum + count, 0)
      const usual = (before.find(({ owner_id }) => owner_id === id)?.count ?? 0) / (usualDays * 24)
      const percent = Math.round((count * 100) / total)
      if (percent < settings(id).thresholds.failing_percent || count < unusual * usual * 2) return []
      return [
        {
          kind: 'requests.failing',
          organizationId: id,
          userId: null,
          subjectKind: 'organization',
          subjectId: id,
          period: String(Math.floor(now / repeatMs)),
          detail: {
            denied: count,
            total,
            percent,
            since: formatTime(since),
            codes: refused.slice(0, namedCodes).map(({ code }) => code),
          },
        },
      ]
    })
  }
}
