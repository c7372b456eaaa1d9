// Last uses: written in batches, never moved back.
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import { useOnce } from '../../../src/store/used-ids.ts'
import type { Requirement } from '../conformance.ts'
import { at } from '../rows.ts'

const lastUses = async (store: Store): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await store.activity.selectFrom('last_used').selectAll().orderBy('credential_id').execute()).map((row) => [
      row.credential_id,
      row.last_used_at,
    ]),
  )

export const activity: readonly Requirement[] = [
  [
    'what may be used once is used once, by whichever process comes first',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      const uses = await Promise.all(
        [0, 1, 0, 1, 0, 1].map((which) => useOnce(stores[which] as Store, ['proof', 'a client', 'a jti'], at)),
      )
      assert.equal(uses.filter(Boolean).length, 1)
      assert.equal(await useOnce(stores[0], ['proof', 'a client', 'another jti'], at), true)
      assert.equal(await useOnce(stores[1], ['proof', 'a client, a jti'], at), true, 'parts do not run together')
      await stores[0].close()
      const later = await database.open()
      assert.equal(await useOnce(later, ['proof', 'a client', 'a jti'], at), false)
    },
  ],
  [
    'a last use never moves back',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      await one.recordLastUse(
        new Map([
          ['a', at],
          ['b', at],
        ]),
      )
      await other.recordLastUse(
        new Map([
          ['a', at - 1],
          ['b', at + 1],
          ['c', at],
        ]),
      )
      assert.deepEqual(await lastUses(one), { a: at, b: at + 1, c: at })
      await one.recordLastUse(new Map())
      assert.deepEqual(await lastUses(one), { a: at, b: at + 1, c: at })
    },
  ],
  [
    'batches of any size are written, by two processes at once in opposite order',
    async (database) => {
      const [one, other] = [await database.open(), await database.open()] as const
      const uses = Array.from({ length: 5_000 }, (_, index): [string, number] => [`credential-${index}`, at + index])
      await Promise.all([
        one.recordLastUse(new Map(uses)),
        other.recordLastUse(new Map(uses.map(([id, time]): [string, number] => [id, time + 1]).toReversed())),
      ])
      const written = await lastUses(one)
      assert.equal(Object.keys(written).length, 5_000)
      for (const [id, time] of uses) assert.equal(written[id], time + 1)
    },
  ],
]
