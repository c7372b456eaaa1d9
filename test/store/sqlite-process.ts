// A second process on a SQLite store, driven by lines: each line in is answered by one line out.
import { createInterface } from 'node:readline'
import { openSqlite } from '../../src/store/sqlite.ts'

const [folder = '', startAt = '0'] = process.argv.slice(2)
while (Date.now() < Number(startAt)); // so that several start at the same moment

const store = await openSqlite(folder)
console.log(JSON.stringify({ migrated: store.migrated }))

let finish: (() => void) | undefined

const commands: Record<string, (...words: string[]) => Promise<unknown>> = {
  revoke: async (id = '', at = '') => {
    const revoked_at = at === '' ? null : Number(at)
    await store.transaction((trx) => trx.updateTable('credentials').set({ revoked_at }).where('id', '=', id).execute())
  },
  /** Begins a transaction and answers inside it. */
  hold: async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    finish = resolve
    void store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ name: 'held', value: '1' }).execute()
      begun.resolve()
      await promise
    })
    await begun.promise
  },
  release: () => Promise.resolve(finish?.()),
  take: async (counter = '', period = '', limit = '', now = '') =>
    store.counters.take(
      { counter, period: period === 'month' ? period : Number(period), limit: Number(limit), needed: 1, wanted: 3 },
      Number(now),
    ),
  /** Writes two settings that are always equal, and one unit, until killed. */
  write: async () => {
    for (let n = 1; ; n++) {
      await store.transaction(async (trx) => {
        for (const name of ['left', 'right']) {
          await trx
            .insertInto('settings')
            .values({ name, value: String(n) })
            .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: String(n) }))
            .execute()
        }
      })
      await store.counters.take(
        { counter: 'written', period: 'month', limit: 1_000_000_000, needed: 1, wanted: 1 },
        Date.now(),
      )
      console.log(n)
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command = '', ...words] = line.split(' ')
  const answer = await commands[command]?.(...words)
  console.log(JSON.stringify(answer ?? null))
}
await store.close()
