// Creates a user: by an operator, or by the set-up link that makes the first one.
import { randomUUIDv7 } from 'node:crypto'
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRecent } from '../actor.ts'
import { cleanEmail } from '../email.ts'
import { cleanName } from '../name.ts'
import { hashPassword } from '../password.ts'
import { findUser, type User } from './user.ts'

export interface NewUser {
  email: string
  name: string
  operator?: boolean | undefined
  /** None: one is set through a link (`users link`), or never. */
  password?: string | undefined
}

/** Writes the user and the audit entry. `values` are checked. Throws `conflict` where the address is taken. */
export const addUser = async (
  trx: Transaction<Schema>,
  actor: Actor,
  values: { id: string; email: string; name: string; operator: boolean; passwordHash: string | null },
  now: number,
): Promise<User> => {
  const { id, email, name, operator, passwordHash } = values
  const taken = await trx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  if (taken) throw new Refusal('conflict', 'There is a user with this e-mail address already.')
  await trx
    .insertInto('users')
    .values({
      id,
      email,
      name,
      operator: operator ? 1 : 0,
      password_hash: passwordHash,
      suspended_at: null,
      created_at: now,
    })
    .execute()
  await recordChange(trx, actor, now, {
    action: 'user.created',
    targetKind: 'user',
    targetId: id,
    detail: { email, operator },
  })
  return findUser(trx, id)
}

/** Throws `forbidden`, `invalid_request`, or `conflict` where the address is taken. */
export const createUser = async (store: Store, actor: Actor, input: NewUser, now: number): Promise<User> => {
  requireOperator(actor, 'create users')
  requireRecent(actor, now)
  const email = cleanEmail(input.email)
  const name = cleanName(input.name)
  const passwordHash = input.password === undefined ? null : await hashPassword(input.password, email, name)
  const id = randomUUIDv7()
  return store.transaction((trx) =>
    addUser(trx, actor, { id, email, name, operator: input.operator ?? false, passwordHash }, now),
  )
}
