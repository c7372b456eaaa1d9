// A limit is never overspent, however many processes share it and whenever one of them is killed.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Running, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** A window that no slow machine outlasts. */
const configuration = `export default {
  apis: { zones: { profile: 'smoxy', hosts: ['localhost'], path: '/zones', upstream: 'echo', accepts: ['personal_access_token'],
    limits: [{ name: 'window', per: 'credential', limit: 100, period: 3600 }] } },
}
`

/** A data folder with a configuration and a token. */
const prepare = async (folder: string): Promise<{ env: { LATCHKEY_CONFIG: string }; token: string }> => {
  const env = { LATCHKEY_CONFIG: join(folder, 'latchkey.config.ts') }
  writeFileSync(env.LATCHKEY_CONFIG, configuration)
  const { userId } = await makeOwner(folder)
  const { token } = await commandJson<{ token: string }>(
    folder,
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'T',
    '--all-organizations',
  )
  return { env, token }
}

/** Sends `count` requests at once and counts those let in; every other must be a 429 with its headers. */
const burst = async (server: Running, token: string, count: number): Promise<number> => {
  const answers = await Promise.all(
    Array.from({ length: count }, () => server.ask('GET', '/zones', { headers: { 'x-api-token': token } })),
  )
  for (const { status, headers } of answers) {
    if (status === 200) continue
    assert.equal(status, 429)
    assert.equal(headers['x-ratelimit-remaining'], '0')
    assert.ok(Number(headers['retry-after']) >= 1)
  }
  return answers.filter(({ status }) => status === 200).length
}

test('one server alone lets in exactly 100 of 100, also after a clean restart in the middle', async (t) => {
  const folder = temporaryFolder(t)
  const { env, token } = await prepare(folder)
  const first = await startServer(t, folder, env)
  const before = await burst(first, token, 37)
  await first.end('SIGTERM')
  const second = await startServer(t, folder, env)
  const after = await burst(second, token, 200)
  assert.equal(before, 37)
  assert.equal(before + after, 100)
})

test('two servers at full speed let in at most 100, and at least 80', async (t) => {
  const folder = temporaryFolder(t)
  const { env, token } = await prepare(folder)
  const servers = [await startServer(t, folder, env), await startServer(t, folder, env)] as const
  const allowed = await Promise.all(servers.map((server) => burst(server, token, 300)))
  const total = allowed.reduce((sum, count) => sum + count)
  assert.ok(total <= 100 && total >= 80, allowed.join(' + '))
})

test('killed and started again within the window, two servers never pass 100', async (t) => {
  const folder = temporaryFolder(t)
  const { env, token } = await prepare(folder)
  let total = 0
  const running = [await startServer(t, folder, env), await startServer(t, folder, env)]
  for (let round = 0; round < 4; round++) {
    const counts = await Promise.all(running.map((server) => burst(server, token, 12)))
    total += counts.reduce((sum, count) => sum + count)
    const victim = running[round % 2] as Running
    await victim.end('SIGKILL')
    running[round % 2] = await startServer(t, folder, env)
  }
  const rest = await Promise.all(running.map((server) => burst(server, token, 150)))
  total += rest.reduce((sum, count) => sum + count)
  assert.ok(total <= 100, `${total} were let in`)
  assert.ok(total >= 40, `a kill forfeits no more than the slices held, but only ${total} were let in`)
})
