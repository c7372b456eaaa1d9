// The store on Postgres fulfils the contract, on a real server.
import { openPostgres } from '../../src/store/postgres.ts'
import { conformance } from './conformance.ts'
import { temporarySchema, urlOf, withPostgres } from './postgres-server.ts'

await withPostgres('postgres', () =>
  conformance('postgres', async (t) => {
    const url = urlOf(await temporarySchema(t))
    return {
      async open() {
        const store = await openPostgres(url)
        t.after(() => store.close())
        return store
      },
    }
  }),
)
