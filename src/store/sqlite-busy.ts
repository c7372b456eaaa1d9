// SQLITE_BUSY: another process holds the lock. Waiting inside SQLite stops the whole event loop, so long waits happen here.

const SQLITE_BUSY = 5

/** Whether SQLite refused because of another process. */
export const isBusy = (error: unknown): boolean => {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && (errcode & 0xff) === SQLITE_BUSY
}

/** Runs `work` until the database is not busy, for at most `patienceMs`. `work` must change nothing before it can be refused. */
export const whenFree = async <T>(work: () => T | Promise<T>, patienceMs = 10_000): Promise<T> => {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 9))
    }
  }
}
