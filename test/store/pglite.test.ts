// The store on Postgres fulfils the contract, on a Postgres that needs no server.
import { after } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { conformance } from './conformance.ts'
import { openOnPglite, Turns } from './pglite.ts'

const database = await PGlite.create()
after(() => database.close())

let schemas = 0

conformance('pglite', async (t) => {
  const schema = `test_${++schemas}`
  await database.exec(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`)
  t.after(() => database.exec(`DROP SCHEMA ${schema} CASCADE`))
  const turns = new Turns()
  return { open: () => openOnPglite(database, turns) }
})
