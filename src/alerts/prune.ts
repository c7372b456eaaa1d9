// Forgets alerts after half a year and deliveries after a month, some at a time.
import { sql } from 'kysely'
import type { Store } from '../store/store.ts'
import { lowestIdAt } from '../store/time-id.ts'

const day = 86_400_000
const batchSize = 500

/** Their ids are of the time when they were made. `now`: Unix milliseconds. */
export const pruneAlerts = async ({ activity }: Store, now: number): Promise<void> => {
  for (const [table, days] of [
    ['alerts', 180],
    ['webhook_deliveries', 30],
  ] as const)
    await sql`DELETE FROM ${sql.table(table)} WHERE id IN
      (SELECT id FROM ${sql.table(table)} WHERE id < ${lowestIdAt(now - days * day)} ORDER BY id LIMIT ${batchSize})`.execute(
      activity,
    )
}
