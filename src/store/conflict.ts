// Which exceptions mean that a row with the same unique value exists already.

const sqliteCodes = new Set([1555, 2067]) // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
const postgresCode = '23505' // unique_violation

/** Whether a write broke a unique index or a primary key. On Postgres the transaction is lost with it: let it pass out of `transaction` first. */
export const isUniqueConflict = (error: unknown): boolean => {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === postgresCode || (code === 'ERR_SQLITE_ERROR' && sqliteCodes.has(errcode as number))
}
