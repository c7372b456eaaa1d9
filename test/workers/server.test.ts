// A server with several workers is one server: to whoever measures it, to whoever revokes, at its start and at its stop.
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { test } from 'node:test'
import { command, startServer } from '../processes.ts'
import { ask, burst, makeStore } from './scene.ts'

test('/metrics tells the sum, whichever worker is asked', async (t) => {
  const made = await makeStore(t)
  const { port } = await startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '3' })
  for (let round = 1; round <= 2; round++) {
    assert.equal((await burst(port, '/free', made.token, 60)).length, 60)
    for (let i = 0; i < 8; i++) {
      const { text = '' } = (await ask(port, '/metrics')) ?? {}
      const counted = /^latchkey_decisions_total\{api="free",kind="personal_access_token",code="valid"\} (\d+)$/m.exec(
        text,
      )
      assert.equal(counted?.[1], String(60 * round))
      assert.equal(text.match(/^latchkey_process_resident_memory_bytes /gm)?.length, 1)
    }
  }
})

test('what is revoked through one worker is refused by all at their next request, 1,000 of 1,000 under load', async (t) => {
  const made = await makeStore(t)
  const { port } = await startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '2' })
  // a connection stays with its worker: of ten, both workers have some
  const agents = Array.from({ length: 10 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  let over = false
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over) await burst(port, '/free', made.token, 20)
    }),
  )
  let accepted = 0
  let refused = 0
  const tryOne = async (): Promise<void> => {
    const { token } = await made.another()
    const askAll = () => Promise.all(agents.map((agent) => ask(port, '/free', { token, agent })))
    for (const answer of await askAll()) if (answer?.status === 200) accepted += 1
    const body = new URLSearchParams({ token }).toString()
    const revoked = await ask(port, '/oauth/revoke', { method: 'POST', body, agent: agents[0] as Agent })
    assert.equal(revoked?.status, 200)
    for (const answer of await askAll()) if (answer?.status === 401) refused += 1
  }
  for (let i = 0; i < 100; i += 10) await Promise.all(Array.from({ length: 10 }, tryOne))
  over = true
  await load
  for (const agent of agents) agent.destroy()
  assert.equal(accepted, 1_000)
  assert.equal(refused, 1_000)
})

test('what keeps it from serving is told in one message, with the status of one worker', async (t) => {
  const made = await makeStore(t)
  const env = { ...made.env, PORT: '', LATCHKEY_WORKERS: '2' }
  const first = await startServer(t, made.folder, env)
  for (const [with_, status, told] of [
    [
      // its workers listen so that others may: no other server's do by mistake
      { PORT: String(first.port) },
      1,
      /^latchkey: Something listens on 127\.0\.0\.1:\d+ already\. Stop it, or set PORT to another\.\n$/,
    ],
    [
      { PORT: '0', LATCHKEY_URL: 'http://auth.localhost:9' },
      78,
      /^latchkey: The configuration has a mistake:\n {2}- LATCHKEY_URL: [^\n]+\n$/,
    ],
    [{ PORT: '0', LATCHKEY_DATA: '/dev/null/data' }, 1, /^latchkey: The data folder [^\n]+\n(Run it again[^\n]+\n)?$/],
    [
      { PORT: '0', HOST: '192.0.2.1' },
      78,
      /^latchkey: [^\n]+\n {2}- HOST: "192\.0\.2\.1" is no address of this machine\n$/,
    ],
  ] as const) {
    const ended = await command(made.folder, ['serve'], { env: { ...env, ...with_ } })
    assert.equal(ended.status, status, ended.stderr)
    assert.match(ended.stderr, told)
  }
})

const answerOf = async (socket: Socket): Promise<string> => {
  let text = ''
  for await (const part of socket.setEncoding('utf8') as AsyncIterable<string>) text += part
  return text
}

test('a stop lets every worker finish what it has begun', async (t) => {
  const made = await makeStore(t)
  const server = await startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '2' })
  const body = 'token=nothing'
  const head = `POST /oauth/revoke HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n`
  const sockets = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(head + body.slice(0, 5))
      return socket
    }),
  )
  await ask(server.port, '/healthz') // so that they have come
  await new Promise((resolve) => setTimeout(resolve, 200))
  server.child.kill('SIGTERM')
  while (!server.output().includes('"stopping"')) await new Promise((resolve) => setTimeout(resolve, 10))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const answers = sockets.map(answerOf)
  for (const socket of sockets) socket.write(body.slice(5))
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 401 [^]*"error":"invalid_client"/)
  if (server.child.exitCode === null) await once(server.child, 'exit')
  assert.equal(server.child.exitCode, 0)
  assert.match(server.output(), /"msg":"stopped"/)
})
