// One command at a time: a lock that the system takes back when its holder dies, which a lock file of our own would survive.
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from '../errors.ts'
import { isBusy, whenFree } from '../store/sqlite-busy.ts'

/** Longest that another command is waited for: longer than it waits for its server. */
const patienceMs = 90_000

/** Readable by its owner alone. One that exists is not opened: closing it would drop this process's locks. */
const make = (file: string): void => {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Runs `work` while no other process on this machine does so with the same `file`, an empty one that stays. */
export const alone = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  make(file)
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    await whenFree(() => lock.exec('BEGIN EXCLUSIVE'), patienceMs)
    return await work()
  } catch (error) {
    throw isBusy(error)
      ? new Refusal('conflict', 'Another latchkey command does not finish. Stop it, then try again.', { cause: error })
      : error
  } finally {
    lock.close() // which ends the transaction
  }
}
