// What a start says and keeps: mistakes all at once, the issuer of the first start, the one set-up link, and https where it is public.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch } from '../harness.ts'
import { command, commandJson, makeOwner, startServer } from '../processes.ts'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `npm start` until it ends, or until it has printed `awaited`. */
const start = async (t: Cleanup, env: NodeJS.ProcessEnv, awaited?: RegExp) => {
  const folder = temporaryFolder(t)
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: folder, LATCHKEY_DATA: join(folder, 'data'), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  const ended = once(child, 'close') as Promise<[number | null]>
  while (awaited && child.exitCode === null && !awaited.test(stdout))
    await new Promise((resolve) => setTimeout(resolve, 10))
  if (awaited) child.kill('SIGTERM')
  const [status] = await ended
  return { status, stdout, stderr, folder }
}

test('every mistake of the environment and of the file is told at once, by name, and nothing is made', async (t) => {
  const folder = temporaryFolder(t)
  const LATCHKEY_CONFIG = join(folder, 'latchkey.config.ts')
  writeFileSync(
    LATCHKEY_CONFIG,
    `export default { defaultApi: 'books', apis: { shop: { profile: 'none', hosts: ['a b'] } }, log: { level: 'loud' } }`,
  )
  const {
    status,
    stdout,
    stderr,
    folder: made,
  } = await start(t, {
    LATCHKEY_CONFIG,
    PORT: '70000',
    HOST: '127.0.0.1',
    LATCHKEY_URL: 'http://user:hunter2@auth.example.com/base',
    DATABASE_URL: 'mysql://root@localhost/x',
    LATCHKEY_SECRET: 'short',
    LATCHKEY_WORKERS: 'many',
    LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/99, nonsense',
  })
  assert.equal(status, 78)
  assert.equal(stdout, '')
  assert.match(stderr, /^latchkey: The configuration has \d+ mistakes:\n( {2}- .+\n)+$/)
  for (const place of [
    'PORT',
    'LATCHKEY_URL',
    'DATABASE_URL',
    'LATCHKEY_SECRET',
    'LATCHKEY_WORKERS',
    'LATCHKEY_TRUSTED_PROXIES',
    'apis.shop.profile',
    'apis.shop.hosts',
    'defaultApi',
    'log.level',
  ])
    assert.ok(stderr.includes(`  - ${place}`), `${place}: ${stderr}`)
  assert.doesNotMatch(stderr, /hunter2|"short"/, 'secrets are not repeated')
  assert.ok(!existsSync(join(made, 'data')))
})

test('what keeps it from listening or from its store is told in a line, never a stack', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  for (const [env, status, told] of [
    [
      { PORT: String(port) },
      1,
      /^latchkey: Something listens on 127\.0\.0\.1:\d+ already\. Stop it, or set PORT to another\.\n$/,
    ],
    [{ HOST: '192.0.2.1' }, 78, /HOST: "192\.0\.2\.1" is no address of this machine/],
    [{ HOST: 'nothing.invalid' }, 78, /HOST: "nothing\.invalid" is no address of this machine/],
    [{ DATABASE_URL: 'postgres://root:hunter2@127.0.0.1:1/x' }, 1, /^latchkey: .*ECONNREFUSED/],
    [{ LATCHKEY_DATA: '/dev/null/data' }, 1, /^latchkey: /],
  ] as const) {
    const ended = await start(t, env)
    assert.equal(ended.status, status, ended.stderr)
    assert.match(ended.stderr, told)
    assert.doesNotMatch(ended.stderr, /\n\s+at |hunter2/)
  }
})

test('a first start makes keys, a secret for its owner alone, and one link; once there is an operator there is none', async (t) => {
  const { status, stdout, folder } = await start(t, { LATCHKEY_CONFIG: '' }, /setup\?token=su_[\w-]{43}/)
  assert.equal(status, 0)
  assert.equal(stdout.match(/setup\?token=/g)?.length, 1)
  const data = join(folder, 'data')
  assert.equal(statSync(data).mode & 0o777, 0o700)
  for (const name of readdirSync(data)) assert.equal(statSync(join(data, name)).mode & 0o777, 0o600, name)
  const env = { LATCHKEY_DATA: data }
  const keys = await command(data, ['signing-keys', 'list', '--json'], { env })
  assert.equal((JSON.parse(keys.stdout) as { data: unknown[] }).data.length > 2, true)
  await makeOwner(data)
  const second = await startServer(t, data)
  assert.doesNotMatch(second.output(), /setup\?token=/)
  await second.end('SIGTERM')

  const silent = temporaryFolder(t)
  writeFileSync(join(silent, 'latchkey.config.ts'), `export default { log: { level: 'silent' } }`)
  const quiet = await start(t, { LATCHKEY_CONFIG: join(silent, 'latchkey.config.ts') }, /setup\?token=su_/)
  assert.equal(quiet.stdout.split('\n').length, 2, 'nothing else is printed')
})

test('the issuer of the first start stays; another is a mistake until it is moved, and tokens end with the old one', async (t) => {
  const folder = temporaryFolder(t)
  const { userId, organizationId } = await makeOwner(folder) // the command line knows no port, and decides nothing
  const first = await startServer(t, folder)
  const issuerOf = async (server: typeof first) =>
    (await server.ask('GET', '/.well-known/oauth-authorization-server')).json<{ issuer: string }>().issuer
  const issuer = `http://localhost:${first.port}`
  assert.equal(await issuerOf(first), issuer)
  assert.match(
    (await commandJson(folder, 'users', 'link', '--user-id', userId)).url ?? '',
    new RegExp(`^${issuer}/setup\\?token=`),
  )
  const { key } = await commandJson(
    folder,
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    organizationId,
    '--name',
    'K',
  )
  const exchanged = await first.ask('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key as string,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
    }).toString(),
  })
  const token = exchanged.json<{ access_token: string }>().access_token
  await first.end('SIGTERM')

  const second = await startServer(t, folder)
  assert.notEqual(second.port, first.port)
  assert.equal(await issuerOf(second), issuer, 'stored at the first start, and used from then on')
  const embeddings = async (server: typeof first, as: string | undefined) =>
    (await server.ask('GET', '/v1/embeddings', { headers: { authorization: `Bearer ${as}` } })).status
  assert.equal(await embeddings(second, token), 200)
  await second.end('SIGTERM')

  const other = { LATCHKEY_URL: 'http://auth.localhost:9000' }
  for (const args of [['serve'], ['users', 'list'], ['verify', 'x']]) {
    const { status, stderr } = await command(folder, args, { env: { ...other, PORT: '0' } })
    assert.equal(status, 78, args.join(' '))
    assert.match(
      stderr,
      new RegExp(`LATCHKEY_URL: .*${issuer}.*latchkey migrate --issuer http://auth\\.localhost:9000`),
    )
  }
  assert.equal(
    (await command(folder, ['users', 'list'], { env: { LATCHKEY_URL: issuer } })).status,
    0,
    'the same is no mistake',
  )
  assert.deepEqual(await commandJson(folder, 'migrate', '--issuer', other.LATCHKEY_URL), {
    applied: [],
    issuer: other.LATCHKEY_URL,
  })
  const moved = await startServer(t, folder, other)
  assert.equal((await moved.ask('GET', '/.well-known/jwks.json', { host: 'auth.localhost:9000' })).status, 200)
  assert.equal(
    (await moved.ask('GET', '/docs', { host: '127.0.0.1' })).status,
    421,
    'loopback names answer only while it is unset',
  )
  assert.equal(await embeddings(moved, token), 401)
  assert.equal(await embeddings(moved, key), 200)
})

test('RFC 6797: over https every answer tells browsers to stay there; over http none does', async (t) => {
  const secure = await launch(t, {
    env: { LATCHKEY_URL: 'https://auth.example.com' },
    file: { apis: { one: { hosts: ['api.example.com'], upstream: 'echo' } } },
  })
  for (const [host, url] of [
    ['auth.example.com', '/healthz'],
    ['auth.example.com', '/docs'],
    ['auth.example.com', '/nothing'],
    ['auth.example.com', '/api/v1/users/me'],
    ['auth.example.com', '/setup?token=x'],
    ['api.example.com', '/'],
    ['unknown.example.com', '/'],
  ] as const) {
    const { headers } = await secure.ask('GET', url, { host })
    assert.equal(headers['strict-transport-security'], 'max-age=31536000', `${host}${url}`)
  }
  const plain = await launch(t, { env: { LATCHKEY_URL: 'http://auth.localhost:8000' } })
  for (const url of ['/healthz', '/docs', '/api/v1/users/me'])
    assert.equal(
      (await plain.ask('GET', url, { host: 'auth.localhost' })).headers['strict-transport-security'],
      undefined,
    )
})
