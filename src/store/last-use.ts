// Last-used times, written in batches.
import { type Kysely, sql } from 'kysely'
import type { ActivitySchema } from './activity-schema.ts'

const batch = 1000

/**
 * Writes the later of each credential's stored and given last use. `greatest` is the database's function of two arguments.
 * Always in the order of the ids, so that two processes cannot wait for each other's rows.
 */
export const recordLastUse = async (
  activity: Kysely<ActivitySchema>,
  greatest: 'max' | 'greatest',
  uses: ReadonlyMap<string, number>,
): Promise<void> => {
  const rows = [...uses]
    .map(([credential_id, last_used_at]) => ({ credential_id, last_used_at }))
    .sort((a, b) => (a.credential_id < b.credential_id ? -1 : 1))
  for (let from = 0; from < rows.length; from += batch) {
    await activity
      .insertInto('last_used')
      .values(rows.slice(from, from + batch))
      .onConflict((conflict) =>
        conflict.column('credential_id').doUpdateSet({
          last_used_at: sql<number>`${sql.raw(greatest)}(last_used.last_used_at, excluded.last_used_at)`,
        }),
      )
      .execute()
  }
}
