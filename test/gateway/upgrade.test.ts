// RFC 6455, RFC 9110 §7.8: WebSockets through the gateway, judged like every request.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import net, { type Socket } from 'node:net'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { send, sendBytes, serve, until, upstream } from './wire.ts'

/** Unmasks a short text frame and sends its text back. */
const echoFrame = (frame: Buffer): Buffer => {
  const length = (frame[1] as number) & 0x7f
  const mask = frame.subarray(2, 6)
  const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] as number)))
  return Buffer.concat([Buffer.from([0x81, length]), text])
}

/** An upstream that greets a WebSocket and then says again whatever it hears. */
const webSocketUpstream = async (t: Parameters<typeof launch>[0]) => {
  const behind = await upstream(t, (request, response) => response.end(`plain ${request.url}`))
  const sockets: Socket[] = []
  behind.server.on('upgrade', (request, socket: Socket) => {
    behind.seen.push(request)
    sockets.push(socket)
    socket.on('error', () => undefined)
    if (request.url === '/refused')
      return void socket.end(
        'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\n\r\nnope',
      )
    if (request.url === '/large')
      return void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${'a'.repeat(3_000_000)}`)
    if (request.url === '/bare') return void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    if (request.url === '/other')
      return void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nX-RateLimit-Limit: 7\r\n\r\n`,
    )
    socket.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]))
    socket.on('data', (frame: Buffer) =>
      (frame[0] as number) === 0x81 ? socket.write(echoFrame(frame)) : socket.end(),
    )
  })
  return { ...behind, sockets }
}

test('WebSockets', async (t) => {
  const behind = await webSocketUpstream(t)
  const launched = await launch(t, {
    file: {
      apis: {
        one: {
          profile: 'multi',
          hosts: ['api.test', '127.0.0.1'],
          upstream: { live: behind.url, test: 'echo' },
          limits: [{ name: 'window', per: 'credential', limit: 50, period: 60 }],
          timeouts: { responseSeconds: 0.3 },
        },
        down: { hosts: ['down.test'], upstream: 'http://127.0.0.1:1' },
      },
      defaultApi: 'one',
    },
  })
  const people = await world(launched)
  const { id, key } = await people.key()
  const port = await serve(t, launched)
  const handshake = (host: string, credential: string | undefined, path = '/', upgrade = 'websocket', more = '') =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${credential === undefined ? '' : `Authorization: Bearer ${credential}\r\n`}Connection: Upgrade\r\nUpgrade: ${upgrade}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
  const connect = (): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${port}/chat`, {
      headers: { authorization: `Bearer ${key}`, 'x-latchkey-subject': 'forged', cookie: 'latchkey_session=1; a=b' },
    })

  await t.test('frames pass both ways, and the upstream knows who calls', async () => {
    const socket = connect()
    const heard: string[] = []
    socket.addEventListener('message', ({ data }) => heard.push(String(data)))
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', reject)
    })
    socket.send('one')
    await until(() => heard.length === 2, 2_000, 'the first echo')
    socket.send('two')
    await until(() => heard.length === 3, 2_000, 'the second echo')
    assert.deepEqual(heard, ['hello', 'one', 'two'])
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
    socket.close()
    await closed
    const { headers } = behind.seen.at(-1) as IncomingMessage
    assert.equal(headers['x-latchkey-subject'], id)
    assert.equal(headers.authorization, undefined)
    assert.equal(headers.cookie, 'a=b')
    assert.equal(headers.connection, 'Upgrade')
  })

  await t.test('the 101 carries the limit headers', async () => {
    const received = await sendBytes(port, handshake('api.test', key), 300)
    assert.match(received, /^HTTP\/1.1 101 /)
    assert.match(received, /x-ratelimit-limit: 50\r\n/i)
    assert.doesNotMatch(received, /x-ratelimit-limit: 7\r\n/i)
    assert.match(received, /x-request-id: [0-9a-f-]{36}\r\n/i)
  })

  await t.test('refusals are ordinary answers in the profile’s form', async () => {
    assert.match(
      await sendBytes(port, handshake('api.test', undefined)),
      /^HTTP\/1.1 401 Unauthorized\r\n[^]*"authentication_error"/,
    )
    assert.match(await sendBytes(port, handshake('api.test', 'sk_wrong')), /^HTTP\/1.1 401 [^]*error="invalid_token"/)
    assert.match(await sendBytes(port, handshake('api.test', key, '/a%2fb')), /^HTTP\/1.1 400 /)
    assert.match(await sendBytes(port, handshake('no.such.test', key)), /^HTTP\/1.1 421 /)
    const down = await sendBytes(port, handshake('down.test', key))
    assert.match(down, /^HTTP\/1.1 502 [^]*x-ratelimit-limit[^]*upstream_unavailable/i)
    const { key: test } = await people.key({ environment: 'test' })
    assert.match(await sendBytes(port, handshake('api.test', test)), /^HTTP\/1.1 400 /)
  })

  await t.test('nothing passes through a connection that the upstream has not upgraded', async () => {
    const before = behind.seen.length
    const received = await sendBytes(
      port,
      `${handshake('api.test', key, '/refused')}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`,
    )
    assert.match(received, /^HTTP\/1.1 426 Upgrade Required\r\n/)
    assert.match(received, /nope$/)
    assert.deepEqual(
      behind.seen.slice(before).map(({ url }) => url),
      ['/refused'],
    )
  })

  await t.test(
    'a long answer in the place of an upgrade comes whole; a 101 that upgrades to nothing is 502',
    async () => {
      const received = await sendBytes(port, handshake('api.test', key, '/large'))
      assert.match(received, /^HTTP\/1.1 200 OK\r\n/)
      assert.equal(received.length - received.indexOf('\r\n\r\n') - 4, 3_000_000)
      assert.match(await sendBytes(port, handshake('api.test', key, '/bare')), /^HTTP\/1.1 502 /)
    },
  )

  await t.test('one that follows a request which is not answered yet is served as it comes, after it', async () => {
    const received = await sendBytes(
      port,
      `HEAD / HTTP/1.1\r\nHost: api.test\r\n\r\n${handshake('api.test', key)}`,
      500,
    )
    assert.match(received, /^HTTP\/1.1 401 [^]*HTTP\/1.1 200 [^]*plain \/$/)
  })

  await t.test('protocols that carry further requests are never upgraded to', async () => {
    for (const upgrade of ['h2c', 'H2C', 'h2c, HTTP/3.0', 'TLS/1.2']) {
      const received = await sendBytes(
        port,
        handshake('api.test', key, '/plain', upgrade, 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
        300,
      )
      assert.match(received, /^HTTP\/1.1 200 OK\r\n[^]*plain \/plain/, upgrade)
    }
    assert.match(await sendBytes(port, handshake('api.test', key, '/other')), /^HTTP\/1.1 502 /)
    assert.match(await sendBytes(port, handshake('localhost', undefined, '/healthz', 'h2c'), 300), /^HTTP\/1.1 200 /)
    assert.match(await sendBytes(port, handshake('localhost', undefined, '/healthz'), 300), /^HTTP\/1.1 200 /)
  })

  await t.test('an end that goes away takes the other along', async () => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(handshake('api.test', key)))
    await new Promise((resolve) => socket.once('data', resolve))
    const theirs = behind.sockets.at(-1) as Socket
    socket.destroy()
    await until(() => theirs.readableEnded, 2_000, 'the upstream’s end closes')
    const second = net.connect(port, '127.0.0.1', () => second.write(handshake('api.test', key)))
    await new Promise((resolve) => second.once('data', resolve))
    second.resume().on('error', () => undefined)
    ;(behind.sockets.at(-1) as Socket).destroy()
    await until(() => second.destroyed, 2_000, 'the caller’s end closes')
  })

  await t.test('each one is counted', async () => {
    const answer = await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`] })
    assert.ok(Number(answer.headers['x-ratelimit-remaining']) < 45)
  })

  await t.test('a stop of the server ends them', async () => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(handshake('api.test', key)))
    await new Promise((resolve) => socket.once('data', resolve))
    socket.resume().on('error', () => undefined)
    await launched.app.server.close()
    await until(() => socket.destroyed, 2_000, 'the connection closes')
  })
})
