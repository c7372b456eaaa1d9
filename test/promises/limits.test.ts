// A limit is never overspent, however many processes share it and whenever one of them is killed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Running, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const makeToken = async (folder: string): Promise<string> => {
  const { userId } = await makeOwner(folder)
  return (
    await commandJson<{ token: string }>(
      folder,
      'tokens',
      'create',
      '--user-id',
      userId,
      '--name',
      'T',
      '--all-organizations',
    )
  ).token
}

/** Sends `count` requests at once and counts those let in; every other must be a 429 with its headers. */
const burst = async (server: Running, token: string, count: number): Promise<number> => {
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      server.ask('GET', '/api/zones', { host: 'api.smoxy.localhost', headers: { 'x-api-token': token } }),
    ),
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
  const token = await makeToken(folder)
  const first = await startServer(t, folder)
  const before = await burst(first, token, 37)
  await first.end('SIGTERM')
  const second = await startServer(t, folder)
  const after = await burst(second, token, 200)
  assert.equal(before, 37)
  assert.equal(before + after, 100)
})

test('two servers at full speed let in at most 100, and at least 80', async (t) => {
  const folder = temporaryFolder(t)
  const token = await makeToken(folder)
  const servers = [await startServer(t, folder), await startServer(t, folder)] as const
  const allowed = await Promise.all(servers.map((server) => burst(server, token, 300)))
  const total = allowed.reduce((sum, count) => sum + count)
  assert.ok(total <= 100 && total >= 80, `${allowed.join(' + ')}`)
})

test('killed and started again within the window, two servers never pass 100', async (t) => {
  const folder = temporaryFolder(t)
  const token = await makeToken(folder)
  let total = 0
  let running = [await startServer(t, folder), await startServer(t, folder)]
  for (let round = 0; round < 4; round++) {
    const counts = await Promise.all(running.map((server) => burst(server, token, 12)))
    total += counts.reduce((sum, count) => sum + count)
    const victim = running[round % 2] as Running
    await victim.end('SIGKILL')
    running = running.map((server) => server)
    running[round % 2] = await startServer(t, folder)
  }
  const rest = await Promise.all(running.map((server) => burst(server, token, 150)))
  total += rest.reduce((sum, count) => sum + count)
  assert.ok(total <= 100, `${total} were let in`)
  assert.ok(total >= 40, `a kill forfeits no more than the slices held, but only ${total} were let in`)
})
