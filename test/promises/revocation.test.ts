// Revocation is immediate: once it has been answered, no process on the store lets the credential in again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Running, command, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const rounds = 1000

const zones = (server: Running, token: string) =>
  server.ask('GET', '/api/zones', { host: 'api.smoxy.localhost', headers: { 'x-api-token': token } })
const embeddings = (server: Running, key: string) =>
  server.ask('GET', '/v1/embeddings', { headers: { authorization: `Bearer ${key}` } })

test(`a key revoked through one process is refused by the other at its very next request, ${rounds} times of ${rounds}, under load`, async (t) => {
  const folder = temporaryFolder(t)
  const servers = [await startServer(t, folder), await startServer(t, folder)] as const
  const { userId, organizationId } = await makeOwner(folder)
  await commandJson(folder, 'orgs', 'update', '--org-id', organizationId, '--tier', 'enterprise')
  const { token } = await commandJson<{ token: string }>(
    folder,
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'Operator',
    '--all-organizations',
  )
  const asOwner = { authorization: `Bearer ${token}` }
  const make = async () =>
    (
      await servers[0].ask('POST', `/api/v1/organizations/${organizationId}/api-keys`, {
        headers: asOwner,
        body: { name: 'Round' },
      })
    ).json<{ id: string; key: string }>()

  let loading = true
  const loadKey = (await make()).key
  const load = Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      let served = 0
      for (; loading; served++) assert.equal((await embeddings(servers[index % 2] as Running, loadKey)).status, 200)
      return served
    }),
  )

  let refused = 0
  for (let round = 0; round < rounds; round++) {
    const { id, key } = await make()
    const revoking = servers[round % 2] as Running
    const other = servers[(round + 1) % 2] as Running
    assert.equal((await embeddings(other, key)).status, 200, 'the other process knows the key, and has it in memory')
    const revoked = await revoking.ask('DELETE', `/api/v1/api-keys/${id}`, { headers: asOwner })
    assert.equal(revoked.status, 200, revoked.text)
    if ((await embeddings(other, key)).status === 401) refused++
  }
  loading = false
  const served = await load
  assert.equal(refused, rounds)
  assert.ok(
    served.every((count) => count > 50),
    `the load was real: ${served.join(', ')}`,
  )
})

test('a key, token, member, user and organization ended on the command line are refused at the next request of a running server', async (t) => {
  const folder = temporaryFolder(t)
  const server = await startServer(t, folder)
  const { userId, organizationId } = await makeOwner(folder)
  const other = await commandJson<{ id: string }>(
    folder,
    'users',
    'create',
    '--email',
    'second@example.com',
    '--name',
    'Second',
  )
  await commandJson(
    folder,
    'orgs',
    'members',
    'add',
    '--org-id',
    organizationId,
    '--user-id',
    other.id,
    '--role',
    'admin',
  )
  const token = () =>
    commandJson<{ id: string; token: string }>(
      folder,
      'tokens',
      'create',
      '--user-id',
      other.id,
      '--name',
      'T',
      '--all-organizations',
    )
  const key = () =>
    commandJson<{ id: string; key: string }>(
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
  const run = async (...args: string[]) => {
    const { status, stderr } = await command(folder, args)
    assert.equal(status, 0, stderr)
  }

  const first = await key()
  assert.equal((await embeddings(server, first.key)).status, 200)
  await run('keys', 'revoke', '--key-id', first.id)
  assert.equal((await embeddings(server, first.key)).status, 401)

  const second = await token()
  assert.equal((await zones(server, second.token)).status, 200)
  await run('tokens', 'revoke', '--token-id', second.id)
  assert.equal((await zones(server, second.token)).status, 401)

  const third = await token()
  assert.equal((await zones(server, third.token)).status, 200)
  await run('orgs', 'members', 'remove', '--org-id', organizationId, '--user-id', other.id)
  assert.equal((await zones(server, third.token)).status, 403)
  await run('orgs', 'members', 'add', '--org-id', organizationId, '--user-id', other.id, '--role', 'viewer')
  assert.equal((await zones(server, third.token)).status, 200)
  await run('users', 'suspend', '--user-id', other.id)
  assert.equal((await zones(server, third.token)).status, 401)

  const fourth = await key()
  assert.equal((await embeddings(server, fourth.key)).status, 200)
  await run('orgs', 'suspend', '--org-id', organizationId)
  assert.equal((await embeddings(server, fourth.key)).status, 401)
})

test('tokens made from a key, and by a client, end with them at the next request of another process', async (t) => {
  const folder = temporaryFolder(t)
  const servers = [await startServer(t, folder), await startServer(t, folder)] as const
  const { userId, organizationId } = await makeOwner(folder)
  const key = await commandJson<{ id: string; key: string }>(
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
  const form = (fields: Record<string, string>) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
  const exchanged = await servers[0].ask(
    'POST',
    '/oauth/token',
    form({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key.key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
    }),
  )
  assert.equal(exchanged.status, 200, exchanged.text)
  const cwt = exchanged.json<{ access_token: string }>().access_token
  assert.equal((await embeddings(servers[1], cwt)).status, 200)
  await commandJson(folder, 'keys', 'revoke', '--key-id', key.id)
  assert.equal((await embeddings(servers[1], cwt)).status, 401)

  const client = await commandJson<{ client_id: string; client_secret: string }>(
    folder,
    'clients',
    'create',
    '--org-id',
    organizationId,
    '--name',
    'C',
    '--api',
    'smoo',
  )
  const answer = await servers[0].ask('POST', '/token', {
    host: 'auth.smoo.localhost',
    ...form({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }),
  })
  assert.equal(answer.status, 200, answer.text)
  const organizations = () =>
    servers[1].ask('GET', '/organizations', {
      host: 'api.smoo.localhost',
      headers: { authorization: `Bearer ${answer.json<{ access_token: string }>().access_token}` },
    })
  assert.equal((await organizations()).status, 200)
  await commandJson(folder, 'clients', 'delete', '--client-id', client.client_id)
  assert.equal((await organizations()).status, 401)
})

test('RFC 7009: a token given back through one process is refused by the other at its very next request', async (t) => {
  const folder = temporaryFolder(t)
  const servers = [await startServer(t, folder), await startServer(t, folder)] as const
  const { userId, organizationId } = await makeOwner(folder)
  const created = (...args: string[]) => commandJson(folder, ...args, '--org-id', organizationId, '--name', 'N')
  const { key } = (await created('keys', 'create', '--user-id', userId)) as { key: string }
  const client = (await created('clients', 'create', '--api', 'smoo')) as { client_id: string; client_secret: string }
  const send = (server: Running, path: string, fields: Record<string, string>, host = 'localhost') =>
    server.ask('POST', path, {
      host,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
  const issue = async (fields: Record<string, string>, host?: string) => {
    const answer = await send(servers[0], '/oauth/token', fields, host)
    assert.equal(answer.status, 200, answer.text)
    return answer.json<{ access_token: string }>().access_token
  }
  const secret = { client_id: client.client_id, client_secret: client.client_secret }
  const kinds = [
    {
      issue: () => issue({ grant_type: 'client_credentials', ...secret }, 'auth.smoo.localhost'),
      use: (server: Running, token: string) =>
        server.ask('GET', '/organizations', {
          host: 'api.smoo.localhost',
          headers: { authorization: `Bearer ${token}` },
        }),
      proof: secret,
    },
    {
      issue: () =>
        issue({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: key,
          subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
          requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
        }),
      use: embeddings,
      proof: {},
    },
  ]
  for (let round = 0; round < 100; round++) {
    const kind = kinds[round % 2] as (typeof kinds)[number]
    const [revoking, other] = round % 4 < 2 ? servers : servers.toReversed()
    const token = await kind.issue()
    assert.equal((await kind.use(other, token)).status, 200, 'the other process has seen it, and found it good')
    assert.equal((await send(revoking, '/oauth/revoke', { token, ...kind.proof })).text, '{}')
    assert.equal((await kind.use(other, token)).status, 401, `round ${round}`)
  }
})
