// No secret in a log, an error, a URL, a metric or the audit trail; the set-up link of a first start is the one exception.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a server that is shown every kind of secret, right and wrong, tells none of them', async (t) => {
  const folder = temporaryFolder(t)
  const env = { LATCHKEY_CONFIG: join(folder, 'latchkey.config.ts') }
  writeFileSync(
    env.LATCHKEY_CONFIG,
    `export default { log: { level: 'debug', requests: 'all' }, defaultApi: 'one', apis: {
      one: { hosts: ['one.localhost'], upstream: 'echo', accepts: ['api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt'],
        legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com' } },
      down: { hosts: ['down.localhost'], upstream: 'http://127.0.0.1:1', forwardCredential: true },
    } }`,
  )
  const json = async <T>(...args: string[]): Promise<T> => {
    const { status, stdout, stderr } = await command(folder, [...args, '--json'], { env })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as T
  }
  const server = await startServer(t, folder, env)
  const { userId, organizationId } = await makeOwner(folder)
  const password = 'correct horse battery staple'
  const created = await command(
    folder,
    ['users', 'create', '--email', 'b@example.com', '--name', 'B', '--password-stdin', '--json'],
    { env, input: `${password}\n` },
  )
  assert.equal(created.status, 0, created.stderr)
  const key = await json<{ id: string; key: string }>(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    organizationId,
    '--name',
    'K',
  )
  const token = await json<{ token: string }>(
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'T',
    '--all-organizations',
  )
  const client = await json<{ client_id: string; client_secret: string }>(
    'clients',
    'create',
    '--org-id',
    organizationId,
    '--name',
    'C',
  )
  const link = await json<{ url: string }>('users', 'link', '--user-id', userId)
  const legacy = 'a-legacy-token-that-nobody-may-see'
  writeFileSync(join(folder, 'old.csv'), `name,owner,organization,token\nOld,${userId},,${legacy}\n`)
  await json('legacy-tokens', 'import', join(folder, 'old.csv'))
  const form = (fields: Record<string, string>) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
  const issued = await server.ask('POST', '/oauth/token', {
    ...form({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret }),
  })
  const exchanged = await server.ask('POST', '/oauth/token', {
    ...form({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key.key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
    }),
  })
  const rotated = await json<{ key: string }>('keys', 'rotate', '--key-id', key.id)
  const secrets = [
    key.key,
    rotated.key,
    token.token,
    client.client_secret,
    issued.json<{ access_token: string }>().access_token,
    exchanged.json<{ access_token: string }>().access_token,
    legacy,
    new URL(link.url).searchParams.get('token') as string,
    password,
    readFileSync(join(folder, 'secret'), 'utf8').trim(),
  ]
  for (const secret of secrets) assert.ok(secret.length >= 20)

  const told: string[] = []
  const ask = async (method: string, path: string, asking: Parameters<typeof server.ask>[2] = {}) => {
    const { headers, text, status } = await server.ask(method, path, asking)
    told.push(JSON.stringify(headers), text)
    return status
  }
  for (const secret of secrets) {
    const authorization = `Bearer ${secret}`
    const broken = `${secret.slice(0, -1)}~`
    for (const host of ['one.localhost', 'down.localhost', 'unknown.localhost', 'localhost'])
      for (const headers of [
        { authorization },
        { authorization: secret },
        { authorization: `Bearer ${broken}` },
        { cookie: secret },
      ])
        // the echo shows what its upstream gets, the query too
        await ask('GET', host === 'one.localhost' ? '/' : `/things?token=${encodeURIComponent(secret)}`, {
          host,
          headers,
        })
    await ask('GET', '/forward-auth?api=down', { host: 'proxy.localhost', headers: { authorization } })
    await ask('GET', '/api/v1/users/me', { headers: { authorization: `Bearer ${broken}` } })
    await ask('POST', '/api/v1/verify', {
      headers: { authorization: `Bearer ${token.token}` },
      body: { credential: secret, api: 'down' },
    })
    await ask('POST', '/api/v1/verify', {
      headers: { authorization: `Bearer ${token.token}` },
      body: { credential: secret, [secret]: 1 },
    })
    await ask('POST', '/api/v1/inspect', {
      headers: { authorization: `Bearer ${token.token}` },
      body: { token: `${secret}.` },
    })
    await ask(
      'POST',
      '/oauth/token',
      form({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: broken }),
    )
    await ask(
      'POST',
      '/oauth/token',
      form({ grant_type: secret, client_id: secret, client_secret: secret, scope: secret, resource: secret }),
    )
    await ask('POST', '/oauth/token', {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`,
      },
      body: 'grant_type=client_credentials',
    })
    await ask('POST', '/setup', form({ token: `${secret}0`, password: secret }))
  }
  assert.equal(await ask('GET', '/metrics'), 200)
  assert.equal(
    await ask('GET', '/api/v1/audit?limit=200', { headers: { authorization: `Bearer ${token.token}` } }),
    200,
  )
  assert.equal(
    await ask('GET', `/api/v1/organizations/${organizationId}/api-keys`, {
      headers: { authorization: `Bearer ${token.token}` },
    }),
    200,
  )
  assert.equal(await ask('GET', '/openapi.json'), 200)
  await server.end('SIGTERM')
  const log = server.output()
  for (const [index, secret] of secrets.entries()) {
    // the echo shows cookies that are not Latchkey's
    const answers = told.filter((text) => !text.includes('"cookie"')).join('\n')
    assert.ok(!log.includes(secret), `secret ${index} is in the log`)
    assert.ok(!answers.includes(secret), `secret ${index} is in an answer`)
    assert.ok(!log.includes(encodeURIComponent(secret)), `secret ${index} is in the log`)
  }
  assert.ok(log.split('\n').length > 200, 'requests were logged')
  assert.doesNotMatch(log, /\?token=(?!su_)/, 'queries are never logged')
  assert.equal(log.match(/su_[\w-]{43}/g)?.length, 1, 'the set-up link alone')
  // what is on disk lets nobody in either
  for (const name of ['latchkey.db', 'activity.db']) {
    const bytes = readFileSync(join(folder, name), 'latin1')
    for (const [index, secret] of secrets.entries()) assert.ok(!bytes.includes(secret), `secret ${index} is in ${name}`)
  }
  assert.ok((await commandJson<{ data: unknown[] }>(folder, 'audit', 'list')).data.length > 5)
})
