// `latchkey doctor` finds what is misconfigured, says the way out, and changes nothing.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { issuerElsewhere } from '../accounts/issuer-elsewhere.ts'
import { smtpServer } from '../mail/smtp-server.ts'
import { startServer } from '../processes.ts'
import { type Desk, desk } from './desk.ts'

interface Report {
  ok: boolean
  checks: { check: string; status: string; detail: string; remedy?: string }[]
}

const examine = async ({
  run,
}: Desk): Promise<{ status: number; report: Report; found: (check: string) => string[] }> => {
  const { status, stdout } = await run('doctor', '--json')
  const report = JSON.parse(stdout) as Report
  return {
    status,
    report,
    found: (check) =>
      report.checks.filter((entry) => entry.check === check).map((entry) => `${entry.status}: ${entry.detail}`),
  }
}

/** A port that somebody else listens on. */
const takenPort = async (t: { after: (work: () => void) => void }): Promise<number> => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('before the first start all is well, and nothing is made', async (t) => {
  const at = desk(t, { PORT: '0' })
  const { status, report } = await examine(at)
  assert.deepEqual([status, report.ok, report.checks.filter((entry) => entry.status !== 'ok')], [0, true, []])
  for (const check of [
    'node',
    'configuration',
    'issuer',
    'trusted proxies',
    'data folder',
    'secret',
    'disk',
    'port',
    'store',
    'API multi',
  ])
    assert.ok(
      report.checks.some((entry) => entry.check === check),
      check,
    )
  assert.deepEqual(readdirSync(at.folder), [])
  assert.match(
    (await at.run('doctor')).stdout,
    /^ok {4}node +Node 26\.\d+\.\d+\nok {4}configuration +\/.+latchkey\.config\.ts is valid; APIs: /,
  )
})

test('a deployment that runs: the server answers, an operator and signing keys are there', async (t) => {
  const before = desk(t)
  await before.json('users', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--operator')
  const server = await startServer(t, before.folder)
  const at = desk(t, { PORT: String(server.port), LATCHKEY_DATA: before.folder })
  const { status, report, found } = await examine(at)
  assert.deepEqual([status, report.checks.filter((entry) => entry.status !== 'ok')], [0, []])
  assert.deepEqual(found('port'), [`ok: A Latchkey answers on 127.0.0.1:${server.port}.`])
  assert.deepEqual(found('operator'), ['ok: There is one.'])
  assert.match(found('signing keys')[0] ?? '', /^ok: .*ES256 \(0 days\)/)
  assert.match(found('clock')[0] ?? '', /^ok: /)
})

test('configuration mistakes: all of them, and status 78', async (t) => {
  const at = desk(t, { LATCHKEY_URL: 'http://auth.example.com', PORT: 'x' })
  const { status, found } = await examine(at)
  assert.equal(status, 78)
  assert.deepEqual(
    found('configuration').map((line) => line.split(':', 2).join(':')),
    ['fail: PORT', 'fail: LATCHKEY_URL'],
  )
  assert.match((await at.run('doctor')).stderr, /^latchkey: The configuration has 2 mistakes:\n/)
})

test('a public deployment with the secret beside the data, proxies wide open, and a taken port', async (t) => {
  const port = await takenPort(t)
  const at = desk(t, {
    LATCHKEY_URL: 'https://auth.example.com',
    LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8, 0.0.0.0/0',
    PORT: String(port),
  })
  await at.json('users', 'list')
  const { status, report, found } = await examine(at)
  assert.deepEqual([status, report.ok], [1, false])
  assert.match(found('trusted proxies')[0] ?? '', /^fail: Everybody is trusted/)
  assert.match(found('secret')[0] ?? '', /^warn: The secret lies beside the data/)
  assert.match(found('port')[0] ?? '', /^fail: Another program listens/)
  assert.match(found('operator')[0] ?? '', /^warn: /)
  for (const { check, status: found_, remedy } of report.checks)
    assert.equal(remedy === undefined, found_ === 'ok', check)
  assert.match(
    (await at.run('doctor')).stdout,
    /^fail {2}port +Another program listens on 127\.0\.0\.1:\d+\.\n +→ Stop it, or set PORT to another\.$/m,
  )
  const everybody = desk(t, { LATCHKEY_TRUSTED_PROXIES: '0.0.0.0/1,128.0.0.0/1', PORT: '0' })
  assert.match((await examine(everybody)).found('trusted proxies')[0] ?? '', /^fail: /, 'written in halves')
})

test('a folder and files that others can read', async (t) => {
  const at = desk(t, { PORT: '0' })
  await at.json('users', 'list')
  const secret = join(at.folder, 'secret')
  chmodSync(secret, 0o644)
  const open = await examine(at)
  assert.deepEqual(
    [open.status, open.found('data folder')],
    [1, [`fail: ${secret} can be read by other users of this machine.`]],
  )
  chmodSync(at.folder, 0o755)
  assert.match((await examine(at)).found('data folder')[0] ?? '', /^fail: .+ \(mode 755\)\.$/)
})

test('a store that is damaged, newer, older, without its secret, from the future, or not there', async (t) => {
  const at = desk(t, { PORT: '0' })
  await at.json('users', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--operator')
  const change = (sql: string): void => {
    const database = new DatabaseSync(join(at.folder, 'latchkey.db'))
    database.exec(sql)
    database.close()
  }
  change(`UPDATE audit SET at = at + 3600000`)
  const future = await examine(at)
  assert.deepEqual(
    [future.status, /^fail: The store holds changes made 3\d{3} seconds from now/.test(future.found('clock')[0] ?? '')],
    [1, true],
  )
  change(`UPDATE audit SET at = at - 3600000`)
  change(`UPDATE signing_keys SET created_at = created_at - 100 * 86400000`)
  assert.match((await examine(at)).found('signing keys')[0] ?? '', /^warn: Rotation after 90 days is overdue/)

  rmSync(join(at.folder, 'secret'))
  const gone = await examine(at)
  assert.deepEqual(
    [gone.status, gone.found('settings')],
    [1, [`fail: The secret of this store is gone: there is no ${join(at.folder, 'secret')}.`]],
  )
  assert.ok(!existsSync(join(at.folder, 'secret')), 'none is made in its place')
  writeFileSync(join(at.folder, 'secret'), 'f'.repeat(64), { mode: 0o600 })
  assert.match(
    (await examine(at)).found('settings')[0] ?? '',
    /^fail: .+is not the secret that this store was made with/,
  )

  change(`INSERT INTO migrations (name) VALUES ('999-tomorrow')`)
  assert.match((await examine(at)).found('store')[0] ?? '', /^fail: .+made by a newer Latchkey \(it has 999-tomorrow\)/)
  change(`DELETE FROM migrations`)
  assert.match((await examine(at)).found('store')[0] ?? '', /^warn: .+ lacks 001-/)
  writeFileSync(join(at.folder, 'latchkey.db'), 'no database')
  for (const rest of ['latchkey.db-wal', 'latchkey.db-shm']) rmSync(join(at.folder, rest), { force: true })
  assert.match((await examine(at)).found('store')[0] ?? '', /^fail: .+ cannot be read: /)
  const postgres = desk(t, { DATABASE_URL: 'postgres://127.0.0.1:1/latchkey', PORT: '0' })
  const absent = await examine(postgres)
  assert.match(absent.found('store')[0] ?? '', /^fail: The Postgres database cannot be read: .*ECONNREFUSED/)
  assert.match(absent.found('secret')[0] ?? '', /^warn: LATCHKEY_SECRET is not set: every server/)
})

test('APIs: no upstream, one that cannot be reached, an environment without one, no limits, a sunset that has passed', async (t) => {
  const taken = await takenPort(t)
  const at = desk(t, { PORT: '0', LATCHKEY_CONFIG: 'own.config.ts' })
  writeFileSync(
    join(at.folder, 'own.config.ts'),
    `export default {
      apis: {
        quiet: { limits: [] },
        down: { hosts: ['down.localhost'], upstream: 'http://127.0.0.1:1', environments: ['live', 'test'] },
        up: { hosts: ['up.localhost'], upstream: 'http://127.0.0.1:${taken}' },
        old: { accepts: ['api_key', 'legacy_token'], legacyTokens: { deprecatedAt: '2020-01-01', sunsetAt: '2021-01-01', link: 'https://example.com' } },
        shared: { token: { algorithm: 'HS256', type: 'JWT' } },
      },
    }`,
  )
  const { status, found } = await examine(at)
  assert.equal(status, 1)
  assert.deepEqual(found('API quiet'), [
    'ok: It has no upstream: only verify and forward-auth serve it.',
    'warn: It has no limits: one caller may send any number of requests.',
  ])
  assert.deepEqual(found('API down'), [
    'warn: It accepts test credentials, but has no upstream for them.',
    'fail: live: http://127.0.0.1:1/ cannot be reached (ECONNREFUSED); callers get 502.',
  ])
  assert.deepEqual(found('API up'), [`ok: live: http://127.0.0.1:${taken}/ takes connections.`])
  assert.match(found('API old')[1] ?? '', /^warn: It still accepts legacy tokens, whose sunset was 2021-01-01/)
  assert.match(found('API shared')[1] ?? '', /^ok: Its tokens are HS256/)
  assert.match(found('default API')[0] ?? '', /^ok: none/)
})

test('a configuration file under another name, and a wide host without a public URL', async (t) => {
  const at = desk(t, { PORT: '0', LATCHKEY_CONFIG: '', HOST: '0.0.0.0' })
  assert.match((await examine(at)).found('configuration')[0] ?? '', /^ok: No latchkey\.config\.ts here/)
  writeFileSync(join(at.folder, 'latchkey.config.js'), 'export default {}')
  const { status, found } = await examine(at)
  assert.equal(status, 0, 'a warning is no failure')
  assert.deepEqual(found('configuration'), ['warn: latchkey.config.js is not read.'])
  assert.match(found('issuer')[0] ?? '', /^warn: .+listens on every address/)
})

test('mail: shown here, sent nowhere, taken by a server, and by none that refuses or is not there', async (t) => {
  const mail = async (env: NodeJS.ProcessEnv): Promise<[string, ...string[]]> => {
    const at = desk(t, { PORT: '0', LATCHKEY_CONFIG: 'own.config.js', ...env })
    writeFileSync(join(at.folder, 'own.config.js'), `export default { mail: { from: 'Acme <auth@example.com>' } }`)
    const { found } = await examine(at)
    return found('mail') as [string]
  }
  const open = { LATCHKEY_URL: 'https://auth.example.com' }
  assert.deepEqual(await mail({}), ['ok: There is no mail server; messages are shown in the log and at /dev/mailbox.'])
  assert.match((await mail(open))[0], /^warn: There is no mail server: nobody can choose a new password/)

  const server = await smtpServer({
    authOptional: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('not this password')),
    allowInsecureAuth: true,
  })
  t.after(() => server.close())
  const at = (secret: string) => ({ ...open, LATCHKEY_SMTP_URL: `smtp://acme:${secret}@127.0.0.1:${server.port}` })
  assert.deepEqual(await mail(at('right')), [`ok: 127.0.0.1:${server.port} takes messages from auth@example.com.`])
  const [refused] = await mail(at('wrong-password'))
  assert.match(refused, /^fail: 127\.0\.0\.1:\d+ does not take messages \(EAUTH 535 .+\)\.$/)
  assert.ok(!refused.includes('wrong-password'))
  assert.equal(server.received.length, 0, 'nothing is sent to find out')
  const absent = await mail({ ...open, LATCHKEY_SMTP_URL: 'smtp://127.0.0.1:1' })
  assert.match(absent[0], /^fail: 127\.0\.0\.1:1 does not take messages \(ECONNREFUSED CONN\)\.$/)
})

test('issuers elsewhere: one that answers, and one that does not', async (t) => {
  const elsewhere = await issuerElsewhere(t)
  const at = desk(t, { PORT: '0', LATCHKEY_CONFIG: 'own.config.js' })
  const upstream = [
    { name: 'up', issuer: elsewhere.url, clientId: 'latchkey' },
    { name: 'down', issuer: 'http://127.0.0.1:1', clientId: 'latchkey' },
  ]
  writeFileSync(
    join(at.folder, 'own.config.js'),
    `export default { signIn: { upstream: ${JSON.stringify(upstream)} } }`,
  )
  const { status, found } = await examine(at)
  assert.equal(status, 1)
  assert.match(
    found('sign-in by up')[0] ?? '',
    /^ok: http:\/\/127\.0\.0\.1:\d+ answers\. Its redirect URI: .+\/login\/upstream\/up\/callback$/,
  )
  assert.match(found('sign-in by down')[0] ?? '', /^fail: http:\/\/127\.0\.0\.1:1 does not answer as an issuer does: /)
})
