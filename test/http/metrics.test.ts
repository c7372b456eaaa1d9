// Metrics that wake somebody up: they count Latchkey's own faults, and no upstream's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { serve, send, upstream } from '../gateway/wire.ts'

test('an upstream’s 503 is no fault of the store; a slice that cannot be taken is one of the counters too', async (t) => {
  const behind = await upstream(t, (_request, response) => response.writeHead(503).end())
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url } } },
  })
  const people = await world(launched)
  const { key } = await people.key()
  const port = await serve(t, launched)
  const ask = () => send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`] })
  const counted = async () => {
    const { body } = await launched.ask('GET', '/metrics')
    return ['store', 'counter'].map((what) =>
      Number(new RegExp(`^latchkey_${what}_errors_total (\\d+)$`, 'm').exec(body)?.[1]),
    )
  }
  assert.equal((await ask()).status, 503)
  assert.deepEqual(await counted(), [0, 0])

  const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  const taking = t.mock.method(launched.app.store.counters, 'take', () => {
    throw full
  })
  const { key: another } = await people.key()
  const refused = await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${another}`] })
  assert.equal(refused.status, 503)
  assert.match(refused.body, /temporarily_unavailable/)
  assert.deepEqual(await counted(), [1, 1])

  taking.mock.mockImplementation(() => Promise.reject(full))
  const { status } = await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${another}`] })
  assert.equal(status, 503)
  assert.deepEqual(await counted(), [2, 2])
})
