// One server with several workers gives out the whole limit and no more, also while workers die.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BroadcastChannel } from 'node:worker_threads'
import { startServer } from '../processes.ts'
import { allowedOf, burst, makeStore, supervise } from './scene.ts'

for (const workers of ['1', '2', '4'])
  test(`${workers} workers let in exactly 100 of 100, each told another number of what is left, also over a clean restart`, async (t) => {
    const made = await makeStore(t)
    const env = { ...made.env, PORT: '', LATCHKEY_WORKERS: workers }
    const first = await startServer(t, made.folder, env)
    const before = await burst(first.port, '/zones', made.token, 43)
    assert.equal(allowedOf(before), 43)
    assert.deepEqual(
      before.map(({ remaining }) => remaining).toSorted((a, b) => b - a),
      Array.from({ length: 43 }, (_, index) => 99 - index),
    )
    await first.end('SIGTERM')
    assert.equal(first.child.exitCode, 0)
    const second = await startServer(t, made.folder, env)
    assert.equal(allowedOf(await burst(second.port, '/zones', made.token, 300)), 57)
  })

test('a month of 1,000 by four workers is exactly 1,000', async (t) => {
  const made = await makeStore(t)
  const server = await startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '4' })
  assert.equal(allowedOf(await burst(server.port, '/months', made.token, 1_600)), 1_000)
})

test('two servers with two workers each let in at most 100, and at least 80', async (t) => {
  const made = await makeStore(t)
  const start = () => startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '2' })
  const servers = await Promise.all([start(), start()])
  const answers = await Promise.all(servers.map(({ port }) => burst(port, '/zones', made.token, 300)))
  const total = answers.reduce((sum, some) => sum + allowedOf(some), 0)
  assert.ok(total <= 100 && total >= 80, `${total}`)
})

test('killed and started again, a server with two workers never passes 100', async (t) => {
  const made = await makeStore(t)
  let total = 0
  for (let round = 0; round < 3; round++) {
    const server = await startServer(t, made.folder, { ...made.env, PORT: '', LATCHKEY_WORKERS: '2' })
    total += allowedOf(await burst(server.port, '/zones', made.token, round === 2 ? 300 : 13))
    await server.end('SIGKILL')
  }
  assert.ok(total <= 100, `${total}`)
  assert.ok(total >= 100 - 2 * 9, `a kill forfeits no more than the slice held, but only ${total} were let in`)
})

test('workers that die under load are replaced, and nothing is overspent', async (t) => {
  const made = await makeStore(t)
  const { supervisor, port, errors } = await supervise(t, made, 2)
  const orders = new BroadcastChannel('orders to workers')
  t.after(() => orders.close())
  let total = 0
  let deaths = 0
  for (const [of, way] of [
    ['first', 'exception'],
    ['others', 'exception'],
    ['first', 'heap'],
    ['others', 'heap'],
  ]) {
    orders.postMessage({ of, way })
    total += allowedOf(await burst(port, '/zones', made.token, 20))
    deaths += 1
    while (errors().length < deaths || supervisor.serving < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.equal(errors().filter((line) => line.includes('a worker has died')).length, 4, errors().join(''))
  assert.equal(errors().length, 4, errors().join(''))
  total += allowedOf(await burst(port, '/zones', made.token, 300))
  assert.ok(total <= 100, `${total}`)
  assert.ok(total >= 100 - 4 * 10, `only ${total} were let in`)
  assert.equal(allowedOf(await burst(port, '/zones', made.token, 10)), 0)
})
