// Counted use: added to what others have written, bounded for each credential and owner, and gone when it is old.
import assert from 'node:assert/strict'
import { pruneExpired } from '../../../src/store/prune.ts'
import type { Store } from '../../../src/store/store.ts'
import { type UsageRow, forgetOldest, keptDecisions, recordDecisions, recordUse } from '../../../src/usage/record.ts'
import { maxSightings } from '../../../src/usage/sightings.ts'
import type { DecisionRow } from '../../../src/usage/tail.ts'
import type { Requirement } from '../conformance.ts'
import { at, newId } from '../rows.ts'

const day = 86_400_000
const hour = 3_600_000

const usageRow = (fields: Partial<UsageRow> = {}): UsageRow => ({
  owner_id: 'owner',
  width: 'hour',
  bucket: at,
  api: 'zones',
  environment: 'live',
  credential_id: 'key',
  code: 'valid',
  count: 1,
  ...fields,
})

const totalRow = (fields: Partial<UsageRow> = {}) => {
  const { credential_id: _, ...row } = usageRow(fields)
  return { ...row, units: row.count }
}

const sighting = (value: string, first: number, last: number, count = 1) => ({
  credential_id: 'key',
  kind: 'network' as const,
  value,
  first_at: first,
  last_at: last,
  count,
})

const decision = (fields: Partial<DecisionRow> = {}): DecisionRow => ({
  id: newId(),
  at,
  owner_id: 'owner',
  api: 'zones',
  environment: 'live',
  credential_kind: 'api_key',
  credential_id: 'key',
  code: 'valid',
  failed_check: null,
  detail: null,
  method: 'GET',
  path: '/zones',
  ip: '192.0.2.1',
  user_agent: 'curl/8.0',
  request_id: 'request',
  ...fields,
})

const counts = async (store: Store, table: 'usage' | 'usage_totals') =>
  (await store.activity.selectFrom(table).select(['width', 'bucket', 'code', 'count']).execute())
    .map(({ width, bucket, code, count }) => `${width} ${(bucket - at) / hour} ${code} ${count}`)
    .toSorted()

export const use: readonly Requirement[] = [
  [
    'counts of two processes add up, and what has been written is not written again',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const given = () => ({
        usage: [usageRow({ count: 2 }), usageRow({ code: 'rate_limit_exceeded', count: 1 })],
        totals: [totalRow({ count: 3 })],
        sightings: [sighting('192.0.2.0/24', at, at + 5, 2)],
      })
      const rows = given()
      await Promise.all([recordUse(one, rows), recordUse(other, given())])
      assert.deepEqual(rows, { usage: [], totals: [], sightings: [] })
      await recordUse(one, rows)
      assert.deepEqual(await counts(other, 'usage'), ['hour 0 rate_limit_exceeded 2', 'hour 0 valid 4'])
      assert.deepEqual(await counts(one, 'usage_totals'), ['hour 0 valid 6'])
    },
  ],
  [
    'thousands of rows from two processes at once in one order',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const given = () => ({
        usage: Array.from({ length: 1_500 }, (_, index) => usageRow({ credential_id: `key-${10_000 + index}` })),
        totals: [totalRow({ count: 1_500 })],
        sightings: Array.from({ length: 500 }, (_, index) => ({
          ...sighting('192.0.2.0/24', at, at),
          credential_id: `key-${10_000 + index}`,
        })),
      })
      await Promise.all([recordUse(one, given()), recordUse(other, given())])
      const { sum } = await one.activity
        .selectFrom('usage')
        .select(({ fn }) => fn.sum('count').as('sum'))
        .executeTakeFirstOrThrow()
      assert.equal(Number(sum), 3_000)
    },
  ],
  [
    'a sighting keeps its first time and the later last one; of many values the coldest go',
    async (database) => {
      const store = await database.open()
      const write = (sightings: ReturnType<typeof sighting>[]) => recordUse(store, { usage: [], totals: [], sightings })
      await write([sighting('a', at, at + 10, 3)])
      await write([sighting('a', at + 20, at + 30, 2)])
      await write([sighting('a', at - 10, at - 5)])
      const [row] = await store.activity.selectFrom('sightings').selectAll().execute()
      assert.deepEqual({ ...row }, sighting('a', at, at + 30, 6))
      await write(Array.from({ length: maxSightings + 5 }, (_, index) => sighting(`v${index}`, at, at + 100 + index)))
      const left = await store.activity.selectFrom('sightings').select('value').execute()
      assert.equal(left.length, maxSightings)
      assert.ok(!left.some(({ value }) => ['a', 'v0', 'v4'].includes(value)))
      assert.ok(left.some(({ value }) => value === 'v5'))
    },
  ],
  [
    'of one owner’s decisions the latest are kept, of others all',
    async (database) => {
      const store = await database.open()
      const rows = Array.from({ length: keptDecisions + 30 }, () => decision())
      const [first, last] = [rows[0]?.id, rows.at(-1)?.id]
      await recordDecisions(store, [decision({ owner_id: 'other' }), ...rows])
      await forgetOldest(store, 'owner')
      await forgetOldest(store, 'other')
      const left = await store.activity.selectFrom('decisions').select(['id', 'owner_id']).execute()
      assert.equal(left.filter(({ owner_id }) => owner_id === 'owner').length, keptDecisions)
      assert.equal(left.filter(({ owner_id }) => owner_id === 'other').length, 1)
      assert.ok(left.some(({ id }) => id === last) && !left.some(({ id }) => id === first))
    },
  ],
  [
    'decisions that were written though nobody heard of it are there once',
    async (database) => {
      const store = await database.open()
      const rows = Array.from({ length: 3 }, () => decision({}))
      await recordDecisions(store, rows.slice(0, 2))
      const again = [...rows]
      await recordDecisions(store, again)
      assert.deepEqual(again, [], 'taken out')
      const { count } = await store.activity
        .selectFrom('decisions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      assert.equal(count, 3)
    },
  ],
  [
    'hours go after 8 days, days after 400, sightings after 90 and decisions after one',
    async (database) => {
      const store = await database.open()
      await recordUse(store, {
        usage: [
          usageRow({ bucket: at - 8 * day }),
          usageRow({ bucket: at - 8 * day - hour }),
          usageRow({ width: 'day', bucket: at - 400 * day }),
          usageRow({ width: 'day', bucket: at - 401 * day }),
        ],
        totals: [
          totalRow({ bucket: at - 8 * day }),
          totalRow({ bucket: at - 8 * day - hour }),
          totalRow({ width: 'day', bucket: at - 400 * day }),
          totalRow({ width: 'day', bucket: at - 401 * day }),
        ],
        sightings: [sighting('kept', 0, at - 90 * day), sighting('old', 0, at - 90 * day - 1)],
      })
      const kept = decision({ at: at - day })
      await recordDecisions(store, [kept, decision({ at: at - day - 1 })])
      const { usage, sightings, decisions } = await pruneExpired(store, at)
      assert.deepEqual({ usage, sightings, decisions }, { usage: 4, sightings: 1, decisions: 1 })
      for (const table of ['usage', 'usage_totals'] as const)
        assert.deepEqual(await counts(store, table), [`day ${-400 * 24} valid 1`, `hour ${-8 * 24} valid 1`])
      assert.deepEqual(
        (await store.activity.selectFrom('sightings').select('value').execute()).map(({ value }) => value),
        ['kept'],
      )
      assert.deepEqual(
        (await store.activity.selectFrom('decisions').select('id').execute()).map(({ id }) => id),
        [kept.id],
      )
    },
  ],
]
