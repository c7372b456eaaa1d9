// RFC 8628 §3.2, §3.5: device codes as they are kept: made, found by either code, decided once, and how often they are asked about.
import { randomBytes } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { hashOf } from '../../credentials/format.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { makeUserCode, userCodeHash } from './user-code.ts'

export type DeviceCode = Schema['device_codes']

export const lifetimeSeconds = 600
export const intervalSeconds = 5

/** What a poll that comes too early adds to the interval (§3.5), and where that ends. */
const slowDownMs = 5_000
const maxIntervalMs = 60_000

/** Timers and networks are not exact: nobody is slowed down for so much. */
const leewayMs = 500

/** Of one client at once. */
const maxPerClient = 10_000

const maxDeviceCodeLength = 100

type Asked = Pick<DeviceCode, 'client_id' | 'api' | 'scopes' | 'jkt' | 'ip'>

/** Makes both codes; undefined: the client has too many that nobody has decided yet. */
export const makeDeviceCode = (
  store: Store,
  box: SecretBox,
  asked: Asked,
  now: number,
): Promise<{ deviceCode: string; userCode: string } | undefined> =>
  store.transaction(async (trx) => {
    const { live } = await trx
      .selectFrom('device_codes')
      .select((eb) => eb.fn.countAll<number>().as('live'))
      .where('client_id', '=', asked.client_id)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    if (live >= maxPerClient) return undefined
    for (;;) {
      const deviceCode = `dc_${randomBytes(32).toString('base64url')}`
      const userCode = makeUserCode()
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto('device_codes')
        .values({
          ...asked,
          hash: hashOf(deviceCode),
          user_code_hash: userCodeHash(box, userCode),
          created_at: now,
          expires_at: now + lifetimeSeconds * 1000,
          denied_at: null,
          grant_id: null,
        })
        .onConflict((conflict) => conflict.column('user_code_hash').doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows === 1n) return { deviceCode, userCode }
    }
  })

/** The client's device code, in whatever state; undefined: there is none, or it has given its tokens. */
export const findDeviceCode = async (
  { db }: Store,
  clientId: string,
  deviceCode: string,
): Promise<DeviceCode | undefined> =>
  deviceCode.length > maxDeviceCodeLength
    ? undefined
    : db
        .selectFrom('device_codes')
        .selectAll()
        .where('hash', '=', hashOf(deviceCode))
        .where('client_id', '=', clientId)
        .executeTakeFirst()

/** Who waits behind a user code, as `readUserCode` gives it; undefined: nobody, or it has been decided. */
export const findWaiting = (
  db: Kysely<Schema>,
  box: SecretBox,
  userCode: string,
  now: number,
): Promise<DeviceCode | undefined> =>
  db
    .selectFrom('device_codes')
    .selectAll()
    .where('user_code_hash', '=', userCodeHash(box, userCode))
    .where('expires_at', '>', now)
    .where('grant_id', 'is', null)
    .where('denied_at', 'is', null)
    .executeTakeFirst()

/** Decides what nobody has decided; false: somebody was first, or its time is over. */
export const decide = async (
  trx: Transaction<Schema>,
  hash: string,
  decision: { grant_id: string } | { denied_at: number },
  now: number,
): Promise<boolean> => {
  const { numUpdatedRows } = await trx
    .updateTable('device_codes')
    .set(decision)
    .where('hash', '=', hash)
    .where('expires_at', '>', now)
    .where('grant_id', 'is', null)
    .where('denied_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Uses the code up; false: somebody was first. */
export const consume = async (trx: Transaction<Schema>, hash: string): Promise<boolean> => {
  const { numDeletedRows } = await trx.deleteFrom('device_codes').where('hash', '=', hash).executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

/** Notes a poll, and says whether it came too early: then the code may be asked about less often from now on. */
export const comesTooEarly = async (
  { activity }: Store,
  { hash, expires_at }: Pick<DeviceCode, 'hash' | 'expires_at'>,
  now: number,
): Promise<boolean> => {
  // one statement: of polls at once, in any processes, each sees the one before it
  const { early } = await activity
    .insertInto('device_polls')
    .values({ hash, polled_at: now, early: 0, interval_ms: intervalSeconds * 1000, expires_at })
    .onConflict((conflict) =>
      conflict.column('hash').doUpdateSet((eb) => {
        const due = eb('device_polls.polled_at', '+', eb.ref('device_polls.interval_ms'))
        const isEarly = eb(due, '>', now + leewayMs)
        const slower = eb('device_polls.interval_ms', '+', slowDownMs)
        return {
          polled_at: now,
          early: eb.case().when(isEarly).then(1).else(0).end(),
          interval_ms: eb
            .case()
            .when(eb.and([isEarly, eb(slower, '<=', maxIntervalMs)]))
            .then(slower)
            .else(eb.ref('device_polls.interval_ms'))
            .end(),
        }
      }),
    )
    .returning('early')
    .executeTakeFirstOrThrow()
  return early === 1
}
