// What people are told by mail about their own account (OWASP ASVS 5.0 §6.3.7): whatever changes how one gets in, and what looks as if
// somebody else tried to. A message that cannot be sent holds nothing up.
import type { Logger } from 'pino'
import type { Mailer } from '../mail/mailer.ts'
import { formatTime } from '../rfc3339.ts'
import type { Store } from '../store/store.ts'
import { useOnce } from '../store/used-ids.ts'
import { deviceOf } from './device.ts'
import type { SessionOrigin } from './sessions.ts'

/** Each with its subject and what happened, in a sentence. `thing`: what it is about, as in the name of a passkey. */
const notices = {
  new_browser: ['New sign-in', () => 'You have signed in in a browser that you have not used here before.'],
  second_step_failed: [
    'Somebody knows your password',
    () =>
      'Somebody gave your password, and then wrong codes until no more were taken. They did not get in. If it was not you, change your password now.',
  ],
  password_changed: [
    'Your password was changed',
    () => 'Your password was changed, and all other browsers are signed out.',
  ],
  password_set: [
    'Your password was set by a link',
    () => 'A password was set for your account by a link that an operator made. Whoever was signed in is signed out.',
  ],
  identity_unlinked: [
    'An account elsewhere is unlinked',
    (thing: string) => `The account at ${thing} does not sign you in any more.`,
  ],
  totp_added: ['Authenticator app added', () => 'An authenticator app was set up as a second factor.'],
  totp_removed: ['Authenticator app removed', () => 'The authenticator app is no second factor any more.'],
  passkey_added: [
    'Passkey added',
    (thing: string) => `The passkey “${thing}” was added. Whoever has it can sign in as you.`,
  ],
  passkey_removed: ['Passkey removed', (thing: string) => `The passkey “${thing}” was removed.`],
  recovery_codes_made: [
    'New recovery codes',
    () => 'New recovery codes were made. The former ones do not work any more.',
  ],
  recovery_code_used: [
    'Recovery code used',
    (left: string) => `Somebody signed in as you with a recovery code. Codes that are left: ${left}.`,
  ],
  factors_reset: [
    'Second factors removed',
    () =>
      'An operator removed your authenticator app, passkeys and recovery codes, and signed you out everywhere. Set them up anew when you sign in.',
  ],
  account_deleted: ['Your account is deleted', () => 'Your account was deleted, with all tokens and sessions.'],
} as const satisfies Record<string, readonly [string, (thing: string) => string]>

export type NoticeKind = keyof typeof notices

export interface Addressee {
  id: string
  email: string
  name: string
}

const minute = 60_000

export interface NoticesDeps {
  store: Pick<Store, 'db' | 'activity'>
  mailer: Pick<Mailer, 'available' | 'send'>
  issuer: string
  log: Pick<Logger, 'error'>
}

export class Notices {
  readonly #deps: NoticesDeps

  constructor(deps: NoticesDeps) {
    this.#deps = deps
  }

  /** Never throws. `now`: Unix milliseconds. */
  async tell(
    to: Addressee | string,
    kind: NoticeKind,
    { ip, userAgent }: Pick<SessionOrigin, 'ip' | 'userAgent'>,
    now: number,
    thing = '',
  ): Promise<void> {
    const { mailer, issuer, log } = this.#deps
    if (!mailer.available) return
    try {
      const person = typeof to === 'string' ? await this.#find(to) : to
      if (!person) return
      const [subject, what] = notices[kind]
      const place = ip === undefined ? [] : [`Address: ${ip}`]
      const device = userAgent === undefined ? [] : [`Browser: ${deviceOf(userAgent)}`]
      const text = [
        `Hello ${person.name},`,
        '',
        what(thing),
        '',
        `Time: ${formatTime(now)}`,
        ...place,
        ...device,
        '',
        `If this was not you: ${issuer}/account/security shows and ends all sessions.`,
      ].join('\n')
      await mailer.send({ to: person.email, subject: `${subject} · ${new URL(issuer).hostname}`, text }, now)
    } catch (error) {
      log.error({ err: error }, 'could not take a notice for the mail')
    }
  }

  /** As `tell`, once an hour: of what somebody else can cause as often as they like. */
  async tellOnceAnHour(userId: string, kind: NoticeKind, origin: SessionOrigin, now: number): Promise<void> {
    const hour = Math.floor(now / (60 * minute))
    try {
      const first = await useOnce(this.#deps.store, ['notice', kind, userId, String(hour)], (hour + 1) * 60 * minute)
      if (first) await this.tell(userId, kind, origin, now)
    } catch (error) {
      this.#deps.log.error({ err: error }, 'could not take a notice for the mail')
    }
  }

  #find(id: string): Promise<Addressee | undefined> {
    return this.#deps.store.db
      .selectFrom('users')
      .select(['id', 'email', 'name'])
      .where('id', '=', id)
      .executeTakeFirst()
  }
}
