// `latchkey scan` finds this deployment's credentials by prefix and checksum, tells where, and never the value.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScanner } from '../../src/cli/scan/find.ts'
import { makeApiKey, makePersonalAccessToken, makeSecret } from '../../src/credentials/format.ts'
import { programOrSkip } from '../gateway/proxy-process.ts'
import { command, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { desk } from './desk.ts'

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

/** A deployment with credentials of each kind and policy, and a folder that they lie about in. */
const leaky = async (t: Parameters<typeof desk>[0]) => {
  const at = desk(t)
  const { id: user } = await at.json<{ id: string }>(
    'users',
    'create',
    '--email',
    'ada@example.com',
    '--name',
    'Ada',
    '--operator',
  )
  const { id: organization } = await at.json<{ id: string }>('orgs', 'create', '--name', 'Acme', '--owner', user)
  const key = (name: string, environment: string) =>
    at.json<{ id: string; key: string }>(
      'keys',
      'create',
      '--user-id',
      user,
      '--org-id',
      organization,
      '--name',
      name,
      '--environment',
      environment,
    )
  const [live, trial] = [await key('Production', 'live'), await key('Trial', 'test')]
  const client = await at.json<{ client_id: string; client_secret: string }>(
    'clients',
    'create',
    '--org-id',
    organization,
    '--name',
    'Shop',
    '--environment',
    'test',
  )
  const root = join(at.folder, 'project')
  mkdirSync(root)
  const stranger = makeApiKey('sk', 'live')
  writeFileSync(join(root, 'a.env'), `KEY=${live.key}\nAGAIN=${live.key}\n\nTRIAL=${trial.key}`)
  writeFileSync(join(root, 'b.yml'), `secret: ${client.client_secret}\nother: ${stranger}`)
  writeFileSync(join(root, `${trial.key}.txt`), trial.key)
  const works = async (value: string): Promise<boolean> =>
    (await at.run('verify', value, '--api', 'multi', '--json')).status === 0
  const told = async (): Promise<string[]> =>
    (await at.json<{ data: { action: string }[] }>('audit', 'list', '--search', 'leaked')).data.map(
      ({ action }) => action,
    )
  return { ...at, user, live, trial, client, stranger, root, works, told }
}

test('--report does to each what the policy of its environment says, writes it down, and says it again without harm', async (t) => {
  const { run, live, trial, client, stranger, root, works, told } = await leaky(t)
  const { status, stdout, stderr } = await run('scan', root, '--report', '--json')
  assert.deepEqual([status, stderr], [1, ''])
  const { data } = JSON.parse(stdout) as { data: Record<string, unknown>[] }
  assert.deepEqual(
    data.map(({ file, line, kind, id, done }) => [String(file).slice(root.length + 1), line, kind, id, done]),
    [
      ['a.env', 1, 'api_key', live.id, 'notified'],
      ['a.env', 2, 'api_key', live.id, 'notified'],
      ['a.env', 4, 'api_key', trial.id, 'revoked'],
      ['b.yml', 1, 'client_secret', client.client_id, 'revoked'],
      ['b.yml', 2, 'api_key', null, 'unknown'],
      [`sk_test_…${trial.key.slice(-4)}.txt`, 1, 'api_key', trial.id, 'revoked'],
    ],
  )
  assert.deepEqual([await works(live.key), await works(trial.key)], [true, false])
  assert.deepEqual((await told()).toSorted(), ['api_key.leaked', 'api_key.leaked', 'client_secret.leaked'])

  const again = await run('scan', root, '--report')
  assert.equal(again.status, 1)
  assert.match(again.stdout, /a\.env:1 {2}api_key {2}sk_live_….{4} {2}works on; whoever it belongs to is told\n/)
  assert.match(again.stdout, /a\.env:4 .+ {2}had ended before\n/)
  assert.match(again.stdout, /b\.yml:2 .+ {2}nothing of this deployment\n/)
  assert.match(again.stdout, /Found 6\. 1 of them still works: revoke with/)
  assert.equal((await told()).length, 3)
  const trail = await run('audit', 'list', '--json')
  for (const printed of [stdout, again.stdout, trail.stdout])
    for (const value of [live.key, trial.key, client.client_secret, stranger])
      assert.ok(!printed.includes(value.slice(12, 40)), 'the value is told nowhere')
})

test('on a terminal it asks first, and whoever says no has reported nothing', async (t) => {
  const script = programOrSkip(t, 'script')
  if (script === undefined) return
  const { folder, root, told } = await leaky(t)
  const atTerminal = async (typed: string): Promise<string> => {
    const words = [process.execPath, 'src/cli/main.ts', 'scan', root, '--report'].map((word) => `'${word}'`).join(' ')
    const child = spawn(script, ['-qec', words, '/dev/null'], {
      env: { ...process.env, LATCHKEY_DATA: folder, SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      printed += part
      if (printed.includes('[y/N]')) child.stdin.end(typed)
    })
    await once(child, 'close')
    return printed
  }
  assert.match(
    await atTerminal('n\n'),
    /Report these 4 credentials\?.+Revoke what others may have seen, with --report/s,
  )
  assert.deepEqual(await told(), [])
  assert.match(await atTerminal('y\n'), / {2}revoked\r?\n/)
  assert.equal((await told()).length, 3)
})

test('a server is reported to as well, by operators alone', async (t) => {
  const { folder, json, user, root, live, told } = await leaky(t)
  const { id: other } = await json<{ id: string }>('users', 'create', '--email', 'eve@example.com', '--name', 'Eve')
  const tokenOf = async (id: string): Promise<string> =>
    (await json<{ token: string }>('tokens', 'create', '--user-id', id, '--name', 'CLI', '--all-organizations')).token
  const server = await startServer(t, folder)
  const url = `http://localhost:${server.port}`
  const as = async (id: string) => {
    const laptop = temporaryFolder(t)
    await command(laptop, ['login', '--url', url], { input: await tokenOf(id) })
    return command(laptop, ['scan', root, '--report', '--url', url])
  }
  const refused = await as(other)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /operator/)
  assert.deepEqual(await told(), [])
  const done = await as(user)
  assert.match(done.stdout, new RegExp(`sk_live_…${live.key.slice(-4)} {2}works on`))
  assert.equal((await told()).length, 3)
})
