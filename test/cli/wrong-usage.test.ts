// Wrong usage ends with status 2, a wrong configuration with 78 from every command, help and version with 0; none of them touches the store.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { version } from '../../src/version.ts'
import { command } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { everyCommand } from './every-command.ts'
import { desk } from './desk.ts'

test('every command reports all configuration mistakes with status 78', async (t) => {
  const { run } = desk(t, { LATCHKEY_URL: 'http://example.com/base', PORT: '70000', LATCHKEY_SECRET: 'short' })
  for (const { words, rest } of everyCommand) {
    const { status, stderr } = await run(...words, ...rest)
    assert.equal(status, 78, words.join(' '))
    for (const name of ['LATCHKEY_URL', 'PORT', 'LATCHKEY_SECRET'])
      assert.match(stderr, new RegExp(`^  - ${name}: `, 'm'), words.join(' '))
    assert.ok(!stderr.includes('short'), 'the secret is not repeated')
  }
})

test('every command refuses an unknown option and an argument too many, and names a missing one', async (t) => {
  const { run } = desk(t)
  for (const { words, rest } of everyCommand) {
    assert.equal((await run(...words, ...rest, '--no-such-option')).status, 2, words.join(' '))
    assert.equal((await run(...words, ...rest, '--', 'one', 'too-many')).status, 2, words.join(' '))
    if (rest.length === 0) continue
    const { status, stderr } = await run(...words)
    assert.equal(status, 2, words.join(' '))
    assert.match(stderr, /^latchkey: /, words.join(' '))
  }
})

test('wrong values, and options that exclude each other, are wrong usage', async (t) => {
  const { run } = desk(t)
  const id = '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d'
  const key = ['keys', 'create', '--user-id', id, '--org-id', id, '--name', 'Key']
  const token = ['tokens', 'create', '--user-id', id, '--name', 'Token']
  const client = ['clients', 'create', '--org-id', id, '--name', 'Client']
  const wrong: readonly (readonly string[])[] = [
    [...client, '--jwks', 'no-such-file.json'],
    [...client, '--subject-type', 'private'],
    [...key, '--expires-in', '90'],
    [...key, '--expires-in', '0'],
    [...key, '--expires-at', '2027-02-30'],
    [...key, '--expires-in', '90d', '--expires-at', '2027-01-31'],
    [...key, '--scope', ' '],
    [...token, '--all-organizations', '--organization', id],
    [...token, '--expires-in', 'never', '--all-organizations'],
    token,
    ['keys', 'rotate', '--key-id', id, '--overlap', '1w'],
    ['orgs', 'create', '--name', 'Acme', '--owner', id, '--tier', 'gold'],
    ['orgs', 'create', '--name', 'Acme'],
    ['orgs', 'update', '--org-id', id],
    ['orgs', 'members', 'add', '--org-id', id, '--user-id', id, '--role', 'king'],
    ['keys', 'update', '--key-id', id],
    ['clients', 'update', '--client-id', id],
    ['clients', 'create', '--org-id', id, '--name', 'Client', '--pkce', 'perhaps'],
    ['signing-keys', 'rotate', '--algorithm', 'none'],
    ['audit', 'list', '--since', 'yesterday'],
    ['users', 'list', '--limit', '0'],
    ['serve', '--workers', '0'],
    ['login'],
    ['logout'],
    ['login', '--url', 'http://auth.example.com'],
    ['users', 'list', '--url', 'https://auth.example.com/base'],
    ['keys'],
    ['keys', 'burn'],
    ['burn'],
    [],
  ]
  for (const args of wrong) {
    const { status, stderr } = await run(...args)
    assert.equal(status, 2, args.join(' '))
    assert.notEqual(stderr, '', args.join(' '))
  }
})

test('help has an example for every command', async (t) => {
  const { run } = desk(t)
  for (const { words } of [...everyCommand, { words: ['login'] }, { words: ['logout'] }]) {
    const { status, stdout } = await run(...words, '--help')
    assert.equal(status, 0)
    assert.ok(stdout.includes(`  $ latchkey ${words.join(' ')}`), words.join(' '))
    for (const global of ['--json', '--url <url>', '--verbose']) assert.ok(stdout.includes(global), words.join(' '))
  }
})

test('the process ends with those statuses, and makes no store', async (t) => {
  const folder = temporaryFolder(t)
  const missing = await command(folder, ['keys', 'create', '--name', 'x'])
  assert.equal(missing.status, 2)
  assert.equal(missing.stdout, '')
  assert.match(missing.stderr, /^latchkey: required option '--user-id <id>' not specified\n/)
  const mistaken = await command(folder, ['keys', 'list', '--org-id', 'x', '--json'], {
    env: { LATCHKEY_URL: 'nonsense' },
  })
  assert.equal(mistaken.status, 78)
  assert.equal(mistaken.stdout, '')
  assert.match(mistaken.stderr, /LATCHKEY_URL: "nonsense" is not a base URL/)
  const told = await command(folder, ['--version'])
  assert.deepEqual([told.status, told.stdout], [0, `${version}\n`])
  assert.ok(!existsSync(join(folder, 'latchkey.db')))
})
