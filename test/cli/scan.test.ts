// `latchkey scan` finds this deployment's credentials by prefix and checksum, tells where, and never the value.
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScanner } from '../../src/cli/scan/find.ts'
import { makeApiKey, makePersonalAccessToken, makeSecret } from '../../src/credentials/format.ts'
import { command } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const scan = createScanner(['sk', 'old'])

/** The same value with its last digit changed. */
const typo = (value: string): string => value.slice(0, -1) + (value.endsWith('0') ? '1' : '0')

test('finds keys of every prefix and environment, tokens, and secrets by their form, with their lines', () => {
  const values = [
    makeApiKey('sk', undefined),
    makeApiKey('sk', 'live'),
    makeApiKey('old', 'test'),
    makePersonalAccessToken(),
    makeSecret('cs_'),
    makeSecret('rt_'),
  ]
  const text = `\n${values.map((value) => `export KEY="${value}"\r\n`).join('\n')}`
  assert.deepEqual(
    scan(text).map(({ line, kind, environment }) => [line, kind, environment]),
    [
      [2, 'api_key', null],
      [4, 'api_key', 'live'],
      [6, 'api_key', 'test'],
      [8, 'personal_access_token', null],
      [10, 'client_secret', null],
      [12, 'refresh_token', null],
    ],
  )
  for (const [index, { hint }] of scan(text).entries())
    assert.ok(
      hint.length < 20 && !(values[index] ?? '').includes(hint) && hint.endsWith((values[index] ?? '').slice(-4)),
    )
})

test('finds a credential wherever it begins, and several in one line', () => {
  const key = makeApiKey('sk', 'live')
  for (const text of [
    key,
    `x${key}`,
    `https://api.example.com/?key=${key}&b`,
    `pat_${key}`,
    `sk_live_${key}`,
    `${key}${key}`,
    `old_${key}_`,
  ]) {
    assert.deepEqual(new Set(scan(text).map(({ line, kind }) => `${line} ${kind}`)), new Set(['1 api_key']), text)
  }
  assert.equal(scan(`${key} ${key}`).length, 2)
})

test('finds nothing in typos, other deployments’ keys and other text', () => {
  const key = makeApiKey('sk', 'live')
  const none = [
    typo(key),
    key.replace('live', 'test'),
    key.toUpperCase(),
    key.slice(0, -1),
    makeApiKey('ghp', undefined),
    `sk_live_${'a'.repeat(64)}`,
    'cs_live_short',
    `cs_${'a'.repeat(44)}`,
    `docs_${'a'.repeat(43)}`,
    '',
  ]
  for (const text of none) assert.deepEqual(scan(text), [], text)
})

test('a hostile text takes linear time', () => {
  const started = performance.now()
  assert.deepEqual(scan('sk_'.repeat(1_000_000)), [])
  assert.deepEqual(scan(`sk_${'a'.repeat(3_000_000)}`), [])
  assert.deepEqual(scan('cs_'.repeat(1_000_000)), [])
  assert.ok(performance.now() - started < 5000)
})

test('walks a folder, leaves out what is no text of yours, and ends with status 1 where something was found', async (t) => {
  const folder = temporaryFolder(t)
  const root = join(folder, 'project')
  for (const sub of ['src', '.git', 'node_modules', 'src/deep']) mkdirSync(join(root, sub), { recursive: true })
  const key = makeApiKey('sk', 'live')
  const token = makePersonalAccessToken()
  writeFileSync(join(root, 'src', 'app.ts'), `const a = 1\nconst key = '${key}'\n`)
  writeFileSync(join(root, 'src', 'deep', '.env'), `TOKEN=${token}`)
  writeFileSync(join(root, '.git', 'packed'), key)
  writeFileSync(join(root, 'node_modules', 'x.js'), key)
  writeFileSync(join(root, 'image.bin'), `\0${key}`)
  writeFileSync(join(root, 'big.log'), `${' '.repeat(10 * 1024 * 1024)}${key}`)
  writeFileSync(join(folder, 'outside'), key)
  symlinkSync(join(folder, 'outside'), join(root, 'link'))
  symlinkSync(root, join(root, 'loop'))
  writeFileSync(join(root, 'clean\u001b[2J.txt'), 'nothing')

  const human = await command(folder, ['scan', root])
  assert.equal(human.status, 1)
  assert.match(human.stdout, /app\.ts:2 {2}api_key {2}sk_live_…[0-9a-f]{4}\n/)
  assert.match(human.stdout, /\.env:1 {2}personal_access_token {2}pat_…/)
  assert.match(human.stdout, /Found 2\./)
  assert.match(human.stdout, /3 files scanned, 2 binary or above 10 MB left out\./)
  assert.equal(human.stderr, '', 'no progress but on a terminal')
  const machine = await command(folder, ['scan', root, '--json'])
  assert.equal(machine.status, 1)
  const { data, next_cursor, files } = JSON.parse(machine.stdout) as {
    data: Record<string, unknown>[]
    next_cursor: null
    files: number
  }
  assert.deepEqual([data.length, next_cursor, files], [2, null, 3])
  assert.deepEqual(data[0], {
    file: join(root, 'src', 'app.ts'),
    line: 2,
    kind: 'api_key',
    environment: 'live',
    hint: `sk_live_…${key.slice(-4)}`,
  })
  for (const printed of [human.stdout, machine.stdout])
    for (const value of [key, token]) assert.ok(!printed.includes(value.slice(10, 40)), 'the value is told nowhere')

  const clean = await command(folder, ['scan', join(root, 'clean\u001b[2J.txt')])
  assert.deepEqual(
    [clean.status, clean.stdout],
    [0, 'No credentials found.\n1 files scanned, 0 binary or above 10 MB left out.\n'],
  )
  const nowhere = await command(folder, ['scan', join(root, 'nowhere')])
  assert.equal(nowhere.status, 1)
  assert.match(nowhere.stderr, /^latchkey: There is no file or folder /)
})

test('what cannot be read is told', async (t) => {
  const { status, stdout, stderr } = await command(temporaryFolder(t), ['scan', '/dev/null'])
  assert.equal(status, 0)
  assert.equal(stderr, 'latchkey: /dev/null could not be read (ENOTDIR)\n')
  assert.match(stdout, /1 unreadable\.\n$/)
})
