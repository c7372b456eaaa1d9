// Open streams end within five seconds of their credential's end.
import assert from 'node:assert/strict'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { serve, until, upstream } from './wire.ts'

test('event streams, upgraded connections and uploads end when their credential does, others stay', async (t) => {
  const streams: ServerResponse[] = []
  const behind = await upstream(t, (request, response) => {
    if (request.method === 'PUT') return void request.resume()
    streams.push(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  behind.server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  const launched = await launch(t, {
    file: {
      apis: {
        one: {
          hosts: ['api.test'],
          upstream: behind.url,
          limits: [{ name: 'window', per: 'organization', limit: 5, period: 60 }],
        },
      },
    },
  })
  const people = await world(launched)
  const [doomed, staying] = [await people.key(), await people.key()]
  const port = await serve(t, launched)

  const stream = (key: string) =>
    new Promise<{ closed: boolean }>((resolve) => {
      const state = { closed: false }
      http.get(
        { host: '127.0.0.1', port, headers: { host: 'api.test', authorization: `Bearer ${key}` }, agent: false },
        (response) => {
          response.resume().on('error', () => undefined)
          response.once('close', () => (state.closed = true))
          resolve(state)
        },
      )
    })
  const tunnel = (key: string) =>
    new Promise<{ closed: boolean }>((resolve) => {
      const state = { closed: false }
      const socket = net.connect(port, '127.0.0.1', () =>
        socket.write(
          `GET / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
        ),
      )
      socket.on('error', () => undefined).once('close', () => (state.closed = true))
      socket.once('data', () => resolve(state))
    })
  const upload = (key: string) => {
    const request = http.request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      headers: { host: 'api.test', authorization: `Bearer ${key}`, 'content-length': '100' },
      agent: false,
    })
    request.on('error', () => undefined).write('some')
    return new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
  }

  const ending = [await stream(doomed.key), await tunnel(doomed.key)]
  const refused = upload(doomed.key)
  const open = [await stream(staying.key), await tunnel(staying.key)] // the fifth unit is spent: a used-up limit ends nothing
  await until(() => behind.seen.some(({ method }) => method === 'PUT'), 2_000, 'the upload has begun')
  await launched.operate('DELETE', `/api-keys/${doomed.id}`)
  const revokedAt = Date.now()
  await until(() => ending.every(({ closed }) => closed), 5_000, 'the revoked key’s streams end')
  assert.equal((await refused).statusCode, 401)
  assert.ok(Date.now() - revokedAt < 5_000)
  await until(() => streams[0]?.destroyed === true, 1_000, 'the upstream is let go')
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  assert.deepEqual(
    open.map(({ closed }) => closed),
    [false, false],
  )
})
