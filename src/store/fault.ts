// Which exceptions mean that the store cannot be reached or is busy, as opposed to a defect.

const postgresClasses = ['08', '53', '57', '40'] // connection, resources, operator intervention, transaction rollback
const socketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'])
const sqliteCodes = new Set([5, 6, 10, 13, 14]) // BUSY, LOCKED, IOERR, FULL, CANTOPEN (the low byte of the extended code)

/** Whether `error` came from a store that is down, full, or too busy: answered 503, worth a retry. */
export const isStoreFault = (error: unknown): boolean => {
  const { code, errcode, message } = error as { code?: unknown; errcode?: unknown; message?: unknown }
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') return sqliteCodes.has(errcode & 0xff)
  if (
    typeof code === 'string' &&
    (socketCodes.has(code) || (code.length === 5 && postgresClasses.includes(code.slice(0, 2))))
  )
    return true
  return (
    typeof message === 'string' &&
    /Connection terminated|not queryable|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client was closed|database is not open/.test(
      message,
    )
  )
}
