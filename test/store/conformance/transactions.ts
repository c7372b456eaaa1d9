// Transactions: all or nothing, one after the other.
import assert from 'node:assert/strict'
import { isUniqueConflict } from '../../../src/store/conflict.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Requirement } from '../conformance.ts'
import { addCredential, addOrganization, addUser } from '../rows.ts'

const increment = (store: Store): Promise<unknown> =>
  store.transaction(async (trx) => {
    const { value } = await trx
      .selectFrom('settings')
      .select('value')
      .where('name', '=', 'count')
      .executeTakeFirstOrThrow()
    await trx
      .updateTable('settings')
      .set({ value: String(Number(value) + 1) })
      .where('name', '=', 'count')
      .execute()
  })

const count = async (store: Store): Promise<string> =>
  (await store.db.selectFrom('settings').select('value').where('name', '=', 'count').executeTakeFirstOrThrow()).value

export const transactions: readonly Requirement[] = [
  [
    'what throws leaves nothing behind, and its error comes out',
    async (database) => {
      const store = await database.open()
      await assert.rejects(
        store.transaction(async (trx) => {
          await trx.insertInto('settings').values({ name: 'a', value: '1' }).execute()
          throw new RangeError('no')
        }),
        RangeError,
      )
      assert.deepEqual(await store.db.selectFrom('settings').selectAll().execute(), [])
      assert.equal(await store.transaction(() => Promise.resolve('answer')), 'answer')
    },
  ],
  [
    'of many at once, what throws is undone alone',
    async (database) => {
      const store = await database.open()
      const add = (name: string, fails: boolean): Promise<string> =>
        store.transaction(async (trx) => {
          await trx.insertInto('settings').values({ name, value: '1' }).execute()
          if (fails) throw new RangeError(name)
          await new Promise((resolve) => setTimeout(resolve, 1))
          return name
        })
      const names = Array.from({ length: 12 }, (_, index) => `setting-${String(index).padStart(2, '0')}`)
      const outcomes = await Promise.allSettled(names.map((name, index) => add(name, index % 3 === 1)))
      const expected = names.map((name, index) =>
        index % 3 === 1 ? { status: 'rejected', reason: new RangeError(name) } : { status: 'fulfilled', value: name },
      )
      assert.deepEqual(outcomes, expected)
      const kept = await store.db.selectFrom('settings').select('name').orderBy('name').execute()
      assert.deepEqual(
        kept.map(({ name }) => name),
        names.filter((_, index) => index % 3 !== 1),
      )
    },
  ],
  [
    '20 increments at once, through two stores, make 20',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      await stores[0].transaction((trx) => trx.insertInto('settings').values({ name: 'count', value: '0' }).execute())
      await Promise.all(Array.from({ length: 20 }, (_, index) => increment(stores[index % 2 === 0 ? 0 : 1])))
      assert.equal(await count(stores[1]), '20')
    },
  ],
  [
    'a decision taken on what was read still holds when it is committed',
    async (database) => {
      const stores = [await database.open(), await database.open()] as const
      const users = [await addUser(stores[0], { operator: 1 }), await addUser(stores[0], { operator: 1 })] as const
      // each steps down only while there is another operator: write skew would leave none
      const stepDown = (store: Store, id: string): Promise<unknown> =>
        store.transaction(async (trx) => {
          const operators = await trx.selectFrom('users').select('id').where('operator', '=', 1).execute()
          if (operators.length < 2) return
          await trx.updateTable('users').set({ operator: 0 }).where('id', '=', id).execute()
        })
      await Promise.all([stepDown(stores[0], users[0]), stepDown(stores[1], users[1])])
      assert.equal((await stores[0].db.selectFrom('users').select('id').where('operator', '=', 1).execute()).length, 1)
    },
  ],
  [
    'a broken unique index is told from other errors',
    async (database) => {
      const store = await database.open()
      await addUser(store, { email: 'a@example.com' })
      const conflict = (error: unknown): boolean => isUniqueConflict(error)
      await assert.rejects(addUser(store, { email: 'a@example.com' }), conflict)
      const { id, hash } = await addCredential(store)
      await assert.rejects(addCredential(store, { hash }), conflict)
      await assert.rejects(addCredential(store, { id }), conflict)
      for (const wrong of [{ organization_id: 'nowhere' }, { kind: 'password' as never }, { name: null as never }]) {
        await assert.rejects(addCredential(store, wrong), (error) => !isUniqueConflict(error))
      }
      assert.equal(isUniqueConflict(undefined), false)
      await addOrganization(store) // the store goes on
    },
  ],
]
