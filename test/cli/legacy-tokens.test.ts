// `latchkey legacy-tokens`: import from CSV with bad lines told by number, resumable; list; delete.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Desk, desk } from './desk.ts'

interface Made {
  id: string
}

interface Imported {
  imported: number
  skipped: number
  failed: { line: number; reason: string }[]
}

const owner = async ({ json }: Desk): Promise<{ userId: string; orgId: string }> => {
  const { id: userId } = await json<Made>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: orgId } = await json<Made>('orgs', 'create', '--name', 'Acme', '--owner', userId)
  return { userId, orgId }
}

test('imports good lines, tells bad ones by number, skips what is there, and never repeats a token', async (t) => {
  const at = desk(t)
  const { userId, orgId } = await owner(at)
  const file = join(at.folder, 'tokens.csv')
  const hashed = createHash('sha256').update('known-only-by-its-hash').digest('hex')
  writeFileSync(
    file,
    [
      'name,owner,organization,token,sha256',
      `Old deploy,ada@example.com,${orgId},legacy-secret-0001,`,
      `"Old, quoted",${userId},Acme,legacy-secret-0002,`,
      `By hash,ada@example.com,,,${hashed}`,
      'No such owner,bob@example.com,,legacy-secret-0003,',
      'Too few fields,ada@example.com',
      'No token,ada@example.com,,,',
      'Elsewhere,ada@example.com,01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d,legacy-secret-0004,',
    ].join('\n'),
  )
  const first = await at.run('legacy-tokens', 'import', file, '--json')
  assert.equal(first.status, 1, 'some failed')
  const result = JSON.parse(first.stdout) as Imported
  assert.deepEqual([result.imported, result.skipped, result.failed.map(({ line }) => line)], [3, 0, [5, 6, 7, 8]])
  assert.equal(first.stderr, '', 'no progress but on a terminal')
  const again = await at.run('legacy-tokens', 'import', file)
  assert.equal(again.status, 1)
  assert.match(
    again.stdout,
    /^line 5: .+\nline 6: .+\nline 7: .+\nline 8: .+\n0 imported, 3 skipped \(there already\), 4 failed\.\n$/,
  )
  for (const printed of [first.stdout, again.stdout]) assert.ok(!printed.includes('legacy-secret'))

  const { data } = await at.json<{ data: { id: string; name: string; organization_id: string | null }[] }>(
    'legacy-tokens',
    'list',
  )
  assert.deepEqual(
    new Set(data.map(({ name, organization_id }) => `${name} ${organization_id ?? 'all'}`)),
    new Set([`Old deploy ${orgId}`, `Old, quoted ${orgId}`, 'By hash all']),
  )
  assert.match(
    (await at.run('legacy-tokens', 'list')).stdout,
    /By hash +sha256…\w{4} +[0-9a-f-]{36} +all +\S+ \S+ UTC {2}Never used {2}-\n/,
  )
  const valid = await at.json<{ principal: { kind: string } }>('verify', 'legacy-secret-0001', '--api', 'smoxy')
  assert.equal(valid.principal.kind, 'legacy_token')
  const [newest] = data
  assert.match((await at.run('legacy-tokens', 'delete', '--token-id', newest?.id ?? '')).stdout, / is deleted\.\n$/)
  assert.match(await at.refused('legacy-tokens', 'delete', '--token-id', newest?.id ?? ''), /^latchkey: /)
  assert.match(
    await at.refused('legacy-tokens', 'import', join(at.folder, 'nothing.csv')),
    /^latchkey: .+nothing\.csv cannot be read: there is no such file\.\n$/,
  )
  writeFileSync(file, 'legacy-secret-0001\nlegacy-secret-0002\n')
  const noHeader = await at.refused('legacy-tokens', 'import', file)
  assert.match(noHeader, /^latchkey: The first line must name the columns/)
  assert.ok(!noHeader.includes('legacy-secret'))
})

test('a line of any length or content stops nothing else, over several batches', async (t) => {
  const at = desk(t)
  await owner(at)
  const file = join(at.folder, 'tokens.csv')
  const lines = Array.from(
    { length: 2500 },
    (_, index) => `Token ${index},ada@example.com,Acme,legacy-secret-${String(index).padStart(6, '0')}`,
  )
  lines[10] = `${'n'.repeat(5000)},ada@example.com,Acme,legacy-secret-long-name`
  lines[20] = `Long,ada@example.com,Acme,${'t'.repeat(15_000)}`
  lines[30] = `Huge,ada@example.com,Acme,${'t'.repeat(100_000)}`
  lines[40] = 'Open "quote,ada@example.com,Acme,legacy-secret-quote'
  lines[50] = `Token,${'o'.repeat(3000)},Acme,legacy-secret-long-owner`
  lines[60] = `Token,ada@example.com,${'o'.repeat(3000)},legacy-secret-long-organization`
  lines[70] = 'Nul\u0000,ada@example.com,Acme,legacy-secret-nul'
  lines[80] = ''
  writeFileSync(file, `\ufeffname,owner,organization,token\r\n${lines.join('\r\n')}\r\n`)
  const { status, stdout, stderr } = await at.run('legacy-tokens', 'import', file, '--json')
  assert.equal(status, 1, stderr)
  const { imported, failed } = JSON.parse(stdout) as Imported
  assert.deepEqual(
    failed.map(({ line }) => line),
    [12, 22, 32, 42, 52, 62, 72],
  )
  assert.equal(imported, 2500 - 8)
})

test('SIGINT stops after the batch that is under way, and running it again does the rest', async (t) => {
  const at = desk(t)
  await owner(at)
  const file = join(at.folder, 'tokens.csv')
  const count = 30_000
  writeFileSync(
    file,
    `name,owner,organization,token\n${Array.from({ length: count }, (_, index) => `T,ada@example.com,Acme,legacy-secret-${index}-padding`).join('\n')}\n`,
  )
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../bin/latchkey.js', import.meta.url)), 'legacy-tokens', 'import', file, '--json'],
    {
      cwd: at.folder,
      env: {
        PATH: process.env.PATH,
        LATCHKEY_DATA: at.folder,
        LATCHKEY_CONFIG: fileURLToPath(new URL('../../examples/seeds/latchkey.config.ts', import.meta.url)),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  // the first batch is in the store
  while ((await at.json<{ data: unknown[] }>('legacy-tokens', 'list', '--limit', '1')).data.length === 0)
    assert.equal(child.exitCode, null, stderr)
  child.kill('SIGINT')
  const [status] = (await once(child, 'close')) as [number]
  assert.equal(status, 1)
  assert.match(stderr, /^latchkey: Stopped\. What was imported stays; run the same command again for the rest\.\n$/)
  const { imported, failed } = JSON.parse(stdout) as Imported
  assert.ok(imported >= 1000 && imported < count && imported % 1000 === 0, `${imported}`)
  assert.deepEqual(failed, [])
  const rest = await at.json<Imported>('legacy-tokens', 'import', file)
  assert.deepEqual([rest.imported, rest.skipped, rest.failed], [count - imported, imported, []])
})

test('a personal token takes the place of a legacy token, which tells so and works on until it is deleted', async (t) => {
  const at = desk(t)
  const { userId, orgId } = await owner(at)
  const file = join(at.folder, 'tokens.csv')
  writeFileSync(file, 'name,owner,organization,token\nOld deploy,ada@example.com,Acme,legacy-secret-0001\n')
  await at.json<Imported>('legacy-tokens', 'import', file)
  const list = () => at.json<{ data: { id: string; successor: { id: string } | null }[] }>('legacy-tokens', 'list')
  const [legacy] = (await list()).data
  assert.ok(legacy)
  const create = ['tokens', 'create', '--user-id', userId, '--name', 'New deploy', '--organization', orgId]
  const made = await at.json<{ id: string; succeeds: string }>(...create, '--succeeds', legacy.id)
  assert.equal(made.succeeds, legacy.id)
  assert.equal((await list()).data[0]?.successor?.id, made.id)
  assert.match((await at.run('legacy-tokens', 'list')).stdout, new RegExp(`Successor\n.*${made.id}`))
  assert.match(await at.refused(...create, '--succeeds', made.id), /no such token/)
})
