// Connections ahead of node:http, from their first octet to their end: time-outs, stops, callers who vanish or do not read.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { until } from '../gateway/wire.ts'
import { exchange, stage } from './plain-stage.ts'

const look = (query: string): string => `GET /look?${query} HTTP/1.1\r\nHost: a\r\n\r\n`
const ask = (body: string): string =>
  `POST /ask HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const connect = async (t: TestContext, port: number, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> => {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, ...options })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Reads until `ends` has come. */
const readTo = async (socket: Socket, ends: string): Promise<string> => {
  let received = ''
  while (!received.includes(ends)) {
    const [part] = (await once(socket, 'data')) as [Buffer]
    received += part.toString('latin1')
  }
  return received
}

/** A short way that answers when told to. */
const later = () => {
  const asked: (() => void)[] = []
  const answer = (): Promise<{ status: number; headers: object; body: string }> =>
    new Promise((resolve) => asked.push(() => resolve({ status: 200, headers: {}, body: 'at last' })))
  return { asked, answer: answer as never }
}

test('an answer is whole: status, fields, length, date, and how long the connection stays', async (t) => {
  const { port } = await stage(t, {
    front: true,
    answer: () => ({ status: 403, headers: { 'x-one': 'a b', 'content-type': 'text/plain' }, body: 'né 🔑' }),
  })
  const socket = await connect(t, port)
  socket.write(look('a') + look('b'))
  const received = Buffer.from(await readTo(socket, 'HTTP/1.1 403 Forbidden\r\n'), 'latin1').toString()
  assert.match(
    received.slice(0, received.indexOf('né 🔑') + 'né 🔑'.length),
    /^HTTP\/1\.1 403 Forbidden\r\nx-request-id: [0-9a-f-]{36}\r\nx-one: a b\r\ncontent-type: text\/plain\r\ncontent-length: 8\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nné 🔑$/,
  )
})

test('a field that would break the answer is a fault, and the connection goes on', async (t) => {
  const { port } = await stage(t, {
    front: true,
    answer: ({ url }) => ({ status: 200, headers: { 'x-one': url === '/look?1' ? 'a\r\nx-two: b' : 'a' }, body: '' }),
  })
  const { answers } = await exchange(port, [look('1') + look('2')])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [500, 200],
  )
  assert.match(answers[0]?.body ?? '', /x-one/)
  assert.doesNotMatch(answers[0]?.body ?? '', /x-two/)
})

test('pipelined requests are answered in their order, however late one of them is', async (t) => {
  const slow = later()
  const { port, seen } = await stage(t, {
    front: true,
    answer: (request, ...rest) =>
      request.url === '/look?slow'
        ? (slow.answer as () => never)()
        : { status: 200, headers: {}, body: `${request.url} ${rest.length}` },
  })
  const socket = await connect(t, port)
  const order = ['1', 'slow', '2', 'odd', '3']
  socket.write(look('1') + look('slow') + look('2') + ask('odd') + look('3'))
  await until(() => slow.asked.length === 1, 5000, 'the slow one')
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/look?1', '/look?slow'],
  )
  slow.asked[0]?.()
  const received = await readTo(socket, '["GET","/look?3"')
  const at = ['/look?1 3', 'at last', '/look?2 3', '"odd"', '["GET","/look?3"'].map((body) => received.indexOf(body))
  assert.equal(at.length, order.length)
  assert.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  )
  assert.ok((at[0] as number) > 0)
  // node:http has it from the odd one on
  assert.deepEqual(
    seen.map(({ short }) => short),
    [true, true, true, false, false],
  )
})

test('hundreds of pipelined requests are all answered, and others have their turn between them', async (t) => {
  const { port, seen } = await stage(t, { front: true })
  const [many, one] = [await connect(t, port), await connect(t, port)]
  const all = Array.from({ length: 500 }, (_, i) => look(`n=${i}`)).join('')
  many.write(all)
  one.write(look('other'))
  await Promise.all([readTo(many, 'n=499'), readTo(one, 'other')])
  assert.ok(seen.findIndex(({ url }) => url === '/look?other') < 499)
  assert.deepEqual(
    seen.filter(({ url }) => url !== '/look?other').map(({ url }) => url),
    Array.from({ length: 500 }, (_, i) => `/look?n=${i}`),
  )
})

test('whoever does not read is not read from, and is answered in full when it reads', async (t) => {
  const body = 'x'.repeat(100_000)
  const { port, seen } = await stage(t, { front: true, answer: () => ({ status: 200, headers: {}, body }) })
  const socket = await connect(t, port)
  socket.pause()
  const count = 500
  let sent = 0
  const send = (): void => {
    while (sent < count) {
      sent += 1
      if (!socket.write(look(`n=${sent}&${'y'.repeat(2000)}`))) return
    }
  }
  socket.on('drain', send)
  send()
  let before = -1
  while (seen.length !== before) {
    before = seen.length
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.ok(seen.length < count / 2, `${seen.length} were answered`)
  let received = 0
  socket.on('data', (part: Buffer) => (received += part.length)).resume()
  await until(() => received >= count * body.length, 20_000, 'the rest')
  assert.equal(seen.length, count)
})

test('a caller that vanishes takes nothing with it', async (t) => {
  const slow = later()
  const { port, server } = await stage(t, { front: true, answer: slow.answer })
  for (const leave of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
    const [asking, partly] = [await connect(t, port), await connect(t, port)]
    asking.write(look('a') + look('b'))
    partly.write('POST /as')
    await until(() => slow.asked.length === 1, 5000, 'the question')
    leave(asking)
    leave(partly)
    await new Promise((resolve) => setTimeout(resolve, 50))
    slow.asked.splice(0)[0]?.()
  }
  const open = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))))
  for (let i = 0; i < 100 && (await open()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(await open(), 0)
})

test('whoever only says that it sends no more is still answered, and then left', async (t) => {
  const slow = later()
  const { port } = await stage(t, { front: true, answer: slow.answer })
  const socket = await connect(t, port, { allowHalfOpen: true })
  socket.end(look('a'))
  await until(() => slow.asked.length === 1, 5000, 'the question')
  slow.asked[0]?.()
  assert.match(await text(socket), /at last$/)
  const cut = await connect(t, port, { allowHalfOpen: true })
  cut.end('GET /look?a HTTP/1.1\r\nHost')
  assert.match(await text(cut), /^HTTP\/1\.1 400 /)
})

test('what does not come whole in time is node:http’s, with its time-outs', async (t) => {
  const { port } = await stage(t, {
    front: true,
    http: { headersTimeout: 500, requestTimeout: 500, connectionsCheckingInterval: 100 },
  })
  for (const part of ['GET /look?a HTTP/1.1\r\nHos', ask('hello').slice(0, -1), look('first') + 'GET /l']) {
    const socket = await connect(t, port)
    socket.write(part)
    assert.match(await text(socket), /HTTP\/1\.1 408 /)
  }
})

test('a head that comes octet by octet is no reason to read it again and again', async (t) => {
  const { port, seen } = await stage(t, { front: true })
  const message = look(`a=${'x'.repeat(100)}`)
  const { answers } = await exchange(port, [...message, look('last')])
  assert.equal(answers.length, 2)
  assert.equal(seen[0]?.short, false)
})

test('a connection on which nothing happens is closed: before its first request, and after one', async (t) => {
  const { port, server } = await stage(t, { front: true })
  Object.assign(server, { keepAliveTimeout: 100, headersTimeout: 100 })
  const [fresh, used] = [await connect(t, port), await connect(t, port)]
  used.write(look('a'))
  assert.match(await text(used), /^HTTP\/1\.1 200 /)
  assert.equal(await text(fresh), '')
})

test('a stop ends what is idle, finishes what is in flight, and says that the connection closes', async (t) => {
  const slow = later()
  const { port, server, end } = await stage(t, { front: true, answer: slow.answer })
  const [idle, asking] = [await connect(t, port), await connect(t, port)]
  asking.write(look('a') + look('b'))
  await until(() => slow.asked.length === 1, 5000, 'the question')
  end()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  assert.equal(await text(idle), '')
  slow.asked[0]?.()
  const received = await text(asking)
  assert.match(received, /\r\nConnection: close\r\n\r\nat last$/)
  assert.equal(slow.asked.length, 1)
  await closed
})

test('a stop that waits no longer cuts what is in flight', async (t) => {
  const slow = later()
  const { port, server, end } = await stage(t, { front: true, answer: slow.answer })
  const [asking, handedOver] = [await connect(t, port), await connect(t, port)]
  asking.write(look('a'))
  handedOver.write('POST /elsewhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n')
  await until(() => slow.asked.length === 1, 5000, 'the question')
  end()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  assert.equal(await text(asking), '')
  await closed
})

test('after a stop has begun a connection that is open is node:http’s', async (t) => {
  const { port, seen, end } = await stage(t, { front: true })
  const socket = await connect(t, port)
  socket.write(look('1'))
  await readTo(socket, 'look?1')
  end()
  socket.write(look('2'))
  await readTo(socket, 'look?2')
  assert.deepEqual(
    seen.map(({ short }) => short),
    [true, false],
  )
})
