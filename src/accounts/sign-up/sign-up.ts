// Making an account of one's own, where the configuration lets everybody: the address is proven first, so that an account is never somebody else's.
import { randomUUIDv7 } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import { actorWith } from '../actor.ts'
import { haveAccountLetter, signUpLetter } from '../letters.ts'
import { openLink, sealLink } from '../mailed-links.ts'
import { cleanName } from '../name.ts'
import { hashPassword } from '../password.ts'
import type { SessionOrigin } from '../sessions.ts'
import { addUser } from '../users/create.ts'
import { type User, findUser } from '../users/user.ts'
import { verifyAddress } from '../users/verify-address.ts'

const lifetimeMs = 24 * 60 * 60_000

export interface SignUpDeps {
  store: Store
  config: Pick<Config, 'issuer' | 'signIn'>
  box: SecretBox
  mailer: Mailer
}

/** Mails a link to go on with, or, to somebody who has an account, that it is there. `email`: in its one form. */
export const askToSignUp = async (
  { store, config: { issuer }, box, mailer }: SignUpDeps,
  email: string,
  now: number,
): Promise<void> => {
  const expiresAt = now + lifetimeMs
  const known = await store.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  const url = `${issuer}/signup?token=${sealLink(box, 'sign-up', { email }, expiresAt)}`
  const letter = known ? haveAccountLetter({ issuer }) : signUpLetter({ url, issuer, expiresAt })
  await mailer.send({ to: email, ...letter, byStranger: true }, now)
}

/** The address that a link proves; undefined: it is none, is over, or nobody may sign up any more. */
export const openSignUp = (
  { config, box }: Pick<SignUpDeps, 'config' | 'box'>,
  token: string,
  now: number,
): string | undefined =>
  config.signIn.signUp === 'open' ? openLink<{ email: string }>(box, 'sign-up', token, now)?.email : undefined

/** Makes the account of the proven address. Throws `invalid_request`, `conflict` where there is one, or `not_found` for a link that is not good. */
export const signUp = async (
  deps: SignUpDeps,
  { token, name: given, password }: { token: string; name: string; password: string },
  { ip, requestId }: SessionOrigin,
  now: number,
): Promise<User> => {
  const email = openSignUp(deps, token, now)
  if (email === undefined) throw new Refusal('not_found', 'This link does not work any more.')
  const name = cleanName(given)
  const passwordHash = await hashPassword(password, email, name)
  const id = randomUUIDv7()
  const actor = actorWith({ kind: 'sign-up', id, userId: id, ip, requestId })
  return deps.store.transaction(async (trx) => {
    await addUser(trx, actor, { id, email, name, operator: false, passwordHash }, now)
    await verifyAddress(trx, actor, { id, email }, now)
    return findUser(trx, id)
  })
}
