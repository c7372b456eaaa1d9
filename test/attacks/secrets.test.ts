// Secrets where they do not belong: in the log, in errors, in the audit trail, in files that others can read (CONTRACT §5.6).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { command, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** An upstream that answers what is no HTTP, with a secret of its own in it. */
const brokenUpstream = async (t: { after: (work: () => void) => void }, secret: string): Promise<number> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nSet-Cookie: session=${secret}\r\nBroken Field\r\n\r\n`))
  }).listen(0, '127.0.0.1')
  t.after(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('no credential, of whatever kind and however broken, is in the log, an answer or the store', async (t) => {
  const folder = temporaryFolder(t)
  const upstreamSecret = `upstream-${randomBytes(12).toString('hex')}`
  const upstream = await brokenUpstream(t, upstreamSecret)
  const config = join(folder, 'latchkey.config.ts')
  writeFileSync(
    config,
    `export default {
      log: { level: 'debug', requests: 'all' },
      apis: {
        books: { hosts: ['api.test'], upstream: 'http://127.0.0.1:${upstream}' },
        old: { profile: 'smoxy', hosts: ['old.test'], upstream: 'echo', legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-12-31', link: 'https://x.test' } },
      },
      defaultApi: 'books',
    }`,
  )
  const env = { LATCHKEY_CONFIG: config }
  const run = async (...args: string[]): Promise<Record<string, string>> => {
    const { status, stdout, stderr } = await command(folder, [...args, '--json'], { env })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as Record<string, string>
  }
  const user = (await run('users', 'create', '--email', 'a@example.com', '--name', 'A', '--operator')).id as string
  const organization = (await run('orgs', 'create', '--name', 'Acme', '--owner', user)).id as string
  const made = ['--user-id', user, '--org-id', organization, '--name', 'Key']
  const key = (await run('keys', 'create', ...made)).key as string
  const token = (await run('tokens', 'create', '--user-id', user, '--name', 'T', '--all-organizations')).token as string
  const client = await run('clients', 'create', '--org-id', organization, '--name', 'C')
  const legacy = `legacy-${randomBytes(12).toString('hex')}`
  const csv = join(folder, 'legacy.csv')
  writeFileSync(csv, `name,owner,organization,token\nOld,a@example.com,Acme,${legacy}\n`)
  await run('legacy-tokens', 'import', csv)
  const server = await startServer(t, folder, env)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const tokenRequest = (fields: Record<string, string>) =>
    server.ask('POST', '/oauth/token', { headers: form, body: new URLSearchParams(fields).toString() })
  const { access_token: jwt = '' } = (
    await tokenRequest({
      grant_type: 'client_credentials',
      client_id: client.client_id as string,
      client_secret: client.client_secret as string,
    })
  ).json<Record<string, string>>()
  const { access_token: cwt = '' } = (
    await tokenRequest({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
    })
  ).json<Record<string, string>>()
  const link = (
    await server.ask('POST', `/api/v1/users/${user}/link`, { headers: { authorization: `Bearer ${token}` } })
  ).json<{ url: string }>()
  const linkToken = new URL(link.url).searchParams.get('token') as string
  const password = `a password ${randomBytes(9).toString('hex')}`
  const secrets = [key, token, client.client_secret as string, legacy, jwt, cwt, linkToken, password]
  for (const secret of secrets) assert.ok(secret.length > 20, secret)

  const answers: string[] = []
  const sent: Promise<unknown>[] = []
  const send = (...asked: Parameters<typeof server.ask>): void => {
    sent.push(server.ask(...asked).then(({ text }) => answers.push(text)))
  }
  for (const secret of secrets) {
    const broken = [secret, `${secret}x`, secret.toUpperCase(), `${secret}, x ${secret}`]
    for (const value of broken) {
      for (const headers of [
        { authorization: `Bearer ${value}` },
        { authorization: value },
        { authorization: `Basic ${value}` },
        { 'x-api-token': value },
        { 'x-latchkey-local': value },
      ]) {
        for (const host of ['api.test', 'old.test', 'localhost', 'unknown.test'])
          send('GET', '/api/v1/users/me', { host, headers })
      }
    }
    for (const path of [
      `/?token=${secret}`,
      `/setup?token=${secret}`,
      `/api/v1/users/${secret}`,
      `/${secret}`,
      `/%zz${secret}`,
      `/a/${secret}/../b`,
      `/forward-auth/${secret}`,
      `/api/v1/users?cursor=${secret}`,
    ]) {
      for (const host of ['api.test', 'localhost'])
        send('GET', encodeURI(path).replaceAll('%25', '%'), { host, headers: { authorization: `Bearer ${token}` } })
    }
    for (const fields of [
      { token: secret },
      { client_id: secret, client_secret: secret },
      { grant_type: secret },
      { subject_token: secret, subject_token_type: secret },
      { [secret]: 'x' },
    ])
      send('POST', '/oauth/token', {
        headers: form,
        body: new URLSearchParams({ grant_type: 'client_credentials', ...fields } as unknown as Record<
          string,
          string
        >).toString(),
      })
    for (const body of [
      { credential: secret },
      { token: secret },
      `{"credential": "${secret}`,
      { items: [{ credential: secret, cost: -1 }] },
    ]) {
      for (const path of ['/verify', '/explain', '/inspect', '/users', '/account/tokens'])
        send('POST', `/api/v1${path}`, {
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body,
        })
    }
    send('POST', '/setup', {
      headers: form,
      body: new URLSearchParams({ token: `${linkToken}x`, password: secret, name: secret }).toString(),
    })
  }
  await Promise.all(sent)
  send('POST', '/setup', {
    headers: form,
    body: new URLSearchParams({ token: linkToken, password, name: '', email: '', organization: '' }).toString(),
  })
  await Promise.all(sent)
  // valid requests whose upstream breaks off, which is logged with its error
  const { status } = await server.ask('GET', '/', { host: 'api.test', headers: { authorization: `Bearer ${key}` } })
  assert.equal(status, 502)
  await server.end('SIGTERM')
  const log = server.output()
  assert.match(log, /upstream failed/)
  // what JSON makes of a Buffer counts too
  const numbers = (secret: string): string => [...Buffer.from(secret)].join(',')
  const stores = ['latchkey.db', 'activity.db'].map((name) => {
    const database = new DatabaseSync(join(folder, name))
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[]
    const text = JSON.stringify(tables.map((table) => database.prepare(`SELECT * FROM "${table.name}"`).all()))
    database.close()
    return text
  })
  for (const secret of [...secrets, upstreamSecret]) {
    assert.ok(
      !log.includes(secret) && !log.includes(numbers(secret)),
      `in the log: ${log.split('\n').find((line) => line.includes(secret) || line.includes(numbers(secret)))}`,
    )
    assert.ok(!stores.some((text) => text.includes(secret)), `in the store: ${secret.slice(0, 8)}`)
  }
  // /inspect tells what its caller sent; the pages of a link repeat its token in their form
  const repeats = answers.filter((text) => secrets.some((secret) => secret !== linkToken && text.includes(secret)))
  assert.deepEqual(
    repeats.map((text) => text.slice(0, 300)),
    [],
  )
})

test('a secret file that holds no secret is a mistake, not a key that everybody knows', async (t) => {
  for (const text of ['', '\n', 'short', ' '.repeat(64)]) {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'secret'), text)
    const { status, stderr } = await command(folder, ['users', 'list'])
    assert.equal(status, 78, stderr)
    assert.match(stderr, /secret: /)
    assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), text)
  }
})

test('what is made in the data folder, and a backup, is its owner’s alone', async (t) => {
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')
  mkdirSync(data)
  chmodSync(data, 0o755)
  await makeOwner(data)
  for (const name of readdirSync(data))
    if (statSync(join(data, name)).isFile()) assert.equal(statSync(join(data, name)).mode & 0o077, 0, name)
  const file = join(folder, 'backup.db')
  await commandJson(data, 'backup', file)
  assert.equal(statSync(file).mode & 0o077, 0)
  // a link in its place is replaced, not followed
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'text of somebody')
  const linked = join(folder, 'linked.db')
  symlinkSync(victim, linked)
  const { status } = await command(data, ['backup', linked])
  assert.equal(status, 1)
  assert.equal(readFileSync(victim, 'utf8'), 'text of somebody')
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('unfinished')),
    [],
  )
})
