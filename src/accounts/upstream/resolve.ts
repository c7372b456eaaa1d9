// Whom somebody is here who has come from an issuer elsewhere. An address links two accounts only where both sides have it proven: else
// whoever makes an account there, or here, with somebody else's address would get theirs (RFC 9700 §4; OpenID Connect Core §5.7).
import { randomUUIDv7 } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import type { UpstreamIssuer } from '../../config/upstream.ts'
import type { Store } from '../../store/store.ts'
import { actorWith } from '../actor.ts'
import { factorsOf, needsSecondFactor } from '../factors/factors.ts'
import { acceptAllOf, standingFor } from '../invitations/accept.ts'
import { nameMistake } from '../name.ts'
import type { SessionOrigin } from '../sessions.ts'
import { addUser } from '../users/create.ts'
import { verifyAddress } from '../users/verify-address.ts'
import { addIdentity } from './identities.ts'
import type { UpstreamPerson } from './issuer.ts'

export type Resolution =
  /** `linked`: by this sign-in, by the address. */
  | { kind: 'known'; userId: string; linked: boolean }
  | { kind: 'created'; userId: string }
  /** The issuer vouches for no address, and the identity is not linked. */
  | { kind: 'no verified address' }
  /** There is an account with this address, to which the person must show themselves first. */
  | { kind: 'link first'; email: string }
  | { kind: 'not invited'; email: string }

/** What the account is called: the issuer's word where it is a name, else what stands before the @. */
const nameOf = ({ name, email = '' }: UpstreamPerson): string =>
  name !== undefined && nameMistake(name) === undefined ? name.trim() : (email.split('@')[0] ?? email)

/** `settings`: of the issuer that the person came from. */
export const resolvePerson = (
  { store, config }: { store: Store; config: Pick<Config, 'signIn'> },
  settings: UpstreamIssuer,
  person: UpstreamPerson,
  { ip, requestId }: SessionOrigin,
  now: number,
): Promise<Resolution> =>
  store.transaction(async (trx): Promise<Resolution> => {
    const identity = await trx
      .selectFrom('identities')
      .select('user_id')
      .where('issuer', '=', person.issuer)
      .where('subject', '=', person.subject)
      .executeTakeFirst()
    if (identity) return { kind: 'known', userId: identity.user_id, linked: false }
    const { email } = person
    if (email === undefined || !person.emailVerified) return { kind: 'no verified address' }
    const user = await trx
      .selectFrom('users')
      .select(['id', 'email_verified_at', 'suspended_at'])
      .where('email', '=', email)
      .executeTakeFirst()
    if (user) {
      // whoever has a second factor wants more than one proof for a way in
      const plain = user.email_verified_at !== null && user.suspended_at === null
      if (!plain || needsSecondFactor(await factorsOf(trx, user.id))) return { kind: 'link first', email }
      const actor = actorWith({ kind: 'upstream', id: settings.name, userId: user.id, ip, requestId })
      await addIdentity(trx, actor, user.id, person, now)
      return { kind: 'known', userId: user.id, linked: true }
    }
    const open = settings.createsAccounts || config.signIn.signUp === 'open'
    if (!open && (await standingFor(trx, email, now)).length === 0) return { kind: 'not invited', email }
    const id = randomUUIDv7()
    const actor = actorWith({ kind: 'upstream', id: settings.name, userId: id, ip, requestId })
    const values = { id, email, name: nameOf(person), operator: false, passwordHash: null }
    await addUser(trx, actor, values, now)
    await verifyAddress(trx, actor, { id, email }, now)
    await addIdentity(trx, actor, id, person, now)
    // an invitation is what the account stands on, so it is taken with it
    if (!open) await acceptAllOf(trx, actor, { id, email }, now)
    return { kind: 'created', userId: id }
  })
