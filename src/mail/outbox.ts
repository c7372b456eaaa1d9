// Messages on their way: taken durably, sealed until they are delivered, tried again for a day. At least once: a process that dies between
// the server's yes and its own note of it leaves a message that is sent once more, under the same Message-ID.
import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { cleanEmail } from '../accounts/email.ts'
import type { Config } from '../config/config.ts'
import { Rounds, inLanes } from '../rounds.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import type { Mail, Mailer } from './mailer.ts'
import { type Deliver, faultOf, smtpDelivery } from './smtp.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

const lifetimeMs = 24 * hour
const everyMs = 10 * second
/** One attempt in all. Until the lease is over no other process takes the message: longer than an attempt. */
const attemptMs = minute
const leaseMs = 2 * minute
const firstPauseMs = 30 * second
const longestPauseMs = hour
/** Messages taken in one round, and sent at a time. */
const roundSize = 50
const lanes = 4

/** To one address in an hour, by `by_stranger`: what is about the account itself, what anybody can cause, alerts. Each has room of its own. */
const maxInAnHour = [60, 5, 60] as const
/** Waiting in all. */
const maxWaiting = 10_000

const maxSubjectLength = 200
const maxTextLength = 20_000

const contextOf = (id: string): string => `outbox ${id}`

type Letter = Pick<Mail, 'to' | 'subject' | 'text'>

export const openMail = (box: SecretBox, id: string, sealed: string): Letter =>
  JSON.parse(box.open(sealed, contextOf(id)).toString()) as Letter

/** One line, whatever stood in a name that it quotes (CWE-93). */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, maxSubjectLength)

const pauseMs = (attempts: number): number => Math.min(firstPauseMs * 2 ** Math.min(attempts - 1, 20), longestPauseMs)

export interface OutboxDeps {
  config: Pick<Config, 'mail' | 'issuer'>
  store: Store
  box: SecretBox
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

export class Outbox implements Mailer {
  readonly available: boolean
  readonly #deps: OutboxDeps
  readonly #deliver: Deliver | undefined
  readonly #rounds: Rounds

  constructor(deps: OutboxDeps) {
    const { mail, issuer } = deps.config
    this.#deps = deps
    this.#deliver = mail.smtp && smtpDelivery(mail.smtp, mail.from, issuer)
    this.available = mail.smtp !== undefined || mail.development
    this.#rounds = new Rounds({
      everyMs,
      round: async () => {
        await this.#giveUp()
        return this.#round()
      },
      failed: (error) => deps.log.error({ err: error }, 'could not deliver messages'),
    })
  }

  async send(mail: Mail, now: number): Promise<boolean> {
    const { store, box, log, config } = this.#deps
    const sort = mail.byStranger ? 1 : mail.isAlert ? 2 : 0
    const { development } = config.mail
    const message: Letter = {
      to: cleanEmail(mail.to),
      subject: oneLine(mail.subject),
      text: mail.text.slice(0, maxTextLength),
    }
    if (!this.available) {
      log.warn({ subject: message.subject }, 'a message was left out: there is no mail server')
      return false
    }
    const id = randomUUIDv7()
    const sealed = box.seal(Buffer.from(JSON.stringify(message)), contextOf(id))
    const recipient = box.hmac(`outbox recipient ${message.to}`)
    // one statement: what is counted is what it finds
    const { numAffectedRows = 0n } = await sql`
      INSERT INTO outbox (id, sealed, recipient, by_stranger, created_at, expires_at, attempts, next_at, sent_at)
      SELECT ${id}, ${sealed}, ${recipient}, ${sort}, ${now}, ${now + lifetimeMs}, 0, ${now}, ${development ? now : null}
      WHERE (SELECT count(*) FROM outbox WHERE recipient = ${recipient} AND by_stranger = ${sort}
          AND created_at > ${now - hour}) < ${maxInAnHour[sort]}
        AND (SELECT count(*) FROM outbox WHERE sent_at IS NULL) < ${maxWaiting}`.execute(store.activity)
    if (numAffectedRows === 0n) {
      log.warn('a message was left out: too many for one address, or in all')
      return false
    }
    // development: nobody delivers, the message is looked at where it lies
    if (development) log.info(message, 'a message, shown because there is no mail server')
    else void this.kick()
    return true
  }

  /** Delivers from now on: at once what is taken here, and by a timer what others took. */
  start(): void {
    if (this.#deliver) this.#rounds.start()
  }

  /** Looks for what is due, unless this process does not deliver. Resolves once there is nothing left to do now. */
  kick(): Promise<void> {
    return this.#rounds.kick()
  }

  /** Ends what is in flight after a moment; it is tried again by whoever runs next. */
  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** Answers whether there may be more. */
  async #round(): Promise<boolean> {
    const now = this.#deps.now()
    const due = await this.#deps.store.activity
      .selectFrom('outbox')
      .select(['id', 'next_at'])
      .where('sent_at', 'is', null)
      .where('next_at', '<=', now)
      .where('expires_at', '>', now)
      .orderBy('next_at')
      .limit(roundSize)
      .execute()
    await inLanes(lanes, due.values(), this.#rounds.signal, ({ id, next_at }) => this.#attempt(id, next_at))
    return due.length === roundSize
  }

  /** Takes the message for this process, by the time at which it was due: whoever comes second finds another. */
  async #attempt(id: string, dueAt: number): Promise<void> {
    const { store, box, log, now } = this.#deps
    const claimed = await store.activity
      .updateTable('outbox')
      .set((eb) => ({ attempts: eb('attempts', '+', 1), next_at: now() + leaseMs }))
      .where('id', '=', id)
      .where('next_at', '=', dueAt)
      .where('sent_at', 'is', null)
      .returning(['sealed', 'attempts'])
      .executeTakeFirst()
    if (!claimed || !this.#deliver) return
    const { sealed, attempts } = claimed
    try {
      const message = JSON.parse(box.open(sealed, contextOf(id)).toString()) as Mail
      await this.#deliver({ ...message, id }, AbortSignal.any([this.#rounds.signal, AbortSignal.timeout(attemptMs)]))
    } catch (error) {
      if (this.#rounds.signal.aborted) return
      const fault = faultOf(error)
      if (fault.final) return this.#drop(id, fault, 'a message was refused for good: its recipient is unknown')
      await store.activity
        .updateTable('outbox')
        .set({ next_at: now() + pauseMs(attempts) })
        .where('id', '=', id)
        .execute()
      log.warn({ message_id: id, attempts, ...fault }, 'a message could not be delivered; it is tried again')
      return
    }
    await store.activity.updateTable('outbox').set({ sent_at: now(), sealed: '' }).where('id', '=', id).execute()
  }

  async #giveUp(): Promise<void> {
    const { store, log, now } = this.#deps
    const over = await store.activity
      .deleteFrom('outbox')
      .where('sent_at', 'is', null)
      .where('expires_at', '<=', now())
      .returning(['id', 'attempts'])
      .execute()
    for (const { id, attempts } of over) log.error({ message_id: id, attempts }, 'a message was given up after a day')
  }

  async #drop(id: string, fault: object, what: string): Promise<void> {
    await this.#deps.store.activity.updateTable('outbox').set({ sent_at: 0, sealed: '' }).where('id', '=', id).execute()
    this.#deps.log.error({ message_id: id, ...fault }, what)
  }
}
