// A differential test: the same requests to Latchkey and to oidc-provider. Where the answers differ, a table says so and which text decides it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorizeCases } from './oracle/authorize-cases.ts'
import { clientCases } from './oracle/client-cases.ts'
import { differences, listedCount } from './oracle/differences.ts'
import { otherCases } from './oracle/other-cases.ts'
import { startOurs } from './oracle/ours.ts'
import { startTheirs } from './oracle/theirs.ts'
import { tokenCases } from './oracle/token-cases.ts'

const cases = [...authorizeCases, ...clientCases, ...tokenCases, ...otherCases]

test('every case has a name of its own, and every listed difference is a case', () => {
  const names = new Set(cases.map(({ name }) => name))
  assert.equal(names.size, cases.length)
  assert.equal(Object.keys(differences).length, listedCount, 'none is listed twice')
  assert.deepEqual(
    Object.keys(differences).filter((name) => !names.has(name)),
    [],
  )
})

test(`${cases.length} requests are answered as by oidc-provider, but for the listed differences`, async (t) => {
  const ours = await startOurs(t)
  const theirs = await startTheirs(t, ours.clients)
  for (const { name, run } of cases) {
    await t.test(name, async () => {
      const [here, there] = [await run(ours), await run(theirs)]
      const listed = differences[name]
      if (listed === undefined) return assert.equal(here, there)
      assert.notEqual(here, there, 'it is listed, and differs no more')
      assert.deepEqual({ ours: here, theirs: there }, { ours: listed.ours, theirs: listed.theirs })
    })
  }
})
