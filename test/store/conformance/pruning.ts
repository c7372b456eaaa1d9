// Pruning: what is over goes, what is not stays, and a call does a bounded share.
import assert from 'node:assert/strict'
import { pruneExpired } from '../../../src/store/prune.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import {
  addClient,
  addClientSecret,
  addCode,
  addCredential,
  addGrant,
  addLink,
  addOrganization,
  addRefreshToken,
  addSession,
  addSigningKey,
  addUser,
  at,
  newId,
} from '../rows.ts'

const day = 86_400_000
const hour = 3_600_000
const nothing = {
  counters: 0,
  links: 0,
  credentials: 0,
  clients: 0,
  clientSecrets: 0,
  signingKeys: 0,
  sessions: 0,
  codes: 0,
  refreshTokens: 0,
  deviceCodes: 0,
  grants: 0,
  pushedRequests: 0,
  devicePolls: 0,
  revokedTokens: 0,
  statusEntries: 0,
  usedIds: 0,
  messages: 0,
  lastUses: 0,
  usage: 0,
  sightings: 0,
  decisions: 0,
  resumeAt: undefined,
}

const idsOf = async (store: Store, table: 'credentials' | 'client_secrets' | 'signing_keys'): Promise<string[]> =>
  (await store.db.selectFrom(table).select('id').orderBy('id').execute()).map((row) => row.id)

export const pruning: readonly Requirement[] = [
  [
    'clients of nobody that nobody has allowed anything go after a while; those of organizations, built in, or allowed something stay',
    async (database) => {
      const store = await database.open()
      const organization = await addOrganization(store)
      const user = await addUser(store)
      const month = 30 * day
      const kept = [
        await addClient(store, organization, { registration: 'dynamic', created_at: at - month }),
        await addClient(store, null, { registration: 'built_in', created_at: 0 }),
        await addClient(store, null, { registration: 'dynamic', created_at: at - month + 1 }),
        await addClient(store, null, { registration: 'dynamic', created_at: 0 }),
        await addClient(store, null, { registration: 'document', created_at: 0, stale_at: at - day + 1 }),
        await addClient(store, null, { registration: 'document', created_at: 0, stale_at: 0 }),
      ]
      for (const client of [kept[3], kept[5]]) await addGrant(store, client as string, user)
      await addClient(store, null, { registration: 'dynamic', created_at: at - month })
      await addClient(store, null, { registration: 'document', created_at: 0, stale_at: at - day })
      assert.equal((await pruneExpired(store, at)).clients, 2)
      const left = await store.db.selectFrom('clients').select('id').orderBy('id').execute()
      assert.deepEqual(
        left.map(({ id }) => id),
        kept,
      )
      await store.close()
    },
  ],
  [
    'what is over goes with what hangs on it, what is not stays',
    async (database) => {
      const store = await database.open()
      const organization = await addOrganization(store)
      const client = await addClient(store, organization)
      const keptCredentials = [
        await addCredential(store, { organization_id: organization }),
        await addCredential(store, { organization_id: organization, expires_at: at + 1 }),
        await addCredential(store, { organization_id: organization, expires_at: at - 90 * day + 1 }),
        await addCredential(store, { organization_id: organization, revoked_at: at - 90 * day + 1 }),
      ].map(({ id }) => id)
      const gone = [
        await addCredential(store, { organization_id: organization, expires_at: at - 90 * day }),
        await addCredential(store, { organization_id: organization, revoked_at: at - 90 * day }),
        await addCredential(store, { organization_id: organization, expires_at: at + day, revoked_at: at - 100 * day }),
      ].map(({ id }) => id)
      await store.recordLastUse(
        new Map(
          [...keptCredentials, client, ...gone, 'stray-of-a-deleted-organization'].map((id): [string, number] => [
            id,
            at,
          ]),
        ),
      )
      const keptSecrets = [
        await addClientSecret(store, client, 'a'),
        await addClientSecret(store, client, 'b', at - day + 1),
      ]
      await addClientSecret(store, client, 'c', at - day)
      const keptKeys = [await addSigningKey(store), await addSigningKey(store, { retired_at: at, expires_at: at + 1 })]
      await addSigningKey(store, { retired_at: at - 1, expires_at: at })
      const keptLinks = [await addLink(store), await addLink(store, { used_at: at - day + 1 })]
      await addLink(store, { expires_at: at - day })
      await addLink(store, { used_at: at - day, expires_at: at + day })
      const window = { period: 1_000, limit: 10, needed: 1, wanted: 2 }
      await store.counters.take({ ...window, counter: 'over' }, at - 61_000)
      await store.counters.take({ ...window, counter: 'just over' }, at - 60_999)
      await store.counters.take({ ...window, counter: 'month', period: 'month' }, at)

      assert.deepEqual(await pruneExpired(store, at), {
        ...nothing,
        counters: 1,
        links: 2,
        credentials: 3,
        clientSecrets: 1,
        signingKeys: 1,
        lastUses: 1,
      })
      assert.deepEqual(await idsOf(store, 'credentials'), keptCredentials)
      assert.deepEqual(
        (await store.activity.selectFrom('last_used').select('credential_id').orderBy('credential_id').execute()).map(
          (row) => row.credential_id,
        ),
        [...keptCredentials, client].toSorted(),
      )
      assert.deepEqual(await idsOf(store, 'client_secrets'), keptSecrets)
      assert.deepEqual(await idsOf(store, 'signing_keys'), keptKeys)
      assert.deepEqual(
        (await store.db.selectFrom('links').select('hash').orderBy('hash').execute()).map((row) => row.hash),
        keptLinks,
      )
      assert.deepEqual(
        (await store.activity.selectFrom('counters').select('id').orderBy('id').execute()).map((row) => row.id),
        ['just over', 'month'],
      )
      assert.deepEqual(
        (await store.activity.selectFrom('slices').select('counter_id').orderBy('counter_id').execute()).map(
          (row) => row.counter_id,
        ),
        ['just over', 'month'],
      )

      const version = store.lookups.version()
      assert.deepEqual(await pruneExpired(store, at), nothing)
      assert.equal(store.lookups.version(), version, 'nothing to prune is nothing committed')
    },
  ],
  [
    'what the authorization server keeps goes once it is over: sessions at once, what must be told from the unknown a day later',
    async (database) => {
      const store = await database.open()
      const user = await addUser(store)
      const client = await addClient(store, await addOrganization(store))
      const over = at - day
      const sessions = [await addSession(store, user), await addSession(store, user, { expires_at: at + day })]
      await addSession(store, user, { expires_at: at })
      const grants = [
        await addGrant(store, client, user, { expires_at: at + day }),
        await addGrant(store, client, user, { expires_at: at + day, revoked_at: at - 100 * day }),
        await addGrant(store, client, user, { expires_at: over + 1 }),
        await addGrant(store, client, user, { expires_at: over }),
      ] as const
      const gone = await addGrant(store, client, user, { expires_at: over })
      const refreshTokens = [
        await addRefreshToken(store, grants[0], over + 1),
        await addRefreshToken(store, grants[3], over + 1), // keeps its grant until it goes itself
      ]
      await addRefreshToken(store, grants[0], over)
      await addRefreshToken(store, gone, over)
      const codes = [await addCode(store, grants[0], over + 1)]
      await addCode(store, grants[0], over)
      await addCode(store, gone, at + day) // goes with its grant
      const allowed = await addGrant(store, client, user, { expires_at: at + day }) // of a device that never came back
      const base = { client_id: client, created_at: at }
      const device = { ...base, api: 'multi', scopes: '', jkt: null, ip: null, denied_at: null }
      await store.transaction(async (trx) => {
        for (const [hash, expires_at, grant_id] of [
          ['kept', over + 1, null],
          ['over', over, null],
          ['uncollected', over, allowed],
        ] as const) {
          await trx
            .insertInto('device_codes')
            .values({ ...device, hash, user_code_hash: hash, expires_at, grant_id })
            .execute()
          await trx.insertInto('revoked_tokens').values({ id: hash, expires_at }).execute()
        }
      })
      const ids = [
        { id: 'kept', expires_at: at - 59_999 },
        ...Array.from({ length: 1_200 }, (_, index) => ({ id: `over-${index}`, expires_at: at - 60_000 })),
      ]
      await store.activity.insertInto('used_ids').values(ids).execute()
      for (const [hash, expires_at] of [
        ['kept', at - 59_999],
        ['over', at - 60_000],
      ] as const) {
        await store.activity
          .insertInto('pushed_requests')
          .values({ hash, client_id: client, parameters: '[]', opened: 0, expires_at })
          .execute()
        await store.activity
          .insertInto('device_polls')
          .values({ hash, polled_at: at, early: 0, interval_ms: 1, expires_at })
          .execute()
        const place = {
          list_id: 'list',
          list_index: expires_at - at + 60_000,
          origin_kind: 'client',
          origin_id: client,
        } as const
        await store.activity
          .insertInto('status_entries')
          .values({ ...place, token_id: hash, organization_id: null, expires_at })
          .execute()
      }

      assert.deepEqual(await pruneExpired(store, at), {
        ...nothing,
        sessions: 1,
        codes: 1,
        refreshTokens: 2,
        deviceCodes: 2,
        grants: 1,
        pushedRequests: 1,
        devicePolls: 1,
        revokedTokens: 2,
        statusEntries: 1,
        usedIds: 1_200,
      })
      const left = async (table: 'codes' | 'refresh_tokens' | 'device_codes') =>
        (await store.db.selectFrom(table).select('hash').orderBy('hash').execute()).map((row) => row.hash)
      const leftIds = async (table: 'sessions' | 'grants' | 'revoked_tokens') =>
        (await store.db.selectFrom(table).select('id').orderBy('id').execute()).map((row) => row.id)
      assert.deepEqual(await leftIds('sessions'), sessions)
      assert.deepEqual(await leftIds('grants'), [...grants])
      assert.deepEqual(await leftIds('revoked_tokens'), ['kept'])
      assert.deepEqual(await left('codes'), codes)
      assert.deepEqual(await left('refresh_tokens'), refreshTokens)
      assert.deepEqual(await left('device_codes'), ['kept'])
      for (const table of ['pushed_requests', 'device_polls'] as const)
        assert.deepEqual(
          (await store.activity.selectFrom(table).select('hash').execute()).map((row) => row.hash),
          ['kept'],
          table,
        )
      const places = await store.activity.selectFrom('status_entries').select('token_id').execute()
      assert.deepEqual(
        places.map(({ token_id }) => token_id),
        ['kept'],
      )
      const [kept, ...others] = await store.activity.selectFrom('used_ids').select('id').execute()
      assert.deepEqual([kept?.id, others.length], ['kept', 0])

      const version = store.lookups.version()
      assert.deepEqual(await pruneExpired(store, at), nothing)
      assert.equal(store.lookups.version(), version, 'nothing to prune is nothing committed')
      assert.deepEqual(await pruneExpired(store, at + 1), {
        ...nothing,
        sessions: 1,
        codes: 1,
        refreshTokens: 2,
        deviceCodes: 1,
        grants: 2,
        pushedRequests: 1,
        devicePolls: 1,
        revokedTokens: 1,
        statusEntries: 1,
        usedIds: 1,
      })
    },
  ],
  [
    'however much is over goes in one call; last uses are looked through by and by',
    async (database) => {
      const store = await database.open()
      const ids = Array.from({ length: 10_400 }, newId)
      const chunks = Array.from({ length: 11 }, (_, index) => ids.slice(index * 1_000, index * 1_000 + 1_000))
      for (const chunk of chunks) {
        await store.activity
          .insertInto('counters')
          .values(chunk.map((id) => ({ id, period_start: at - 120_000, period_end: at - 60_000, taken: 1 })))
          .execute()
        await store.activity
          .insertInto('last_used')
          .values(chunk.map((credential_id) => ({ credential_id, last_used_at: at })))
          .execute()
      }
      const first = await pruneExpired(store, at)
      assert.deepEqual(first, { ...nothing, counters: 10_400, lastUses: 10_000, resumeAt: ids[9_999] })
      assert.deepEqual(await pruneExpired(store, at, first.resumeAt), { ...nothing, lastUses: 400 })
      assert.deepEqual(await pruneExpired(store, at), nothing)
    },
  ],
  [
    'a month that is over stays for a day: by another server’s clock it may be the present one still',
    async (database) => {
      const store = await database.open()
      const month = Date.UTC(2026, 5, 1)
      const spend = (now: number) =>
        store.counters.take({ counter: 'month', period: 'month', limit: 10, needed: 10, wanted: 10 }, now)
      assert.equal((await spend(month - hour)).granted, 10)
      await store.counters.take({ counter: 'window', period: 1_000, limit: 10, needed: 1, wanted: 1 }, month - 1_001)
      assert.equal(
        (await pruneExpired(store, month + 30_000)).counters,
        0,
        'the window has ended less than a minute ago',
      )
      // a server whose clock is an hour ahead is in the next month, and prunes
      assert.equal((await pruneExpired(store, month + hour)).counters, 1, 'the window')
      assert.equal((await spend(month - 1)).granted, 0, 'the quota of the month is used up')
      assert.equal((await pruneExpired(store, month + 25 * hour)).counters, 1)
    },
  ],
  [
    'two processes that prune while a third counts disturb nobody, and no running counter is lost',
    async (database) => {
      const [one, other, counting] = [await database.open(), await database.open(), await database.open()] as const
      const counters = Array.from({ length: 40 }, (_, index) => `counter-${index}`)
      const take = (counter: string, now: number) =>
        counting.counters.take({ counter, period: 1_000, limit: 100, needed: 1, wanted: 1 }, now)
      for (let round = 0; round < 5; round++) {
        // every counter is over by a minute, begins anew, and is pruned, all at once
        const now = at + round * 120_000
        for (const counter of counters) await take(counter, now - 61_000)
        await Promise.all([
          pruneExpired(one, now),
          pruneExpired(other, now),
          ...counters.map(async (counter) => take(counter, now)),
        ])
        for (const counter of counters)
          assert.equal((await counting.counters.peek({ counter, period: 1_000 }, now)).taken, 1)
      }
    },
  ],
]
