// What the one-time links allow: making the first operator with an organization, and setting a password.
import { randomUUIDv7 } from 'node:crypto'
import { recordChange } from '../../audit/record.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, actorWith } from '../actor.ts'
import { cleanEmail, emailMistake } from '../email.ts'
import { consumeLink } from '../links.ts'
import { cleanName, nameMistake } from '../name.ts'
import { addOrganization } from '../organizations/create.ts'
import type { Organization } from '../organizations/organization.ts'
import { hashPassword, passwordMistake } from '../password.ts'
import { endSessionsOf } from '../sessions.ts'
import { addUser } from '../users/create.ts'
import type { User } from '../users/user.ts'

export interface SetUp {
  name: string
  email: string
  password: string
  /** Name of the first organization. */
  organization: string
}

/** What to tell beside each field. */
export type Mistakes = Partial<Record<keyof SetUp, string>>

/** Where the request came from, for the audit trail. */
export interface Origin {
  ip: string | undefined
  requestId: string | undefined
}

const linkActor = (kind: string, userId: string, operator: boolean, origin: Origin): Actor =>
  actorWith({ kind, id: userId, userId, operator, ...origin })

/** Every mistake at once; undefined: none. */
export const setUpMistakes = ({ name, email, password, organization }: SetUp): Mistakes | undefined => {
  const found = {
    name: nameMistake(name),
    email: emailMistake(email),
    password: passwordMistake(password, email, name),
    organization: nameMistake(organization),
  }
  const mistakes = Object.fromEntries(Object.entries(found).filter(([, mistake]) => mistake !== undefined))
  return Object.keys(mistakes).length > 0 ? mistakes : undefined
}

/**
 * Makes the first operator and the organization that it owns, and uses the link up: all of it or nothing, and only once however many try.
 * undefined: the link is no longer good. Throws `invalid_request`, or `conflict` where a user has the address already.
 */
export const setUp = async (
  store: Store,
  token: string,
  input: SetUp,
  origin: Origin,
  now: number,
): Promise<{ user: User; organization: Organization } | undefined> => {
  const email = cleanEmail(input.email)
  const name = cleanName(input.name)
  const organizationName = cleanName(input.organization)
  const passwordHash = await hashPassword(input.password, email, name)
  const id = randomUUIDv7()
  const actor = linkActor('operator link', id, true, origin)
  return store.transaction(async (trx) => {
    if (!(await consumeLink(trx, 'setup', token, now))) return undefined
    const user = await addUser(trx, actor, { id, email, name, operator: true, passwordHash }, now)
    const organization = await addOrganization(trx, actor, { name: organizationName, owner: id, tier: 'free' }, now)
    return { user, organization }
  })
}

/**
 * Sets the password of the link's user and uses the link up. Sessions that stand on an older password end
 * (OWASP ASVS 5.0 §7.4). False: the link is no longer good. Throws `invalid_request`.
 */
export const setPassword = async (
  store: Store,
  token: string,
  { email, name }: Pick<User, 'email' | 'name'>,
  password: string,
  origin: Origin,
  now: number,
): Promise<boolean> => {
  const passwordHash = await hashPassword(password, email, name)
  return store.transaction(async (trx) => {
    const userId = (await consumeLink(trx, 'user', token, now))?.userId
    if (!userId) return false
    await trx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', userId).execute()
    const actor = linkActor('user link', userId, false, origin)
    await recordChange(trx, actor, now, { action: 'user.password_set', targetKind: 'user', targetId: userId })
    await endSessionsOf(trx, actor, userId, now)
    return true
  })
}
