// Removes rows whose time is over, in batches small enough that nobody waits for them.
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { ActivitySchema } from './activity-schema.ts'
import { clockDifferenceMs, monthOf } from './period.ts'
import { pruneUse } from './prune-use.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'

/** Rows removed in one transaction, and transactions for one kind of row in one call: more than comes between two calls. */
const batchSize = 500
const maxBatches = 2_000

const minute = 60_000
const day = 24 * 60 * minute

export interface Pruned {
  counters: number
  clients: number
  links: number
  credentials: number
  clientSecrets: number
  signingKeys: number
  sessions: number
  codes: number
  refreshTokens: number
  deviceCodes: number
  grants: number
  pushedRequests: number
  devicePolls: number
  revokedTokens: number
  usedIds: number
  messages: number
  statusEntries: number
  lastUses: number
  usage: number
  sightings: number
  decisions: number
  /** Where the next call goes on looking for last uses without a credential; undefined: from the start. */
  resumeAt: string | undefined
}

/** Runs `remove`, which says how many rows it removed, until it finds less than a batch. Gives way between them: on SQLite each holds up the whole thread. */
const inBatches = async (remove: () => Promise<number>): Promise<number> => {
  let total = 0
  for (let batch = 0; batch < maxBatches; batch++) {
    const removed = await remove()
    total += removed
    if (removed < batchSize) break
    await setImmediate()
  }
  return total
}

const removed = ({ numDeletedRows }: { numDeletedRows: bigint }): number => Number(numDeletedRows)

/** Counters that ended within these times. One that another process begins anew between the finding and the removing stays: the row itself is asked again. */
const endedBetween = (activity: Kysely<ActivitySchema>, from: number, to: number): Promise<number> =>
  inBatches(async () =>
    removed(
      await activity
        .deleteFrom('counters')
        .where('period_end', '>=', from)
        .where('period_end', '<=', to)
        .where('id', 'in', (found) =>
          found
            .selectFrom('counters')
            .select('id')
            .where('period_end', '>=', from)
            .where('period_end', '<=', to)
            .limit(batchSize),
        )
        .executeTakeFirstOrThrow(),
    ),
  )

/** Those of the month that has just ended stay for as long as it may still be the present one by another server's clock. */
const counters = async (activity: Kysely<ActivitySchema>, now: number): Promise<number> => {
  const before = now - minute
  const month = monthOf(now).start
  if (before >= month + clockDifferenceMs) return endedBetween(activity, 0, before)
  return (
    (await endedBetween(activity, 0, Math.min(before, month - 1))) + (await endedBetween(activity, month + 1, before))
  )
}

/** Removes rows of `table` whose `column` is not after `before`, and returns their ids. */
const removeDated = (
  store: Store,
  table: 'credentials' | 'client_secrets' | 'signing_keys',
  column: 'expires_at' | 'revoked_at',
  before: number,
): Promise<string[]> =>
  store.transaction(async (trx) => {
    const { rows } = await sql<{ id: string }>`DELETE FROM ${sql.table(table)} WHERE id IN
      (SELECT id FROM ${sql.table(table)} WHERE ${sql.ref(column)} <= ${before} LIMIT ${batchSize}) RETURNING id`.execute(
      trx,
    )
    return rows.map((row) => row.id)
  })

const credentials = (store: Store, column: 'expires_at' | 'revoked_at', before: number): Promise<number> =>
  inBatches(async () => {
    const ids = await removeDated(store, 'credentials', column, before)
    if (ids.length > 0) await store.activity.deleteFrom('last_used').where('credential_id', 'in', ids).execute()
    return ids.length
  })

/** Tables of the authorization server that are over at `expires_at`, by their key. */
type Expiring = 'sessions' | 'codes' | 'refresh_tokens' | 'device_codes' | 'revoked_tokens'

const expired = (store: Store, table: Expiring, key: 'id' | 'hash', before: number): Promise<number> =>
  inBatches(() =>
    store.transaction(async (trx) => {
      const { numAffectedRows } = await sql`DELETE FROM ${sql.table(table)} WHERE ${sql.ref(key)} IN
        (SELECT ${sql.ref(key)} FROM ${sql.table(table)} WHERE expires_at <= ${before} LIMIT ${batchSize})`.execute(trx)
      return Number(numAffectedRows)
    }),
  )

/** Only once its refresh tokens have gone, of which there may be thousands: what goes by cascade is not counted in batches. */
const grants = (store: Store, before: number): Promise<number> =>
  inBatches(() =>
    store.transaction(async (trx) => {
      const { numAffectedRows } =
        await sql`DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= ${before}
        AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id) LIMIT ${batchSize})`.execute(trx)
      return Number(numAffectedRows)
    }),
  )

/** What a person allowed a device that never came for it; the code goes with it. */
const uncollected = (store: Store, before: number): Promise<number> =>
  inBatches(() =>
    store.transaction(async (trx) =>
      removed(
        await trx
          .deleteFrom('grants')
          .where('id', 'in', (from) =>
            from
              .selectFrom('device_codes')
              .select('grant_id')
              .where('expires_at', '<=', before)
              .where('grant_id', 'is not', null)
              .limit(batchSize),
          )
          .executeTakeFirstOrThrow(),
      ),
    ),
  )

const expiredActivity = (
  activity: Kysely<ActivitySchema>,
  table: 'used_ids' | 'pushed_requests' | 'device_polls' | 'status_entries' | 'outbox',
  key: 'id' | 'hash' | 'token_id',
  before: number,
): Promise<number> =>
  inBatches(async () => {
    const { numAffectedRows } = await sql`DELETE FROM ${sql.table(table)} WHERE ${sql.ref(key)} IN
      (SELECT ${sql.ref(key)} FROM ${sql.table(table)} WHERE expires_at <= ${before} LIMIT ${batchSize})`.execute(
      activity,
    )
    return Number(numAffectedRows)
  })

const links = (store: Store, column: 'expires_at' | 'used_at', before: number): Promise<number> =>
  inBatches(() =>
    store.transaction(async (trx) =>
      removed(
        await trx
          .deleteFrom('links')
          .where('hash', 'in', (from) =>
            from.selectFrom('links').select('hash').where(column, '<=', before).limit(batchSize),
          )
          .executeTakeFirstOrThrow(),
      ),
    ),
  )

/**
 * Removes clients of nobody that came so and that nobody has allowed anything: at most `most`, the lowest in `column` first, and none where it
 * is after `before`.
 */
export const removeIdleClients = async (
  trx: Kysely<Schema>,
  registration: 'dynamic' | 'document',
  column: 'created_at' | 'stale_at',
  before: number,
  most: number = batchSize,
): Promise<number> => {
  const { numAffectedRows } = await sql`DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c
    WHERE c.registration = ${registration} AND c.organization_id IS NULL AND c.${sql.ref(column)} <= ${before}
      AND NOT EXISTS (SELECT 1 FROM grants WHERE client_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM consents WHERE client_id = c.id) AND NOT EXISTS (SELECT 1 FROM device_codes WHERE client_id = c.id)
    ORDER BY c.${sql.ref(column)} LIMIT ${most})`.execute(trx)
  return Number(numAffectedRows)
}

const idleClients = (
  store: Store,
  registration: 'dynamic' | 'document',
  column: 'created_at' | 'stale_at',
  before: number,
): Promise<number> => inBatches(() => store.transaction((trx) => removeIdleClients(trx, registration, column, before)))

/** Batches of last uses that are looked through in one call; the next goes on from there. */
const maxSearched = 20

/** What last uses are noted of. */
const used = ['credentials', 'clients', 'sessions'] as const

/** Last uses left behind by what was deleted, looked for in the order of their ids. */
const strayLastUses = async (
  { db, activity }: Store,
  from: string,
): Promise<{ count: number; resumeAt: string | undefined }> => {
  let count = 0
  let after = from
  for (let batch = 0; batch < maxSearched; batch++) {
    const uses = await activity
      .selectFrom('last_used')
      .select('credential_id')
      .where('credential_id', '>', after)
      .orderBy('credential_id')
      .limit(batchSize)
      .execute()
    const ids = uses.map((use) => use.credential_id)
    if (ids.length === 0) return { count, resumeAt: undefined }
    const found = new Set<string>()
    for (const table of used)
      for (const { id } of await db.selectFrom(table).select('id').where('id', 'in', ids).execute()) found.add(id)
    const strays = ids.filter((id) => !found.has(id))
    if (strays.length > 0)
      count += removed(
        await activity.deleteFrom('last_used').where('credential_id', 'in', strays).executeTakeFirstOrThrow(),
      )
    if (ids.length < batchSize) return { count, resumeAt: undefined }
    after = ids.at(-1) as string
    await setImmediate()
  }
  return { count, resumeAt: after }
}

/**
 * Removes, as of `now` (Unix milliseconds): counters and slices whose period ended over a minute ago (a month's over a day), links expired or used for a day,
 * credentials revoked or expired for 90 days with their last use, client secrets expired for a day, signing keys whose last token has
 * expired, what the authorization server keeps once it is over for a day (sessions at once), used ids, places in status lists, pushed requests and polls whose time ended over a minute ago,
 * clients that registered themselves 30 days ago, or whose metadata document is stale for a day, and that nobody has allowed anything,
 * last uses of nothing that there is, and what is too old of counted use. At most a million rows of a kind a call; `from` is the `resumeAt` of the call before.
 * Commits nothing where there is nothing to remove. Any number of processes may do so at once.
 */
export const pruneExpired = async (store: Store, now: number, from = ''): Promise<Pruned> => {
  const ended = await counters(store.activity, now)
  const oldLinks = (await links(store, 'expires_at', now - day)) + (await links(store, 'used_at', now - day))
  const oldCredentials =
    (await credentials(store, 'expires_at', now - 90 * day)) + (await credentials(store, 'revoked_at', now - 90 * day))
  const clientSecrets = await inBatches(
    async () => (await removeDated(store, 'client_secrets', 'expires_at', now - day)).length,
  )
  const signingKeys = await inBatches(async () => (await removeDated(store, 'signing_keys', 'expires_at', now)).length)
  const authorization = {
    sessions: await expired(store, 'sessions', 'id', now),
    codes: await expired(store, 'codes', 'hash', now - day),
    refreshTokens: await expired(store, 'refresh_tokens', 'hash', now - day),
    deviceCodes: (await uncollected(store, now - day)) + (await expired(store, 'device_codes', 'hash', now - day)),
    grants: await grants(store, now - day),
    pushedRequests: await expiredActivity(store.activity, 'pushed_requests', 'hash', now - minute),
    devicePolls: await expiredActivity(store.activity, 'device_polls', 'hash', now - minute),
    revokedTokens: await expired(store, 'revoked_tokens', 'id', now - day),
    statusEntries: await expiredActivity(store.activity, 'status_entries', 'token_id', now - minute),
    usedIds: await expiredActivity(store.activity, 'used_ids', 'id', now - minute),
    messages: await expiredActivity(store.activity, 'outbox', 'id', now - 60 * minute),
  }
  const clients =
    (await idleClients(store, 'dynamic', 'created_at', now - 30 * day)) +
    (await idleClients(store, 'document', 'stale_at', now - day))
  const strays = await strayLastUses(store, from)
  return {
    clients,
    ...authorization,
    counters: ended,
    links: oldLinks,
    credentials: oldCredentials,
    clientSecrets,
    signingKeys,
    lastUses: strays.count,
    ...(await pruneUse(store, now)),
    resumeAt: strays.resumeAt,
  }
}
