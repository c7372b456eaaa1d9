// Searching lists by a part of a text, whatever its case.
import { type Expression, type SqlBool, sql } from 'kysely'

/** Characters that may be searched for. */
export const maxSearchLength = 100

/** Whether `column` contains `text`, whose `%` and `_` stand for themselves. For `where(…)`. */
export const contains = (column: string, text: string): Expression<SqlBool> => {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  return sql<SqlBool>`lower(${sql.ref(column)}) LIKE lower(${pattern}) ESCAPE '\\'`
}
