// The main path on a real PostgreSQL: two servers and the command line on one database, each obeying the others at its next request.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Running, command, startServer } from '../processes.ts'
import { execute, temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'

const configuration = `export default {
  apis: {
    books: { hosts: ['books.localhost'], upstream: { live: 'echo', test: 'echo' },
      accepts: ['api_key', 'personal_access_token', 'oauth_token', 'jwt', 'cwt'], limits: [] },
    window: { hosts: ['window.localhost'], upstream: 'echo', limits: [{ name: 'window', per: 'credential', limit: 100, period: 3600 }] },
    quota: { hosts: ['quota.localhost'], upstream: 'echo',
      limits: [{ name: 'month', per: 'organization', limit: { free: 100, pro: 1000, enterprise: null }, period: 'month' }] },
  },
  defaultApi: 'books',
}
`

interface Deployment {
  folder: string
  schema: string
  env: NodeJS.ProcessEnv
  json: <T = Record<string, string>>(...args: string[]) => Promise<T>
  start: () => Promise<Running>
  userId: string
  organizationId: string
}

/** A schema of its own, a configuration, and an operator who owns an organization. */
const deploy = async (t: Cleanup): Promise<Deployment> => {
  const folder = temporaryFolder(t)
  const schema = await temporarySchema(t)
  const env = {
    DATABASE_URL: urlOf(schema),
    LATCHKEY_CONFIG: join(folder, 'latchkey.config.ts'),
    LATCHKEY_SECRET: 'shared by every server on this database',
  }
  writeFileSync(env.LATCHKEY_CONFIG, configuration)
  const json: Deployment['json'] = async <T>(...args: string[]) => {
    const { status, stdout, stderr } = await command(folder, [...args, '--json'], { env })
    if (status !== 0) throw new Error(`latchkey ${args.join(' ')} ended with ${status}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  const { id: userId = '' } = await json(
    'users',
    'create',
    '--email',
    'owner@example.com',
    '--name',
    'Owner',
    '--operator',
  )
  const { id: organizationId = '' } = await json('orgs', 'create', '--name', 'Acme', '--owner', userId)
  return { folder, schema, env, json, start: () => startServer(t, folder, env), userId, organizationId }
}

const get = (server: Running, host: string, credential: string) =>
  server.ask('GET', '/', { host, headers: { authorization: `Bearer ${credential}` } })

const form = (fields: Record<string, string>) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})

await withPostgres('the main path on Postgres', () => {
  test('keys, tokens and clients made at one place are good, and ended at one place refused, at every other', async (t) => {
    const { json, start, userId, organizationId, schema } = await deploy(t)
    const servers = await Promise.all([start(), start()])
    const [one, two] = servers
    const token = await json('tokens', 'create', '--user-id', userId, '--name', 'T', '--all-organizations')
    const asOwner = { authorization: `Bearer ${token.token}` }
    const keys = `/api/v1/organizations/${organizationId}/api-keys`
    const make = async (server: Running) =>
      (await server.ask('POST', keys, { headers: asOwner, body: { name: 'K' } })).json<{ id: string; key: string }>()

    for (let round = 0; round < 25; round++) {
      const [here, there] = round % 2 === 0 ? [one, two] : [two, one]
      const { id, key } = await make(here)
      assert.equal((await get(there, 'books.localhost', key)).status, 200)
      assert.equal((await here.ask('DELETE', `/api/v1/api-keys/${id}`, { headers: asOwner })).status, 200)
      assert.equal((await get(there, 'books.localhost', key)).status, 401)
    }
    const { id, key } = await make(one)
    const verified = await two.ask('POST', '/api/v1/verify', { headers: asOwner, body: { credential: key } })
    assert.deepEqual(
      [verified.status, verified.json<{ valid: boolean; principal: { id: string } }>().principal.id],
      [200, id],
    )
    const exchange = async (requested: string) =>
      (
        await one.ask(
          'POST',
          '/oauth/token',
          form({
            grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
            subject_token: key,
            subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
            requested_token_type: requested,
          }),
        )
      ).json<{ access_token: string }>().access_token
    const jwt = await exchange('urn:ietf:params:oauth:token-type:jwt')
    const cwt = await exchange('urn:latchkey:params:oauth:token-type:cwt')
    for (const credential of [jwt, cwt, key]) assert.equal((await get(two, 'books.localhost', credential)).status, 200)
    await json('keys', 'revoke', '--key-id', id)
    for (const server of servers)
      for (const credential of [jwt, cwt, key])
        assert.equal((await get(server, 'books.localhost', credential)).status, 401)

    const client = await json('clients', 'create', '--org-id', organizationId, '--name', 'C')
    const issued = await two.ask(
      'POST',
      '/oauth/token',
      form({
        grant_type: 'client_credentials',
        client_id: client.client_id as string,
        client_secret: client.client_secret as string,
      }),
    )
    const access = issued.json<{ access_token: string }>().access_token
    assert.equal((await get(one, 'books.localhost', access)).status, 200, issued.text)
    // signing keys rotated at one server sign and verify at the other at once
    assert.equal((await one.ask('POST', '/api/v1/signing-keys/rotate', { headers: asOwner, body: {} })).status, 200)
    assert.equal((await get(two, 'books.localhost', access)).status, 200)
    await json('clients', 'delete', '--client-id', client.client_id as string)
    assert.equal((await get(one, 'books.localhost', access)).status, 401)

    const survivor = await make(two)
    await json('orgs', 'suspend', '--org-id', organizationId)
    for (const server of servers) assert.equal((await get(server, 'books.localhost', survivor.key)).status, 401)
    await json('orgs', 'resume', '--org-id', organizationId)
    await one.end('SIGKILL')
    assert.equal((await get(two, 'books.localhost', survivor.key)).status, 200)
    const { data } = await json<{ data: { action: string }[] }>('audit', 'list')
    assert.equal(data.filter(({ action }) => action === 'api_key.revoked').length, 26)
    // nothing that lets anybody in is in the database
    const [row] = await execute(`SELECT string_agg(c::text, ' ') AS text FROM ${schema}.credentials c`)
    assert.ok(!String(row?.text).includes(survivor.key) && !String(row?.text).includes(token.token as string))
    assert.equal((await two.ask('GET', '/readyz')).status, 200)
  })

  test('two servers at full speed let in no more than a limit, nor after one of them is killed', async (t) => {
    const { json, start, userId, organizationId } = await deploy(t)
    const { key = '' } = await json('keys', 'create', '--user-id', userId, '--org-id', organizationId, '--name', 'K')
    const running = await Promise.all([start(), start()])
    const burst = async (server: Running, host: string, count: number): Promise<number> => {
      const answers = await Promise.all(Array.from({ length: count }, () => get(server, host, key)))
      for (const { status, headers } of answers) {
        assert.ok(status === 200 || status === 429, String(status))
        if (status === 429) assert.equal(headers['x-ratelimit-remaining'], '0')
      }
      return answers.filter(({ status }) => status === 200).length
    }
    for (const host of ['window.localhost', 'quota.localhost']) {
      let total = 0
      for (const count of await Promise.all(running.map((server) => burst(server, host, 20)))) total += count
      assert.equal(total, 40)
      await running[0]?.end('SIGKILL')
      running[0] = await start()
      for (const count of await Promise.all(running.map((server) => burst(server, host, 150)))) total += count
      assert.ok(total <= 100 && total >= 60, `${host}: ${total} of 100`)
    }
    // one server alone gives out the whole of what is left, also after a clean stop of the other
    const fresh = (await json('keys', 'create', '--user-id', userId, '--org-id', organizationId, '--name', 'L'))
      .key as string
    let alone = 0
    for (let i = 0; i < 30; i++) if ((await get(running[0], 'window.localhost', fresh)).status === 200) alone++
    await running[0]?.end('SIGTERM')
    for (let i = 0; i < 90; i++) if ((await get(running[1], 'window.localhost', fresh)).status === 200) alone++
    assert.equal(alone, 100)
  })
})
