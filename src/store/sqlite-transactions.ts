// Group commit: transactions that come together are run one after the other and made durable by one commit, because it is the
// wait for the disk that costs. Each stands or falls by itself; none is answered before the disk has all of them.
import type { DatabaseSync } from 'node:sqlite'
import type { Kysely, Transaction } from 'kysely'
import { whenFree } from './sqlite-busy.ts'

/** So many at most, so that other processes get their turn. */
const maxGroup = 100

interface Job<Tables> {
  work: (trx: Transaction<Tables>) => Promise<unknown>
  outcome: { value: unknown } | { error: unknown } | undefined
  settle: (outcome: { value: unknown } | { error: unknown }) => void
}

export const groupedTransactions = <Tables>(file: DatabaseSync, database: Kysely<Tables>) => {
  const waiting: Job<Tables>[] = []
  let scheduled = false

  /** What throws is undone alone, unless SQLite has undone everything: then the whole group fails with it. */
  const runJob = async (job: Job<Tables>, trx: Transaction<Tables>): Promise<void> => {
    file.exec('SAVEPOINT job')
    try {
      job.outcome = { value: await job.work(trx) }
    } catch (error) {
      if (!file.isTransaction) throw error
      file.exec('ROLLBACK TO job')
      job.outcome = { error }
    }
    file.exec('RELEASE job')
  }

  const runGroup = async (group: readonly Job<Tables>[]): Promise<void> => {
    try {
      await whenFree(() =>
        database.transaction().execute(async (trx) => {
          for (const job of group) await runJob(job, trx)
        }),
      )
      for (const job of group) job.settle(job.outcome as { value: unknown })
    } catch (error) {
      for (const job of group) job.settle({ error })
    }
  }

  /** After the turn of the event loop in which they came, so that all of that turn are there. */
  const run = async (): Promise<void> => {
    while (waiting.length > 0) await runGroup(waiting.splice(0, maxGroup))
    scheduled = false
  }

  return <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.push({
        work,
        outcome: undefined,
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value as T)),
      })
      if (scheduled) return
      scheduled = true
      setImmediate(() => void run())
    })
}
