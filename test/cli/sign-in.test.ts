// `latchkey login` without a token: RFC 8628 against a real server, the code allowed in a browser's way, renewed by itself
// (RFC 6749 §6), shared by commands that run at once, and given back by `latchkey logout` (RFC 7009).
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startSession } from '../../src/accounts/sessions.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { command, commandJson, makeOwner, type Running, startCommand, startServer } from '../processes.ts'
import { formOf } from '../oauth/flow.ts'
import { temporaryFolder } from '../temporary-folder.ts'

interface Kept {
  access_token: string
  refresh_token: string
  expires_at: string
}

interface Scene {
  server: Running
  url: string
  /** Where the server's store is. */
  folder: string
  /** Where the command line keeps its sign-in. */
  laptop: string
  owner: string
  organization: string
  /** Answers the invitation of a `login` that waits, as the person with this cookie. */
  answer: (login: ReturnType<typeof startCommand>, decision?: 'allow' | 'deny') => Promise<void>
  kept: () => Kept
  keep: (changes: Partial<Kept>) => void
}

const until = async <T>(look: () => T | undefined): Promise<T> => {
  for (const deadline = Date.now() + 30_000; ;) {
    const found = look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error('It did not happen.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const scene = async (t: TestContext): Promise<Scene> => {
  const [folder, laptop] = [temporaryFolder(t), temporaryFolder(t)]
  const { userId: owner, organizationId: organization } = await makeOwner(folder)
  const server = await startServer(t, folder)
  const url = `http://localhost:${server.port}`
  const store = await openSqlite(folder)
  const { value } = await startSession(store, owner, { ip: '127.0.0.1' }, Date.now())
  await store.close()
  const cookie = `latchkey_session=${value}`
  const file = join(laptop, '.config', 'latchkey', 'credentials.json')
  const kept = (): Kept => (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Kept>)[url] as Kept
  return {
    server,
    url,
    folder,
    laptop,
    owner,
    organization,
    kept,
    keep: (changes) => writeFileSync(file, JSON.stringify({ [url]: { ...kept(), ...changes } })),
    async answer(login, decision = 'allow') {
      const path = await until(
        () => /Open http:\/\/localhost:\d+(\/device\?user_code=[A-Z-]{9})\n/.exec(login.stderr())?.[1],
      )
      const page = await server.ask('GET', path, { headers: { cookie } })
      assert.equal(page.status, 200)
      const { action, fields } = formOf({ body: page.text })
      const answered = await server.ask('POST', action, {
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ ...fields, organization: 'all', decision }).toString(),
      })
      assert.equal(answered.status, 200, answered.text)
    },
  }
}

test('RFC 8628: signed in through the browser; the sign-in is kept for its owner alone, works as the person, and logout ends it at the server', async (t) => {
  const { server, url, laptop, owner, organization, answer, kept } = await scene(t)
  const login = startCommand(laptop, ['login', '--url', url, '--json'])
  await answer(login)
  const { status, stdout, stderr } = await login.ended
  assert.equal(status, 0, stderr)
  const told = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(
    [told.url, told.kind, told.subject, told.operator],
    [url, 'oauth_token', owner, true],
    'one document, and nothing else on standard output',
  )
  const code = /shows the code ([A-Z]{4}-[A-Z]{4})/.exec(stderr)?.[1] ?? 'no code'
  assert.ok(stderr.includes(`?user_code=${code}`))
  assert.ok(!server.output().includes(code), 'the log has no address with its query')
  const file = String(told.file)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { access_token, refresh_token } = kept()
  for (const secret of [access_token, refresh_token]) {
    assert.ok(secret && !(stdout + stderr).includes(secret))
    assert.ok(!server.output().includes(secret))
  }
  const key = await commandJson<{ id: string; key: string }>(
    laptop,
    'keys',
    'create',
    '--user-id',
    owner,
    '--org-id',
    organization,
    '--name',
    'Key',
    '--url',
    url,
  )
  assert.equal(
    (await commandJson<{ code: string }>(laptop, 'verify', key.key, '--api', 'multi', '--url', url)).code,
    'valid',
  )
  assert.equal(
    (await commandJson<{ data: unknown[] }>(laptop, 'users', 'list', '--url', url)).data.length,
    1,
    'an operator',
  )

  assert.deepEqual(await commandJson<unknown>(laptop, 'logout', '--url', url), { url, forgotten: true, revoked: true })
  const { status: refused } = await server.ask('GET', '/api/v1/users/me', {
    headers: { authorization: `Bearer ${access_token}` },
  })
  assert.equal(refused, 401, 'from the next request on')
  assert.match((await command(laptop, ['users', 'list', '--url', url])).stderr, /You are not signed in/)
  assert.deepEqual(await commandJson<unknown>(laptop, 'logout', '--url', url), {
    url,
    forgotten: false,
    revoked: false,
  })
})

test('RFC 8628 §3.5: denied in the browser, nothing is kept', async (t) => {
  const { url, laptop, answer } = await scene(t)
  const login = startCommand(laptop, ['login', '--url', url])
  await answer(login, 'deny')
  const { status, stdout, stderr } = await login.ended
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /latchkey: It was denied in the browser\.\n$/)
  assert.match((await command(laptop, ['users', 'list', '--url', url])).stderr, /You are not signed in/)
})

test('RFC 6749 §6: a sign-in renews itself, once for commands that run at once, and tells when it has ended', async (t) => {
  const { url, laptop, answer, kept, keep, folder } = await scene(t)
  const login = startCommand(laptop, ['login', '--url', url])
  await answer(login)
  assert.match((await login.ended).stdout, /^Signed in to .+ as owner@example\.com\./)
  const first = kept()

  // over by the clock: renewed before it is sent
  keep({ expires_at: '2020-01-01T00:00:00Z' })
  const list = () => command(laptop, ['users', 'list', '--url', url])
  const together = await Promise.all([list(), list(), list(), list()])
  for (const { status, stderr } of together) assert.equal(status, 0, stderr)
  const second = kept()
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.ok(Date.parse(second.expires_at) > Date.now())
  const store = await openSqlite(folder)
  const rotated = await store.db.selectFrom('refresh_tokens').select('rotated_at').execute()
  assert.deepEqual(
    rotated.map(({ rotated_at }) => rotated_at === null).toSorted((one, other) => Number(one) - Number(other)),
    [false, true],
    'one renewal for four',
  )

  // refused although its time is not over: renewed after the refusal
  keep({ access_token: `${second.access_token.slice(0, -4)}AAAA` })
  assert.equal((await list()).status, 0)
  assert.notEqual(kept().refresh_token, second.refresh_token)
  assert.equal(statSync(join(laptop, '.config', 'latchkey', 'credentials.json')).mode & 0o777, 0o600)

  await store.transaction((trx) => trx.updateTable('grants').set({ revoked_at: Date.now() }).execute())
  await store.close()
  const ended = await list()
  assert.deepEqual([ended.status, ended.stdout], [1, ''])
  assert.match(
    ended.stderr,
    new RegExp(`^latchkey: Your sign-in to ${url} has ended\\. Sign in again: latchkey login --url ${url}\n$`),
  )
})

test('signing in again ends the sign-in before; a token takes its place, and both ways of giving one work', async (t) => {
  const { server, url, laptop, answer, kept, owner, folder } = await scene(t)
  const signIn = async (): Promise<Kept> => {
    const login = startCommand(laptop, ['login', '--url', url])
    await answer(login)
    assert.equal((await login.ended).status, 0)
    return kept()
  }
  const works = async (token: string): Promise<boolean> =>
    (await server.ask('GET', '/api/v1/users/me', { headers: { authorization: `Bearer ${token}` } })).status === 200
  const first = await signIn()
  assert.equal(await works(first.access_token), true)
  const second = await signIn()
  assert.deepEqual([await works(first.access_token), await works(second.access_token)], [false, true])

  const { token } = await commandJson<{ token: string }>(
    folder,
    'tokens',
    'create',
    '--user-id',
    owner,
    '--name',
    'CLI',
    '--all-organizations',
  )
  const piped = await command(laptop, ['login', '--url', url, '--token', '-'], { input: `${token}\n` })
  assert.match(piped.stdout, /^Signed in to .+ with "CLI"/)
  assert.equal(await works(second.access_token), false)
  assert.match(
    (await command(laptop, ['login', '--url', url, '--token', '-'])).stderr,
    /nothing came on standard input/,
  )
  const argument = await command(laptop, ['login', '--url', url, '--token', token])
  assert.equal(argument.status, 2)
  assert.match(argument.stderr, /every process/)
  assert.match((await command(laptop, ['logout', '--url', url])).stdout, /stays valid until you revoke it/)
  assert.equal(await works(token), true)
})

test('logout forgets a sign-in whose server is gone, and says what is left to do', async (t) => {
  const { server, url, laptop, answer } = await scene(t)
  const login = startCommand(laptop, ['login', '--url', url])
  await answer(login)
  assert.equal((await login.ended).status, 0)
  await server.end('SIGKILL')
  const { status, stdout } = await command(laptop, ['logout', '--url', url])
  assert.equal(status, 0)
  assert.match(stdout, /could not be told: end the sign-in there under Account/)
  assert.match((await command(laptop, ['logout', '--url', url])).stdout, /You were not signed in/)
})

test('a server that answers oddly is told of in one line, and gets no second chance to hold the command up', async (t) => {
  const laptop = temporaryFolder(t)
  const device = {
    device_code: 'dc_secret',
    user_code: 'WDJB-MJHT\u001b[2J',
    verification_uri: 'http://localhost/device',
    expires_in: 600,
    interval: 1,
  }
  const answers: [number, unknown][] = []
  const odd = createServer((_request, response) => {
    const [status, body] = answers.shift() ?? [404, {}]
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(odd, 'listening')
  t.after(() => odd.close())
  const url = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`
  const attempt = async (...given: [number, unknown][]): Promise<string> => {
    answers.splice(0, answers.length, ...given)
    const { status, stdout, stderr } = await command(laptop, ['login', '--url', url])
    assert.deepEqual([status, stdout], [1, ''])
    assert.ok(!stderr.includes('dc_secret') && !stderr.includes('\u001b'))
    return stderr
  }
  assert.match(
    await attempt([200, '<html>']),
    /^latchkey: The answer is not one of a Latchkey's authorization server \(status 200\)\. Check the URL\.\n$/,
  )
  assert.match(await attempt([404, {}]), /^latchkey: .+ could not answer: status 404\n$/)
  assert.match(await attempt([429, { error: 'temporarily_unavailable', error_description: 'Later' }]), /refuses: Later/)
  assert.match(await attempt([200, {}]), /lacks a code/)
  assert.match(
    await attempt([200, device], [400, { error: 'expired_token' }]),
    /Nobody allowed it in time\. Try again: latchkey login/,
  )
  assert.match(
    await attempt([200, device], [400, { error: 'invalid_grant', error_description: 'gone' }]),
    /refuses: gone \(invalid_grant\)/,
  )
  assert.match(
    await attempt([200, device], [400, { error: 'authorization_pending' }], [200, { access_token: 'x' }]),
    /lacks a token/,
  )
  assert.match(
    await attempt([200, { ...device, expires_in: 1 }], [503, { error: 'temporarily_unavailable' }]),
    /could not answer/,
  )
})
