// A user as answers and the command line tell it: never the password's hash.
import type { Kysely, Selectable } from 'kysely'
import { Refusal } from '../../errors.ts'
import { formatTime, formatTimeOrNull } from '../../rfc3339.ts'
import type { Schema } from '../../store/schema.ts'

export interface User {
  id: string
  email: string
  name: string
  operator: boolean
  /** Whether somebody who reads the mail of the address has shown it. */
  email_verified: boolean
  /** RFC 3339, as all times here. */
  created_at: string
  suspended_at: string | null
}

export const userColumns = [
  'id',
  'email',
  'name',
  'operator',
  'email_verified_at',
  'created_at',
  'suspended_at',
] as const

export const toUser = (row: Pick<Selectable<Schema['users']>, (typeof userColumns)[number]>): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  operator: row.operator === 1,
  email_verified: row.email_verified_at !== null,
  created_at: formatTime(row.created_at),
  suspended_at: formatTimeOrNull(row.suspended_at),
})

/** Throws `not_found`. */
export const findUser = async (db: Kysely<Schema>, id: string): Promise<User> => {
  const row = await db.selectFrom('users').select(userColumns).where('id', '=', id).executeTakeFirst()
  if (!row) throw new Refusal('not_found', 'There is no user with this id.')
  return toUser(row)
}
