// What the command line says when the machine is at fault: the reason, and the way out.
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { desk } from './desk.ts'

test('a data folder that cannot be made', async (t) => {
  const { folder } = desk(t)
  writeFileSync(join(folder, 'file'), '')
  const below = join(folder, 'file', 'data')
  const at = desk(t, { LATCHKEY_DATA: below, PORT: '0' })
  assert.match(
    await at.refused('users', 'list'),
    new RegExp(
      `^latchkey: The data folder ${below} cannot be made \\(ENOTDIR\\)\\. Set LATCHKEY_DATA to a folder that this user may write\\.\n`,
    ),
  )
  const { status, stdout } = await at.run('doctor')
  assert.equal(status, 1)
  assert.match(stdout, new RegExp(`^fail  data folder +${join(folder, 'file')} is not a folder\\.$`, 'm'))
})

test('a damaged store is not restored over, and the way out leads to one that works', async (t) => {
  const at = desk(t, { PORT: '0' })
  await at.json('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const backup = join(at.folder, 'one.backup')
  await at.json('backup', backup)
  writeFileSync(join(at.folder, 'latchkey.db'), 'x'.repeat(8192))
  for (const rest of ['latchkey.db-wal', 'latchkey.db-shm', 'activity.db-wal']) writeFileSync(join(at.folder, rest), '')
  const remedy =
    /damaged: stop the server, move latchkey\.db and activity\.db away .* run `latchkey restore` with a backup/
  assert.match(await at.refused('users', 'list'), remedy)
  assert.match((await at.run('doctor')).stdout, remedy)
  assert.match(await at.refused('restore', backup, '--force'), remedy)
  for (const name of ['latchkey.db', 'activity.db'])
    for (const end of ['', '-wal', '-shm']) {
      const file = join(at.folder, name + end)
      try {
        renameSync(file, `${file}.damaged`)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
      }
    }
  await at.json('restore', backup)
  const { data } = await at.json<{ data: { email: string }[] }>('users', 'list')
  assert.deepEqual(
    data.map(({ email }) => email),
    ['ada@example.com'],
  )
})

test('a fault is told by its reason, for nobody reads a log here', async (t) => {
  const at = desk(t)
  await at.json('users', 'list')
  const database = new DatabaseSync(join(at.folder, 'latchkey.db'))
  database.exec('DROP TABLE audit')
  database.close()
  const create = ['users', 'create', '--email', 'ada@example.com', '--name', 'Ada']
  assert.equal(
    await at.refused(...create),
    'latchkey: no such table: audit\nRun it again with --verbose to see where.\n',
  )
  assert.match((await at.run(...create, '--verbose')).stderr, /^latchkey: no such table: audit\nError: .+\n {4}at /)
})

test('a backup into a folder that is not there', async (t) => {
  const at = desk(t)
  await at.json('users', 'list')
  const missing = join(at.folder, 'missing')
  assert.equal(await at.refused('backup', join(missing, 'one.backup')), `latchkey: There is no folder ${missing}.\n`)
})

test('commands that work on this machine do not pretend to work on another', async (t) => {
  const at = desk(t)
  for (const args of [['serve'], ['migrate'], ['doctor'], ['backup', 'file'], ['restore', 'file'], ['scan', '.']]) {
    const { status, stdout, stderr } = await at.run(...args, '--url', 'http://localhost:1')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, new RegExp(`^latchkey: ${args[0]} works on this machine, and does not go with --url\n`))
  }
})
