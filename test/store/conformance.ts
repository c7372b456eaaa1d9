// What every store must do, whatever database it lies on. sqlite.test.ts, pglite.test.ts and postgres.test.ts run it.
import { describe, test, type TestContext } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { activity } from './conformance/activity.ts'
import { counters } from './conformance/counters.ts'
import { deviceCodes } from './conformance/device-codes.ts'
import { freshness } from './conformance/freshness.ts'
import { lookups } from './conformance/lookups.ts'
import { migrations } from './conformance/migrations.ts'
import { messages } from './conformance/messages.ts'
import { people } from './conformance/people.ts'
import { pruning } from './conformance/pruning.ts'
import { pushes } from './conformance/pushes.ts'
import { search } from './conformance/search.ts'
import { sharing } from './conformance/sharing.ts'
import { tenancy } from './conformance/tenancy.ts'
import { transactions } from './conformance/transactions.ts'
import { use } from './conformance/use.ts'

export type OpenedStore = Store & { migrated: readonly string[] }

/** An empty database of its own, gone when the test ends. */
interface Database {
  /** Opens the store, each time as another process would. Closed when the test ends. */
  open(): Promise<OpenedStore>
}

/** Makes an empty database for one test. */
export type MakeDatabase = (t: TestContext) => Promise<Database>

/** One requirement: a title, and the test of it. */
export type Requirement = readonly [title: string, hold: (database: Database) => Promise<void>]

const topics: Readonly<Record<string, readonly Requirement[]>> = {
  migrations,
  'look-ups': lookups,
  freshness,
  transactions,
  counters,
  'shared limits': sharing,
  activity,
  use,
  'pushed requests': pushes,
  'device codes': deviceCodes,
  messages,
  people,
  tenancy,
  pruning,
  search,
}

export const conformance = (name: string, make: MakeDatabase): void => {
  for (const [topic, requirements] of Object.entries(topics)) {
    describe(`${name}: ${topic}`, () => {
      for (const [title, hold] of requirements) test(title, async (t) => hold(await make(t)))
    })
  }
}
