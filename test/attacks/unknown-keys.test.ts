// A flood of keys that are right in form and checksum, and unknown: the store is hardly asked, and nobody with a key of their own is kept out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeApiKey } from '../../src/credentials/format.ts'
import { commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('30,000 unknown keys cost the store some thousand questions at most, and keys made before and meanwhile are let in', async (t) => {
  const folder = temporaryFolder(t)
  const { userId, organizationId } = await makeOwner(folder)
  const make = async (...more: string[]) =>
    (
      await commandJson<{ key: string }>(
        ...([folder, 'keys', 'create', '--user-id', userId, '--org-id', organizationId, '--name', 'A key'] as const),
        ...more,
      )
    ).key
  const caller = await make('--scope', 'verify')
  const before = await make()
  const server = await startServer(t, folder)
  const verify = async (credentials: readonly string[]): Promise<string[]> => {
    const answer = await server.ask('POST', '/api/v1/verify', {
      headers: { authorization: `Bearer ${caller}` },
      body: { items: credentials.map((credential) => ({ credential, api: 'multi', dry_run: true })) },
    })
    assert.equal(answer.status, 200, answer.text)
    return answer.json<{ results: { code: string }[] }>().results.map(({ code }) => code)
  }
  const asked = async (): Promise<number> => {
    const { text } = await server.ask('GET', '/metrics')
    return Number(/^latchkey_credential_lookups_total (\d+)$/m.exec(text)?.[1])
  }
  const flood = async (batches: number): Promise<void> => {
    for (let batch = 0; batch < batches; batch++) {
      const codes = await verify(Array.from({ length: 1_000 }, () => makeApiKey('sk', 'live')))
      assert.ok(codes.every((code) => code === 'invalid_api_key'))
    }
  }
  const start = await asked()
  assert.ok(Number.isInteger(start))
  await flood(5)
  const meanwhile = await make()
  assert.deepEqual(await verify([meanwhile, before]), ['valid', 'valid'])
  await flood(5)
  const settled = await asked()
  assert.ok(settled - start < 10_000)
  await flood(20)
  const after = await make()
  assert.deepEqual(await verify([after, meanwhile, before]), ['valid', 'valid', 'valid'])
  const more = (await asked()) - settled
  assert.ok(more < 200, `the store was asked ${more} times about 20,000 unknown keys`)
})
