// `latchkey login` and `--url`: the same commands through a server's management API, with the rights of the stored token; and the
// command line on the store itself while that server runs.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { desk } from './desk.ts'

interface Made {
  id: string
}

type List = { data: Record<string, unknown>[] }

const verify = { method: 'POST', path: '/api/v1/verify' } as const

test('the local command line works while the server runs, and the server obeys it at its next request', async (t) => {
  const at = desk(t)
  const { id: userId } = await at.json<Made>(
    'users',
    'create',
    '--email',
    'ada@example.com',
    '--name',
    'Ada',
    '--operator',
  )
  const { id: orgId } = await at.json<Made>('orgs', 'create', '--name', 'Acme', '--owner', userId)
  const { token } = await at.json<{ token: string }>(
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'CLI',
    '--all-organizations',
  )
  const server = await startServer(t, at.folder)
  const { id, key } = await at.json<{ id: string; key: string }>(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    orgId,
    '--name',
    'Key',
  )
  const judge = async (): Promise<string> =>
    (
      await server.ask(verify.method, verify.path, {
        headers: { authorization: `Bearer ${token}` },
        body: { credential: key, api: 'multi' },
      })
    ).json<{ code: string }>().code
  assert.equal(await judge(), 'valid')
  await at.json('keys', 'revoke', '--key-id', id)
  assert.equal(await judge(), 'invalid_api_key')
})

test('login keeps a token that works, for its owner alone; every kind of command goes through it; logout forgets it', async (t) => {
  const at = desk(t)
  const { id: userId } = await at.json<Made>(
    'users',
    'create',
    '--email',
    'ada@example.com',
    '--name',
    'Ada',
    '--operator',
  )
  const { token, id: tokenId } = await at.json<{ token: string; id: string }>(
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'CLI',
    '--all-organizations',
  )
  const server = await startServer(t, at.folder)
  const url = `http://localhost:${server.port}`
  // a laptop: another store, which must stay untouched
  const laptop = desk(t)
  const remote = <T = Record<string, unknown>>(...args: string[]): Promise<T> => laptop.json<T>('--url', url, ...args)
  const credentials = join(laptop.folder, '.config', 'latchkey', 'credentials.json')

  assert.match(
    await laptop.refused('users', 'list', '--url', url),
    new RegExp(`^latchkey: You are not signed in to ${url}\\. Sign in first: latchkey login --url ${url}\n$`),
  )
  const wrong = await command(laptop.folder, ['login', '--url', url], { input: `pat_${'0'.repeat(64)}\n` })
  assert.deepEqual([wrong.status, wrong.stdout], [1, ''])
  assert.match(wrong.stderr, /^latchkey: .+ does not accept the token/)
  assert.ok(!existsSync(credentials), 'nothing is kept of a token that does not work')
  const signedIn = await command(laptop.folder, ['login', '--url', url], { input: `${token}\n` })
  assert.deepEqual(
    [signedIn.status, signedIn.stdout],
    [0, `Signed in to ${url} with "CLI". The token is kept in ${credentials}.\n`],
  )
  assert.equal(statSync(credentials).mode & 0o777, 0o600)
  assert.equal(statSync(join(laptop.folder, '.config', 'latchkey')).mode & 0o777, 0o700)
  assert.deepEqual(JSON.parse(readFileSync(credentials, 'utf8')), { [url]: { token } })

  const { id: orgId } = await remote<Made>('orgs', 'create', '--name', 'Acme', '--tier', 'pro', '--owner', userId)
  const key = await remote<{ id: string; key: string }>(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    orgId,
    '--name',
    'Key',
  )
  assert.equal((await remote<{ code: string }>('verify', key.key, '--api', 'multi')).code, 'valid')
  assert.deepEqual(
    (await remote<List>('keys', 'list', '--org-id', orgId)).data.map(({ id }) => id),
    [key.id],
  )
  const { id: bob } = await remote<Made>('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')
  await remote('orgs', 'members', 'add', '--org-id', orgId, '--user-id', bob, '--role', 'viewer')
  assert.equal((await remote<List>('orgs', 'members', 'list', '--org-id', orgId)).data.length, 2)
  const own = await remote<Made>('tokens', 'create', '--user-id', userId, '--name', 'Own', '--organization', orgId)
  const bobs = await remote<{ id: string; token: string }>(
    'tokens',
    'create',
    '--user-id',
    bob,
    '--name',
    'His',
    '--all-organizations',
  )
  assert.deepEqual(
    (await remote<List>('tokens', 'list', '--user-id', userId)).data.map(({ name }) => name),
    ['Own', 'CLI'],
  )
  assert.notEqual((await remote('tokens', 'revoke', '--token-id', own.id)).revoked_at, null)
  const client = await remote<{ client_id: string }>('clients', 'create', '--org-id', orgId, '--name', 'Export')
  await remote('clients', 'rotate-secret', '--client-id', client.client_id)
  await remote('clients', 'delete', '--client-id', client.client_id)
  const csv = join(laptop.folder, 'tokens.csv')
  writeFileSync(csv, 'name,owner,organization,token\nOld,bob@example.com,Acme,legacy-secret-1\n')
  assert.equal((await remote<{ imported: number }>('legacy-tokens', 'import', csv)).imported, 1)
  assert.equal((await remote<List>('legacy-tokens', 'list')).data.length, 1)
  assert.equal((await remote<List>('signing-keys', 'list')).data.length, 6)
  assert.equal((await remote<{ api: string }>('signing-keys', 'export', '--api', 'multi')).api, 'multi')
  assert.equal((await remote<List>('usage', 'show', '--org-id', orgId)).data.length, 1)
  const trail = await remote<List>('audit', 'list', '--action', 'api_key.created')
  assert.deepEqual(
    trail.data.map(({ actor_kind, actor_id }) => [actor_kind, actor_id]),
    [['personal_access_token', tokenId]],
    'the trail names the token',
  )
  assert.ok(!existsSync(join(laptop.folder, 'latchkey.db')), 'nothing was made here')

  // a member who is no operator, at the same laptop
  await command(laptop.folder, ['login', '--url', url], { input: bobs.token })
  assert.deepEqual(
    (await remote<List>('orgs', 'list')).data.map(({ name, role }) => [name, role]),
    [['Acme', 'viewer']],
    'one’s own organizations',
  )
  assert.deepEqual(
    (await remote<List>('tokens', 'list', '--user-id', bob)).data.map(({ name }) => name),
    ['His'],
  )
  assert.equal((await remote<List>('legacy-tokens', 'list')).data.length, 1)
  const denied: readonly (readonly string[])[] = [
    ['users', 'list'],
    ['users', 'create', '--email', 'eve@example.com', '--name', 'Eve', '--operator'],
    ['users', 'suspend', '--user-id', userId],
    ['users', 'link', '--user-id', userId],
    ['users', 'reset-factors', '--user-id', userId],
    ['orgs', 'update', '--org-id', orgId, '--tier', 'enterprise'],
    ['orgs', 'suspend', '--org-id', orgId],
    ['orgs', 'delete', '--org-id', orgId],
    ['orgs', 'members', 'update', '--org-id', orgId, '--user-id', bob, '--role', 'owner'],
    ['keys', 'create', '--user-id', bob, '--org-id', orgId, '--name', 'x'],
    ['keys', 'revoke', '--key-id', key.id],
    ['keys', 'rotate', '--key-id', key.id],
    ['tokens', 'list', '--user-id', userId],
    ['tokens', 'revoke', '--token-id', tokenId],
    ['legacy-tokens', 'import', csv],
    ['clients', 'create', '--org-id', orgId, '--name', 'x'],
    ['signing-keys', 'list'],
    ['signing-keys', 'export', '--api', 'multi'],
    ['audit', 'list'],
    ['audit', 'list', '--org-id', orgId],
    ['verify', key.key, '--api', 'multi'],
  ]
  for (const args of denied) assert.match(await laptop.refused(...args, '--url', url), /^latchkey: /, args.join(' '))

  await at.json('tokens', 'revoke', '--token-id', bobs.id)
  assert.match(await laptop.refused('orgs', 'list', '--url', url), /does not accept the token any more\. Sign in again/)
  assert.match((await laptop.run('logout', '--url', url)).stdout, /^Signed out of /)
  assert.match((await laptop.run('logout', '--url', url)).stdout, /^You were not signed in to /)
  assert.match(await laptop.refused('orgs', 'list', '--url', url), /You are not signed in/)
})

test('a stored token that others can read is not used, and a damaged file is told of', async (t) => {
  const at = desk(t)
  const folder = join(at.folder, '.config', 'latchkey')
  const url = 'http://localhost:9'
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'credentials.json')
  writeFileSync(file, JSON.stringify({ [url]: { token: 'pat_secret' } }))
  chmodSync(file, 0o644)
  const open = await at.refused('orgs', 'list', '--url', url)
  assert.match(open, /can be read by others.+chmod 600/)
  assert.ok(!open.includes('pat_secret'))
  chmodSync(file, 0o600)
  assert.match(
    await at.refused('orgs', 'list', '--url', url),
    /^latchkey: http:\/\/localhost:9 cannot be reached: .+\.\n$/,
  )
  writeFileSync(file, '{')
  assert.match(await at.refused('orgs', 'list', '--url', url), /credentials\.json is damaged\. Delete it/)
})

test('the token goes to no other server, and an answer that is none of ours is told in one line', async (t) => {
  const folder = temporaryFolder(t)
  let caught = 0
  const thief = createServer((_request, response) => {
    caught++
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(thief, 'listening')
  const answers = [
    [302, { location: `http://127.0.0.1:${(thief.address() as AddressInfo).port}/` }, ''],
    [200, { 'content-type': 'text/html' }, '<html>hello</html>'],
    [
      500,
      { 'content-type': 'application/problem+json' },
      JSON.stringify({ code: 'internal_error', detail: 'Something went wrong here.', request_id: '0197' }),
    ],
    [
      429,
      { 'content-type': 'application/problem+json' },
      JSON.stringify({ code: 'rate_limit_exceeded', detail: 'Slow down.', request_id: '0198' }),
    ],
  ] as const
  let next = 0
  const odd = createServer((_request, response) => {
    const [status, headers, body] = answers[next++] ?? [404, {}, '']
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(odd, 'listening')
  const silent = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    for (const server of [thief, odd, silent]) server.close()
  })
  const urlOf = (server: { address: () => unknown }): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const attempt = async (url: string, ...more: string[]): Promise<string> => {
    const { status, stdout, stderr } = await command(folder, ['login', '--url', url, ...more], { input: 'pat_secret' })
    assert.deepEqual([status, stdout], [1, ''])
    assert.ok(!stderr.includes('pat_secret'))
    return stderr
  }
  assert.match(await attempt(urlOf(odd)), /cannot be reached: .*redirect/)
  assert.equal(caught, 0)
  assert.match(
    await attempt(urlOf(odd)),
    /^latchkey: The answer is not one of a Latchkey's management API \(status 200\)\. Check the URL\.\n$/,
  )
  assert.equal(await attempt(urlOf(odd)), 'latchkey: Something went wrong here. (request 0197)\n')
  assert.equal(await attempt(urlOf(odd)), 'latchkey: Slow down.\n')
  const verbose = await attempt(urlOf(silent), '--verbose')
  assert.match(verbose, /^latchkey: .+ cannot be reached: .+\.\nFault: .+\n {4}at /)
  assert.ok(!(await attempt(urlOf(silent))).includes('    at '), 'no stack without --verbose')
})
