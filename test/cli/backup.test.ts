// `latchkey backup`, `restore` and `migrate`.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, startServer } from '../processes.ts'
import { desk } from './desk.ts'

interface Made {
  id: string
}

type List = { data: Record<string, unknown>[] }

test('a backup made while the server runs brings everything back; the secret is not in it', async (t) => {
  const at = desk(t)
  const { id } = await at.json<Made>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const server = await startServer(t, at.folder)
  const file = join(at.folder, 'store.backup')
  const made = await at.run('backup', file)
  assert.deepEqual(
    [made.status, made.stdout],
    [0, `The store is in ${file}. The secret is not in it: keep ${join(at.folder, 'secret')} elsewhere.\n`],
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(await at.json('backup', file), { file })
  await at.json('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')

  assert.match(await at.refused('restore', file, '--force'), /is in use\. Stop the server/)
  await server.end('SIGTERM')
  assert.match(await at.refused('restore', file), /has a store already/)
  assert.deepEqual(await at.json('restore', file, '--force'), { file, data: at.folder })
  assert.deepEqual(
    (await at.json<List>('users', 'list')).data.map((user) => user.id),
    [id],
  )

  const elsewhere = desk(t)
  copyFileSync(join(at.folder, 'secret'), join(elsewhere.folder, 'secret'))
  assert.match(
    (await elsewhere.run('restore', file)).stdout,
    /What was revoked since that backup is not revoked in it: revoke it again\.\n$/,
  )
  assert.deepEqual(
    (await elsewhere.json<List>('users', 'list')).data.map((user) => user.id),
    [id],
  )
  const secretless = desk(t)
  await secretless.json('restore', file)
  const { status, stderr } = await secretless.run('users', 'list')
  assert.equal(status, 78)
  assert.match(stderr, /is not the secret that this store was made with/)
})

test('what cannot be backed up or restored is refused, and nothing is made', async (t) => {
  const at = desk(t)
  const file = join(at.folder, 'notes.txt')
  writeFileSync(file, 'not a backup')
  assert.match(await at.refused('backup', join(at.folder, 'store.backup')), /There is no store in/)
  assert.match(await at.refused('restore', file), /cannot be restored/)
  assert.match(await at.refused('restore', join(at.folder, 'nothing')), /There is no file/)
  assert.ok(!existsSync(join(at.folder, 'latchkey.db')))
  const postgres = desk(t, { DATABASE_URL: 'postgres://localhost:1/latchkey' })
  assert.match(
    await postgres.refused('backup', file),
    /^latchkey: This deployment keeps its store in Postgres\. Use pg_dump: /,
  )
  assert.match(await postgres.refused('restore', file), /pg_restore/)
})

test('a store that cannot be reached is told in one line', async (t) => {
  const at = desk(t, { DATABASE_URL: 'postgres://127.0.0.1:1/latchkey' })
  for (const args of [['migrate'], ['users', 'list'], ['keys', 'list', '--org-id', 'x', '--json']]) {
    const told = await at.refused(...args)
    assert.match(told, /^latchkey: .*ECONNREFUSED.*\nRun it again with --verbose to see where\.\n$/, args.join(' '))
  }
  const verbose = await at.run('migrate', '--verbose')
  assert.match(verbose.stderr, /\n {4}at /)
  const debug = await command(at.folder, ['migrate'], {
    env: { DATABASE_URL: 'postgres://127.0.0.1:1/latchkey', LATCHKEY_DEBUG: '1' },
  })
  assert.match(debug.stderr, /\n {4}at /)
})

test('migrate says what it applied, and moves the deployment to another issuer', async (t) => {
  const at = desk(t)
  assert.match((await at.run('migrate')).stdout, /^Applied:\n {2}001-/)
  assert.deepEqual(await at.json('migrate'), { applied: [] })
  await (await startServer(t, at.folder)).end('SIGTERM')
  const other = (...args: string[]) => command(at.folder, args, { env: { LATCHKEY_URL: 'https://auth.example.com' } })
  const mistaken = await other('users', 'list')
  assert.equal(mistaken.status, 78)
  assert.match(mistaken.stderr, /LATCHKEY_URL: .+latchkey migrate --issuer https:\/\/auth\.example\.com/)
  assert.equal((await at.run('migrate', '--issuer', 'http://auth.example.com')).status, 78, 'https is needed')
  assert.deepEqual(await at.json('migrate', '--issuer', 'https://auth.example.com'), {
    applied: [],
    issuer: 'https://auth.example.com',
  })
  assert.equal((await other('users', 'list')).status, 0)
})
