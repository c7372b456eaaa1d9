// Counters on Postgres: each slice is one statement (take_slice, migrations.ts) that holds the counter's row and nothing else.
import { type CounterRow, present, spanOf, staleSliceMs } from './period.ts'
import type { Query } from './postgres-pipeline.ts'
import type { Counters } from './store.ts'

/**
 * `holder` names this server among those that hold slices.
 * A month's slice is on disk before it is spent. A window's is not waited for: it survives the death of every process of
 * Latchkey, but a crash of Postgres itself may forget those of its last moment (three times wal_writer_delay: 0.6 s).
 * `now` is the caller's: where the clocks of two servers differ, the faster one begins the next window that much earlier.
 */
export const postgresCounters = (query: Query, holder: string): Counters => {
  return {
    async take({ counter, period, limit, needed, wanted }, now) {
      const { fresh, earliestStart, latestStart, latestEnd } = spanOf(period, now)
      const [row] = await query<{ granted: number; taken_in_all: number; started: number; ends: number }>(
        'take-slice',
        'SELECT granted, taken_in_all, started, ends FROM take_slice($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
        [
          counter,
          holder,
          now,
          fresh.start,
          fresh.end,
          earliestStart,
          latestStart,
          latestEnd,
          limit,
          needed,
          wanted,
          now - staleSliceMs,
          period === 'month',
        ],
      )
      if (!row) throw new Error('take_slice answered nothing')
      return { granted: row.granted, taken: row.taken_in_all, periodStart: row.started, periodEnd: row.ends }
    },
    async peek({ counter, period }, now) {
      const [row] = await query<CounterRow>(
        'peek',
        'SELECT period_start, period_end, taken FROM counters WHERE id = $1',
        [counter],
      )
      const { taken, periodStart, periodEnd } = present(row, spanOf(period, now), now)
      return { granted: 0, taken, periodStart, periodEnd }
    },
    async giveBack(entries) {
      await Promise.all(
        entries.map(({ counter, periodStart, amount }) =>
          query(
            'give-back',
            `WITH given AS (UPDATE counters SET taken = greatest(0, taken - $3) WHERE id = $1 AND period_start = $2
              AND set_config('synchronous_commit', 'off', true) IS NOT NULL RETURNING id)
            DELETE FROM slices USING given WHERE counter_id = given.id AND holder = $4`,
            [counter, periodStart, amount, holder],
          ),
        ),
      )
    },
    async list(prefix, now) {
      const rows = await query<CounterRow & { id: string }>(
        'list-counters',
        'SELECT id, period_start, period_end, taken FROM counters WHERE id >= $1 AND id < $2 AND period_end > $3 ORDER BY id',
        [prefix, `${prefix}\u{10ffff}`, now],
      )
      return rows.map((row) => ({
        counter: row.id,
        taken: row.taken,
        periodStart: row.period_start,
        periodEnd: row.period_end,
      }))
    },
  }
}
