// Lists are searched by a part of a text, and nothing in what is searched for has a meaning of its own.
import assert from 'node:assert/strict'
import { contains } from '../../../src/store/search.ts'
import type { Requirement } from '../conformance.ts'
import { addUser } from '../rows.ts'

export const search: readonly Requirement[] = [
  [
    'a part of a name is found whatever its case; wildcards stand for themselves',
    async (database) => {
      const store = await database.open()
      for (const name of ['Nightly export', '100% of it', 'snake_case', 'snakeXcase', String.raw`C:\temp`, 'Ärzte'])
        await addUser(store, { name })
      const found = async (text: string): Promise<string[]> =>
        (
          await store.db
            .selectFrom('users')
            .select('name')
            .where(contains('users.name', text))
            .orderBy('name')
            .execute()
        ).map(({ name }) => name)
      assert.deepEqual(await found('LY EXP'), ['Nightly export'])
      assert.deepEqual(await found('%'), ['100% of it'])
      assert.deepEqual(await found('e_c'), ['snake_case'])
      assert.deepEqual(await found(String.raw`\T`), [String.raw`C:\temp`])
      assert.deepEqual(await found('Ärzte'), ['Ärzte'])
      assert.deepEqual(await found("'"), [])
      assert.equal((await found('')).length, 6)
    },
  ],
]
