// Delivers what is on its way to webhooks: taken by one process at a time, tried again for a day, at least once. A process that dies in
// between leaves the message to the next, under the same `webhook-id`.
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { actorWith } from '../accounts/actor.ts'
import { raiseAlerts } from '../alerts/raise.ts'
import { recordChange } from '../audit/record.ts'
import { type Resolve, resolver } from '../clients/strangers-address.ts'
import type { Config } from '../config/config.ts'
import { formatTime } from '../rfc3339.ts'
import { Rounds, inLanes } from '../rounds.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { type DeliveryRow, attemptsOf } from './deliveries.ts'
import { giveUpAfterMs, pauseMs } from './schedule.ts'
import { type Outcome, send, wholeMs } from './send.ts'
import { type WebhookRow, hostOf } from './webhook.ts'

const everyMs = 5000
/** Until then no other process takes what this one is sending: longer than an attempt. */
const leaseMs = 4 * wholeMs
/** Deliveries taken in one round, of one webhook, and sent at a time. */
const roundSize = 64
const roundSizeOfWebhook = 2
const lanes = 16
/** Attempts that the log tells of. */
const maxTold = 20

/** Who turns a webhook off that has failed for days. */
const server = actorWith({ kind: 'local', id: 'server' })

export interface SenderDeps {
  config: Pick<Config, 'issuer'>
  store: Store
  box: SecretBox
  log: Logger
  /** Unix milliseconds. */
  now: () => number
  /** Another name service than the machine's. */
  resolve?: Resolve
}

export class Sender {
  readonly #deps: SenderDeps & { resolve: Resolve }
  readonly #rounds: Rounds

  constructor(deps: SenderDeps) {
    this.#deps = { ...deps, resolve: deps.resolve ?? resolver() }
    this.#rounds = new Rounds({
      everyMs,
      round: () => this.#round(),
      failed: (error) => deps.log.error({ err: error }, 'could not deliver to webhooks'),
    })
  }

  /** Delivers from now on: at once what this process is told of, and by a timer what others have taken. */
  start(): void {
    this.#rounds.start()
  }

  /** Looks for what is due, in a process that delivers. */
  kick(): void {
    void this.#rounds.kick()
  }

  /** Sends all that is due, and resolves once there is nothing left to do now. */
  run(): Promise<void> {
    return this.#rounds.run()
  }

  /** Ends what is in flight after a moment; it is tried again by whoever runs next. */
  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** Answers whether there may be more. One webhook with many messages holds up no other. */
  async #round(): Promise<boolean> {
    const { rows: due } = await sql<{ id: string; webhook_id: string; next_at: number }>`
      SELECT id, webhook_id, next_at FROM (SELECT id, webhook_id, next_at, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at, id) AS place
        FROM webhook_deliveries WHERE next_at IS NOT NULL AND next_at <= ${this.#deps.now()}) AS due
      WHERE place <= ${roundSizeOfWebhook} ORDER BY next_at, id LIMIT ${roundSize}`.execute(this.#deps.store.activity)
    // one after the other to one webhook, so that messages come in order where nothing fails
    const queues = [...Map.groupBy(due, ({ webhook_id }) => webhook_id).values()].values()
    const { signal } = this.#rounds
    await inLanes(lanes, queues, signal, async (queue) => {
      for (const { id, next_at } of queue) if (!signal.aborted) await this.#attempt(id, next_at)
    })
    return due.length > 0
  }

  /** Takes the delivery for this process, by the time at which it was due: whoever comes second finds another. */
  async #attempt(id: string, dueAt: number): Promise<void> {
    const { store, config, now } = this.#deps
    const row = await store.activity
      .updateTable('webhook_deliveries')
      .set((eb) => ({ next_at: now() + leaseMs, attempts_left: eb('attempts_left', '-', 1) }))
      .where('id', '=', id)
      .where('next_at', '=', dueAt)
      .returningAll()
      .executeTakeFirst()
    if (!row) return
    const webhook = await store.db
      .selectFrom('webhooks')
      .selectAll()
      .where('id', '=', row.webhook_id)
      .executeTakeFirst()
    if (!webhook) {
      await store.activity.deleteFrom('webhook_deliveries').where('webhook_id', '=', row.webhook_id).execute()
      return
    }
    // what was turned off meanwhile is sent nothing more; it can be redelivered
    if (webhook.disabled_at !== null) return this.#keep(row, { next_at: null })
    const startedAt = now()
    const started = performance.now()
    const outcome = await send({ ...this.#deps, issuer: config.issuer }, webhook, row, startedAt, this.#rounds.signal)
    if (this.#rounds.signal.aborted && outcome.failure !== null) {
      // not the receiver's fault: as if it had not been tried
      return this.#keep(row, { next_at: dueAt, attempts_left: row.attempts_left + 1 })
    }
    const { status, failure } = outcome
    const attempt = { at: formatTime(startedAt), status, failure, duration_ms: Math.round(performance.now() - started) }
    const attempts = JSON.stringify([...attemptsOf(row), attempt].slice(-maxTold))
    if (failure === null) {
      await this.#keep(row, { attempts, next_at: null, delivered_at: now() })
      await store.activity.deleteFrom('webhook_failures').where('webhook_id', '=', webhook.id).execute()
      return
    }
    const again = row.attempts_left > 0 && status !== 410
    const next_at = again ? now() + pauseMs(row.attempts_left, outcome.wishMs, Math.random()) : null
    await this.#keep(row, { attempts, next_at })
    await this.#noteFailure(webhook, outcome)
  }

  /** Unless somebody has asked for it anew meanwhile. */
  async #keep({ id, next_at }: DeliveryRow, change: Partial<DeliveryRow>): Promise<void> {
    await this.#deps.store.activity
      .updateTable('webhook_deliveries')
      .set(change)
      .where('id', '=', id)
      .where('next_at', '=', next_at)
      .execute()
  }

  async #noteFailure(webhook: WebhookRow, { status, failure }: Outcome): Promise<void> {
    const { store, log, now } = this.#deps
    const at = now()
    await store.activity
      .insertInto('webhook_failures')
      .values({ webhook_id: webhook.id, since: at })
      .onConflict((conflict) => conflict.column('webhook_id').doNothing())
      .execute()
    const { since = at } =
      (await store.activity
        .selectFrom('webhook_failures')
        .select('since')
        .where('webhook_id', '=', webhook.id)
        .executeTakeFirst()) ?? {}
    log.debug({ webhook_id: webhook.id, status, failure }, 'a webhook did not take a message')
    if (status === 410) await this.#turnOff(webhook, 'gone', at)
    else if (at - since >= giveUpAfterMs) await this.#turnOff(webhook, 'failing', at)
  }

  async #turnOff({ id, organization_id, url }: WebhookRow, why: 'gone' | 'failing', at: number): Promise<void> {
    const { store } = this.#deps
    const done = await store.transaction(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('webhooks')
        .set({ disabled_at: at, disabled_why: why })
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) return false
      await recordChange(trx, server, at, {
        action: 'webhook.disabled',
        targetKind: 'webhook',
        targetId: id,
        organizationId: organization_id,
        detail: { why },
      })
      return true
    })
    if (!done) return
    await raiseAlerts(
      store,
      [
        {
          kind: 'webhook.disabled',
          organizationId: organization_id,
          userId: null,
          subjectKind: 'webhook',
          subjectId: id,
          period: String(at),
          detail: { host: hostOf(url), why },
        },
      ],
      at,
    )
  }
}
