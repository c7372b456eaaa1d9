// RFC 9112 §11: an upstream whose answers could be cut in two places, or that speaks when nobody has asked.
import assert from 'node:assert/strict'
import net, { type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createLog } from '../../src/log.ts'
import { launch, world } from '../harness.ts'
import { send, sendBytes, serve, until } from './wire.ts'

/** An app in front of an upstream that writes octets as it likes, once for each request's header that has come. */
const behindGateway = async (
  t: TestContext,
  answer: (socket: Socket, head: string, count: number) => void,
  { timeouts = {}, log }: { timeouts?: object; log?: ReturnType<typeof createLog> } = {},
) => {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = net.createServer((socket) => {
    connections += 1
    sockets.add(socket)
    let received = ''
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
        const head = received.slice(0, end + 4)
        received = received.slice(end + 4)
        heads.push(head)
        answer(socket, head, heads.length)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: url, limits: [], timeouts } } },
    ...(log && { log }),
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const headers = ['Host', 'api.test', 'Authorization', `Bearer ${key}`]
  return {
    heads,
    port,
    connections: () => connections,
    ask: (method = 'GET', body?: string) => send(port, { method, headers, ...(body !== undefined && { body }) }),
    head: `Host: api.test\r\nAuthorization: Bearer ${key}\r\n`,
  }
}

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const smuggled = ok('smuggled')

test('an answer that two readers could cut in different places is 502, and nothing behind it is anybody’s answer', async (t) => {
  const lines: string[] = []
  const attempts = [
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nX: y\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nX: y\rZ: w\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nX: y\x00z\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\nX: y\r\n folded\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 5\r\n\r\nhello${smuggled}`,
    `HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello`,
    `HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello`,
    `HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello`,
    `HTTP/3.1 200 OK\r\nContent-Length: 5\r\n\r\nhello`,
    `\u0000\u0001\u0002secret-octets\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nX-Large: ${'a'.repeat(40_000)}\r\nContent-Length: 5\r\n\r\nhello`,
  ]
  let attempt = ''
  const { ask, heads } = await behindGateway(t, (socket) => void socket.write(attempt, 'latin1'), {
    log: createLog('info', { write: (line: string) => void lines.push(line) }),
  })
  for (attempt of attempts) {
    for (const [method, body] of [['GET'], ['POST', 'ab']] as const) {
      const before = heads.length
      const { status, body: text } = await ask(method, body)
      assert.equal(status, 502, JSON.stringify([method, attempt.slice(0, 100)]))
      assert.match(text, /upstream_unavailable/)
      assert.equal(heads.length, before + 1, 'asked once')
    }
  }
  assert.ok(lines.some((line) => line.includes('upstream failed')))
  assert.equal(
    lines.some((line) => /smuggled|hello|secret-octets/.test(line)),
    false,
  )
  attempt = ok('good')
  assert.equal((await ask()).body, 'good')
})

test('what is cut off within its body breaks off, and is not taken for whole', async (t) => {
  const cut = [
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxx\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n-1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nffffffffffffffffff\r\n',
  ]
  let attempt = ''
  const { ask } = await behindGateway(t, (socket) => void socket.end(attempt))
  for (attempt of cut)
    for (const [method, body] of [['GET'], ['POST', 'ab']] as const)
      await assert.rejects(ask(method, body), { code: 'ECONNRESET' }, JSON.stringify([method, attempt]))
})

test('an answer whose end is the connection’s is passed on whole; its connection is not kept', async (t) => {
  const { ask, connections } = await behindGateway(t, (socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nto the end'))
  for (let i = 1; i <= 2; i += 1) {
    const { status, body } = await ask()
    assert.deepEqual([status, body, connections()], [200, 'to the end', i])
  }
})

test('octets that nobody has asked for are nobody’s answer', async (t) => {
  const { ask, connections } = await behindGateway(t, (socket, _head, count) => {
    socket.write(ok(`answer ${count}`) + (count % 2 === 1 ? smuggled : ''))
    if (count % 2 === 0) setTimeout(() => socket.write(smuggled), 30)
  })
  for (let i = 1; i <= 4; i += 1) {
    assert.equal((await ask()).body, `answer ${i}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.equal(connections(), 4, 'a connection with such octets is closed')
})

test('no answer to HEAD, no 204 and no 304 has content, whatever it says and brings along', async (t) => {
  const answers = {
    HEAD: 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled',
    GET: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\nsmuggled',
    DELETE: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nsmuggled\r\n0\r\n\r\n',
  }
  const { ask } = await behindGateway(t, (socket, head) => {
    socket.write(head.startsWith('OPTIONS') ? ok('mine') : answers[head.split(' ', 1)[0] as keyof typeof answers])
  })
  for (const method of Object.keys(answers)) {
    assert.equal((await ask(method)).body, '', method)
    assert.equal((await ask('OPTIONS')).body, 'mine', `after ${method}`)
  }
})

test('RFC 9110 §15.2: informational answers end here, also those that nobody has asked for', async (t) => {
  const early = ['100 Continue', '102 Processing', '103 Early Hints\r\nLink: </a.css>; rel=preload', '199 Whatever']
  let informational = ''
  const { ask, port, head } = await behindGateway(
    t,
    (socket) => void socket.write(`HTTP/1.1 ${informational}\r\n\r\n${ok('final')}`),
  )
  for (informational of early) {
    for (const [method, body] of [['GET'], ['POST', 'ab'], ['DELETE']] as const) {
      const { status, body: text, headers } = await ask(method, body)
      assert.deepEqual([status, text, headers.link], [200, 'final', undefined], `${method} ${informational}`)
    }
    const received = await sendBytes(port, `POST / HTTP/1.1\r\n${head}Connection: close\r\nContent-Length: 0\r\n\r\n`)
    assert.match(received, /^HTTP\/1.1 200 [^]*final$/, `POST without content ${informational}`)
  }
  informational = '101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: anything'
  assert.equal((await ask()).status, 502, 'nobody has asked to leave HTTP')
})

test('a reason phrase is passed on where it can be written again', async (t) => {
  let reason = ''
  const { port, head } = await behindGateway(
    t,
    (socket) => void socket.write(`HTTP/1.1 200 ${reason}\r\nContent-Length: 2\r\n\r\nok`, 'latin1'),
  )
  const line = async (): Promise<string | undefined> =>
    (await sendBytes(port, `GET / HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)).split('\r\n', 1)[0]
  reason = 'As You Like'
  assert.equal(await line(), 'HTTP/1.1 200 As You Like')
  for (reason of ['', '\xe9t\xe9', '\xff\xfe']) assert.match((await line()) ?? '', /^HTTP\/1\.1 200 [ -~\x80-\xff]*$/)
})

test('octets of a field’s value are passed on as they are', async (t) => {
  const { port, head } = await behindGateway(
    t,
    (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nX-Name: caf\xe9 \xc3\xa9\r\nContent-Length: 2\r\n\r\n\xc3\xa9', 'latin1'),
  )
  const received = await sendBytes(port, `GET / HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
  assert.match(received, /\r\nX-Name: caf\xe9 \xc3\xa9\r\n/)
  assert.ok(received.endsWith('\r\n\r\n\xc3\xa9'))
})

for (const [what, name] of [
  ['UTF-8', 'caf\xc3\xa9 \xe6\x97\xa5'],
  ['Latin-1', 'caf\xe9'],
] as const)
  for (const method of ['GET', 'POST'] as const)
    test(`a file’s name in ${what} behind the length is passed on as it is, also to ${method}`, async (t) => {
      const { port, head } = await behindGateway(
        t,
        (socket) =>
          void socket.write(
            `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nhello`,
            'latin1',
          ),
      )
      const body = method === 'POST' ? 'Content-Length: 2\r\n\r\nab' : '\r\n'
      const received = await sendBytes(port, `${method} / HTTP/1.1\r\n${head}Connection: close\r\n${body}`)
      assert.ok(received.startsWith('HTTP/1.1 200 OK\r\n'), received)
      assert.ok(received.includes(`\r\nContent-Disposition: attachment; filename="${name}"\r\n`), received)
      assert.ok(received.endsWith('\r\n\r\nhello'))
    })

test('RFC 9110 §8.6: a 204 tells no length', async (t) => {
  const { port, head } = await behindGateway(
    t,
    (socket) => void socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 8\r\nETag: "a"\r\n\r\n'),
  )
  const received = await sendBytes(port, `DELETE / HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
  assert.match(received, /^HTTP\/1.1 204 [^]*ETag: "a"\r\n/)
  assert.doesNotMatch(received, /content-length/i)
})

test('what a body is coded with beside chunked is refused, and the upstream is not asked', async (t) => {
  const { heads, port, head } = await behindGateway(t, (socket) => void socket.write(ok('mine')))
  const send = (coding: string): Promise<string> =>
    sendBytes(
      port,
      `POST / HTTP/1.1\r\n${head}Connection: close\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
    )
  assert.match(await send('gzip, chunked'), /^HTTP\/1.1 400 /)
  assert.equal(heads.length, 0)
  assert.match(await send('chunked'), /^HTTP\/1.1 200 [^]*mine$/)
})

test('an answer before the request has been read is passed on, and is not the next one’s', async (t) => {
  let count = 0
  const { ask, port, head } = await behindGateway(t, (socket) => {
    count += 1
    socket.write(ok(`answer ${count}`))
  })
  const early = await sendBytes(port, `POST / HTTP/1.1\r\n${head}Content-Length: 10\r\n\r\nab`, 300)
  assert.match(early, /answer 1$/)
  for (let i = 2; i <= 4; i += 1)
    assert.equal((await ask(i % 2 ? 'POST' : 'GET', i % 2 ? 'x' : undefined)).body, `answer ${i}`)
})

test('a caller that does not read holds the upstream back, and nothing is lost', async (t) => {
  const size = 64 * 1024 * 1024
  const part = Buffer.alloc(256 * 1024, 'a')
  let written = 0
  const { port, head } = await behindGateway(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    const pump = (): void => {
      while (written < size) {
        written += part.length
        if (!socket.write(part)) return void socket.once('drain', pump)
      }
    }
    pump()
  })
  const caller = net.connect(port, '127.0.0.1', () =>
    caller.write(`GET / HTTP/1.1\r\n${head}Connection: close\r\n\r\n`),
  )
  caller.pause()
  await until(() => written > 0, 2_000, 'the answer begins')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(written < 40 * 1024 * 1024, `${written} octets were taken while nobody read`)
  let received = 0
  caller.on('data', (chunk: Buffer) => (received += chunk.length)).resume()
  await new Promise((resolve) => caller.once('close', resolve))
  assert.ok(received > size && received < size + 2_000)
})

test('idle connections are used again, and a request that waits for its upstream is given up in time', async (t) => {
  const { ask, connections } = await behindGateway(
    t,
    (socket, head) => {
      if (!head.startsWith('GET')) return
      socket.write(ok('quick'))
    },
    { timeouts: { responseSeconds: 0.2 } },
  )
  for (let i = 0; i < 5; i += 1) assert.equal((await ask()).status, 200)
  assert.equal(connections(), 1)
  const slow = await ask('DELETE')
  assert.equal(slow.status, 504)
  assert.match(slow.body, /upstream_timeout/)
  assert.equal((await ask()).status, 200)
})
