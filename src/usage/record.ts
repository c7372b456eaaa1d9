// Writes what was counted and seen: added to what other processes wrote, in batches that hold up nobody for long.
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Store } from '../store/store.ts'
import { maxSightings } from './sightings.ts'
import type { DecisionRow } from './tail.ts'
import { type Window, hourMs } from './window.ts'

export type UsageRow = ActivitySchema['usage']
type TotalRow = ActivitySchema['usage_totals']
type SightingRow = ActivitySchema['sightings']

/** Rows per statement: a millisecond or two, for which SQLite holds up the whole process. */
const batchSize = 200
/** Decisions kept for one owner; the list shows no more. */
export const keptDecisions = 1_000

const dayMs = 24 * hourMs

/** What is yet to be written. What has been is taken out, so that it is written once. */
export interface Unwritten {
  usage: UsageRow[]
  totals: TotalRow[]
  sightings: SightingRow[]
}

/** Credentials whose rows are made in one go. */
const madeAtOnce = 250

/** In the order of the keys, so that two processes cannot wait for each other's rows. */
const inOrder = <T>(rows: T[], keyOf: (row: T) => string): T[] => {
  const keyed = rows.map((row) => ({ key: keyOf(row), row }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return keyed.map(({ row }) => row)
}

const joined = (...parts: (string | number)[]): string => parts.join('\0')

const totalKey = (row: Omit<TotalRow, 'count' | 'units'>): string =>
  joined(row.owner_id, row.width, row.bucket, row.api, row.environment, row.code)

/** The rows of a window that nothing is added to any more: each count by its hour and by its day. Gives way now and then. */
export const rowsOf = async (window: Window): Promise<Unwritten> => {
  const usage: UsageRow[] = []
  const totals = new Map<string, TotalRow>()
  const sightings: SightingRow[] = []
  const widths = [
    { width: 'hour', bucket: window.hour },
    { width: 'day', bucket: Math.floor(window.hour / dayMs) * dayMs },
  ] as const
  let made = 0
  for (const { credentialId, counts, seen } of window.used()) {
    made += 1
    if (made % madeAtOnce === 0) await setImmediate()
    for (let count = counts; count; count = count.next) {
      const { owner, api, environment, allowed, units, denied } = count
      const codes: [string, number][] = [...(denied ?? [])]
      if (allowed > 0) codes.push(['valid', allowed])
      for (const [code, times] of codes) {
        const cost = code === 'valid' ? units : 0
        for (const span of widths) {
          const of = { owner_id: owner.id, ...span, api: api.name, environment, code }
          usage.push({ ...of, credential_id: credentialId, count: times })
          const key = totalKey(of)
          const total = totals.get(key)
          if (total) {
            total.count += times
            total.units += cost
          } else totals.set(key, { ...of, count: times, units: cost })
        }
      }
    }
    for (const [kind, values] of [
      ['network', seen?.networks],
      ['agent', seen?.agents],
      ['endpoint', seen?.endpoints],
    ] as const)
      for (const [value, { firstAt, lastAt, count }] of values?.all ?? [])
        sightings.push({ credential_id: credentialId, kind, value, first_at: firstAt, last_at: lastAt, count })
  }
  return { usage, totals: [...totals.values()], sightings }
}

/** Writes batch after batch from the end of `rows`, does what follows from each, and gives way between them. */
const drain = async <T>(
  rows: T[],
  keyOf: (row: T) => string,
  write: (batch: T[]) => Promise<unknown>,
  then?: (batch: T[]) => Promise<unknown>,
): Promise<void> => {
  while (rows.length > 0) {
    const batch = inOrder(rows.slice(-batchSize), keyOf)
    await write(batch)
    rows.length -= batch.length
    await then?.(batch)
    await setImmediate()
  }
}

/** Values that were not seen for longest go, where a credential has too many. */
const forgetColdest = async (notes: Kysely<ActivitySchema>, batch: readonly SightingRow[]): Promise<void> => {
  const ids = [...new Set(batch.map((row) => row.credential_id))]
  const full = await notes
    .selectFrom('sightings')
    .select(['credential_id', 'kind'])
    .where('credential_id', 'in', ids)
    .groupBy(['credential_id', 'kind'])
    .having(({ fn }) => fn.countAll<number>(), '>', maxSightings)
    .execute()
  for (const { credential_id, kind } of full)
    await sql`DELETE FROM sightings WHERE credential_id = ${credential_id} AND kind = ${kind} AND value NOT IN
      (SELECT value FROM sightings WHERE credential_id = ${credential_id} AND kind = ${kind}
        ORDER BY last_at DESC, value LIMIT ${maxSightings})`.execute(notes)
}

/** Adds what is yet to be written; after a fault the rest is still there. The totals come last: once they are on the disk, all is. */
export const recordUse = async (
  { notes, activity }: Pick<Store, 'notes' | 'activity'>,
  { usage, totals, sightings }: Unwritten,
): Promise<void> => {
  await drain(
    sightings,
    (row) => joined(row.credential_id, row.kind, row.value),
    (batch) =>
      notes
        .insertInto('sightings')
        .values(batch)
        .onConflict((conflict) =>
          conflict.columns(['credential_id', 'kind', 'value']).doUpdateSet({
            last_at: sql<number>`CASE WHEN excluded.last_at > sightings.last_at THEN excluded.last_at ELSE sightings.last_at END`,
            count: sql<number>`sightings.count + excluded.count`,
          }),
        )
        .execute(),
    (batch) => forgetColdest(notes, batch),
  )
  await drain(
    usage,
    (row) => joined(totalKey(row), row.credential_id),
    (batch) =>
      notes
        .insertInto('usage')
        .values(batch)
        .onConflict((conflict) =>
          conflict
            .columns(['owner_id', 'width', 'bucket', 'api', 'environment', 'credential_id', 'code'])
            .doUpdateSet({ count: sql<number>`usage.count + excluded.count` }),
        )
        .execute(),
  )
  await drain(totals, totalKey, (batch) =>
    activity
      .insertInto('usage_totals')
      .values(batch)
      .onConflict((conflict) =>
        conflict.columns(['owner_id', 'width', 'bucket', 'api', 'environment', 'code']).doUpdateSet({
          count: sql<number>`usage_totals.count + excluded.count`,
          units: sql<number>`usage_totals.units + excluded.units`,
        }),
      )
      .execute(),
  )
}

/** Writes decisions. What has been written is taken out; what was written though nobody heard of it is there already. */
export const recordDecisions = ({ notes }: Pick<Store, 'notes'>, rows: DecisionRow[]): Promise<void> =>
  drain(
    rows,
    ({ id }) => id,
    (batch) =>
      notes
        .insertInto('decisions')
        .values(batch)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute(),
  )

/** Forgets the oldest decisions of an owner that has more than are kept. */
export const forgetOldest = async ({ notes }: Pick<Store, 'notes'>, ownerId: string): Promise<void> => {
  await sql`DELETE FROM decisions WHERE owner_id = ${ownerId} AND id <=
    (SELECT id FROM decisions WHERE owner_id = ${ownerId} ORDER BY id DESC LIMIT 1 OFFSET ${keptDecisions})`.execute(
    notes,
  )
}
