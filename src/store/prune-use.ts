// What is kept of use, and for how long: hours for 8 days, days for 400, sightings for 90, the latest decisions for one.
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { ActivitySchema } from './activity-schema.ts'
import type { Store } from './store.ts'

const batchSize = 500
const maxBatches = 2_000
const day = 86_400_000

const keptHours = 8 * day
const keptDays = 400 * day
const keptSightings = 90 * day
const keptDecisions = day
/** Decisions of all owners together. */
const maxDecisions = 100_000

/** The primary key of each table, and the time that its rows are as old as. */
const tables = {
  usage: { key: 'owner_id, width, bucket, api, environment, credential_id, code', time: 'bucket' },
  usage_totals: { key: 'owner_id, width, bucket, api, environment, code', time: 'bucket' },
  sightings: { key: 'credential_id, kind, value', time: 'last_at' },
  decisions: { key: 'id', time: 'at' },
} as const

/** Removes rows that are older, and gives way between batches: on SQLite each holds up the whole process. */
const removeOlder = async (
  notes: Kysely<ActivitySchema>,
  table: keyof typeof tables,
  before: number,
  width?: 'hour' | 'day',
): Promise<number> => {
  const { key, time } = tables[table]
  const ofWidth = width ? sql`width = ${width} AND` : sql``
  let total = 0
  for (let batch = 0; batch < maxBatches; batch++) {
    const { numAffectedRows } = await sql`DELETE FROM ${sql.table(table)} WHERE (${sql.raw(key)}) IN
      (SELECT ${sql.raw(key)} FROM ${sql.table(table)} WHERE ${ofWidth} ${sql.ref(time)} < ${before} LIMIT ${batchSize})`.execute(
      notes,
    )
    const removed = Number(numAffectedRows)
    total += removed
    if (removed < batchSize) break
    await setImmediate()
  }
  return total
}

/** When the oldest decision was made that there is room for; undefined: there is room for all. */
const oldestDecision = async (notes: Kysely<ActivitySchema>): Promise<number | undefined> => {
  const row = await notes
    .selectFrom('decisions')
    .select('at')
    .orderBy('at', 'desc')
    .limit(1)
    .offset(maxDecisions - 1)
    .executeTakeFirst()
  return row?.at
}

/** Removes what is too old as of `now` (Unix milliseconds); at most a million rows of a kind a call. Answers how many. */
export const pruneUse = async (
  { notes }: Store,
  now: number,
): Promise<{ usage: number; sightings: number; decisions: number }> => ({
  usage:
    (await removeOlder(notes, 'usage', now - keptHours, 'hour')) +
    (await removeOlder(notes, 'usage', now - keptDays, 'day')) +
    (await removeOlder(notes, 'usage_totals', now - keptHours, 'hour')) +
    (await removeOlder(notes, 'usage_totals', now - keptDays, 'day')),
  sightings: await removeOlder(notes, 'sightings', now - keptSightings),
  decisions: await removeOlder(notes, 'decisions', Math.max(now - keptDecisions, (await oldestDecision(notes)) ?? 0)),
})
