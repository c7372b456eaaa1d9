// Counters on SQLite: each slice is one short transaction, run to its end without giving way.
import type { DatabaseSync } from 'node:sqlite'
import { type CounterRow, grant, present, spanOf, staleSliceMs } from './period.ts'
import type { Counters, Take, Taken } from './store.ts'

/** `holder` names this server among those that hold slices. */
export const sqliteCounters = (database: DatabaseSync, holder: string): Counters => {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  const find = database.prepare('SELECT period_start, period_end, taken FROM counters WHERE id = ?')
  const start = database.prepare(
    'INSERT INTO counters (id, period_start, period_end, taken) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET period_start = excluded.period_start, period_end = excluded.period_end, taken = excluded.taken',
  )
  const add = database.prepare('UPDATE counters SET taken = taken + ?, period_end = ? WHERE id = ?')
  const heldByOthers = database.prepare(
    'SELECT coalesce(sum(amount), 0) AS amount FROM slices WHERE counter_id = ? AND holder <> ? AND taken_at > ?',
  )
  const hold = database.prepare(
    'INSERT INTO slices (counter_id, holder, amount, taken_at) VALUES (?, ?, ?, ?) ON CONFLICT (counter_id, holder) DO UPDATE SET amount = excluded.amount, taken_at = excluded.taken_at',
  )
  const forget = database.prepare('DELETE FROM slices WHERE counter_id = ?')
  const release = database.prepare('DELETE FROM slices WHERE counter_id = ? AND holder = ?')
  const subtract = database.prepare('UPDATE counters SET taken = max(0, taken - ?) WHERE id = ? AND period_start = ?')
  const listed = database.prepare(
    'SELECT id, period_start, period_end, taken FROM counters WHERE id >= ? AND id < ? AND period_end > ? ORDER BY id',
  )
  let durable = true

  const transaction = <T>(powerLossToo: boolean, work: () => T): T => {
    if (powerLossToo !== durable) {
      // NORMAL survives the process's death, FULL power loss too: a FULL commit syncs what NORMAL ones before it wrote
      database.exec(powerLossToo ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
      durable = powerLossToo
    }
    begin.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      if (database.isTransaction) rollback.run() // a full disk has rolled back by itself
      throw error
    }
  }

  const take = ({ counter, period, limit, needed, wanted }: Take, now: number): Taken =>
    transaction(period === 'month', () => {
      const { begun, taken, periodStart, periodEnd } = present(
        find.get(counter) as CounterRow | undefined,
        spanOf(period, now),
        now,
      )
      const others = begun ? (heldByOthers.get(counter, holder, now - staleSliceMs) as { amount: number }).amount : 0
      const granted = grant(limit, taken, others, needed, wanted)
      if (granted > 0) {
        if (begun) add.run(granted, periodEnd, counter)
        else {
          forget.run(counter)
          start.run(counter, periodStart, periodEnd, granted)
        }
        hold.run(counter, holder, granted - needed, now)
      }
      return { granted, taken: taken + granted, periodStart, periodEnd }
    })

  return {
    take,
    peek({ counter, period }, now) {
      const { taken, periodStart, periodEnd } = present(
        find.get(counter) as CounterRow | undefined,
        spanOf(period, now),
        now,
      )
      return { granted: 0, taken, periodStart, periodEnd }
    },
    giveBack(entries) {
      // lost with the power, it forfeits units and overspends none
      transaction(false, () => {
        for (const { counter, periodStart, amount } of entries) {
          if (subtract.run(amount, counter, periodStart).changes > 0) release.run(counter, holder)
        }
      })
    },
    list(prefix, now) {
      const rows = listed.all(prefix, `${prefix}\u{10ffff}`, now) as unknown as (CounterRow & { id: string })[]
      return Promise.resolve(
        rows.map((row) => ({
          counter: row.id,
          taken: row.taken,
          periodStart: row.period_start,
          periodEnd: row.period_end,
        })),
      )
    },
  }
}
