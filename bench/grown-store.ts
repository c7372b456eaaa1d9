// A store of many keys. Reads a GrownStore from standard input, makes it, and writes {caller, bytes}: the key that asks verify, and what it takes on disk.
import { randomUUIDv7 } from 'node:crypto'
import { statSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import { hashOf } from '../src/credentials/format.ts'
import { mainFile } from '../src/store/sqlite.ts'
import { fillInBulk } from './bulk.ts'
import { prepare } from './latchkey.ts'
import { keyNumber } from './many-keys.ts'

export interface GrownStore {
  folder: string
  /** Keys in all. */
  keys: number
  /** Of these, those that can be asked about: many-keys.ts. */
  askable: number
  /** That the keys belong to in turn. */
  organizations: number
}

export interface Grown {
  caller: string
  bytes: number
}

const { folder, keys, askable, organizations } = (await json(process.stdin)) as GrownStore
const { caller } = await prepare(folder, 0)
const now = Date.now()
const own = Array.from({ length: organizations }, () => randomUUIDv7())
const author = randomUUIDv7()

fillInBulk(folder, ({ rows, run }) => {
  rows('organizations', organizations, (i) => ({
    id: own[i] as string,
    name: `Organization ${i}`,
    tier: 'free',
    suspended_at: null,
    created_at: now,
  }))
  // hashes in rising order go into their index as fast as can be; where a key stands in it makes no difference to a look-up
  run(`CREATE TEMP TABLE own AS SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM organizations WHERE name LIKE 'Organization %';
    CREATE UNIQUE INDEX temp.own_by_number ON own (place);
    INSERT INTO credentials (id, kind, hash, hint, name, user_id, organization_id, all_organizations, environment, lineage_id, created_at)
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${keys - askable - 1})
    SELECT printf('019a0000-0000-7000-8000-%012x', n), 'api_key', printf('%08x', n * ${Math.floor(2 ** 32 / keys)}) || lower(hex(randomblob(28))),
      'sk_…', 'Key ' || n, '${author}', own.id, 0, 'live', printf('019a0000-0000-7000-8000-%012x', n), ${now}
    FROM numbers JOIN own ON own.place = n % ${organizations} WHERE ${keys - askable} > 0`)
  rows('credentials', askable, (i) => {
    const id = `019a0000-0000-7000-9000-${i.toString(16).padStart(12, '0')}`
    return {
      id,
      kind: 'api_key',
      hash: hashOf(keyNumber(i)),
      hint: 'sk_…',
      name: `Key ${i}`,
      user_id: author,
      organization_id: own[i % organizations] as string,
      all_organizations: 0,
      environment: 'live',
      lineage_id: id,
      created_at: now,
    }
  })
})
console.log(JSON.stringify({ caller, bytes: statSync(mainFile(folder)).size } satisfies Grown))
