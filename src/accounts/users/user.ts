// A user as answers and the command line tell it: never the password's hash.
import type { Kysely } from 'kysely'
import { Refusal } from '../../errors.ts'
import { formatTime, formatTimeOrNull } from '../../rfc3339.ts'
import type { Schema } from '../../store/schema.ts'

export interface User {
  id: string
  email: string
  name: string
  operator: boolean
  /** RFC 3339, as all times here. */
  created_at: string
  suspended_at: string | null
}

export const userColumns = ['id', 'email', 'name', 'operator', 'created_at', 'suspended_at'] as const

export const toUser = (row: Pick<Schema['users'], (typeof userColumns)[number]>): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  operator: row.operator === 1,
  created_at: formatTime(row.created_at),
  suspended_at: formatTimeOrNull(row.suspended_at),
})

/** Throws `not_found`. */
export const findUser = async (db: Kysely<Schema>, id: string): Promise<User> => {
  const row = await db.selectFrom('users').select(userColumns).where('id', '=', id).executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no user with this id.')
  return toUser(row)
}
