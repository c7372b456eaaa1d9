// Bodies flow both ways as they come: uploads, event streams, trailers, callers and upstreams that break off (RFC 9112 §6 to §9).
import assert from 'node:assert/strict'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { send, sendBytes, serve, until, upstream } from './wire.ts'

/** An app with one API in front of `handler`. */
const behindGateway = async (t: Parameters<typeof launch>[0], handler: http.RequestListener, timeouts = {}) => {
  const behind = await upstream(t, handler)
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url, limits: [], timeouts } } },
  })
  const people = await world(launched)
  const { key } = await people.key()
  const port = await serve(t, launched)
  return {
    behind,
    port,
    headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`],
    head: `Host: api.test\r\nAuthorization: Bearer ${key}\r\n`,
  }
}

test('an upload of 50 MB passes through without being held', async (t) => {
  const size = 50 * 1024 * 1024
  let received = 0
  const { port, headers } = await behindGateway(t, (request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length))
    request.once('end', () => response.end(String(received)))
  })
  const chunk = Buffer.alloc(64 * 1024, 'a')
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'PUT',
    path: '/',
    headers: [...headers, 'Content-Length', String(size)],
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  )
  let ahead = 0
  for (let sent = 0; sent < size; sent += chunk.length) {
    if (!request.write(chunk)) await new Promise((resolve) => request.once('drain', resolve))
    ahead = Math.max(ahead, sent - received)
  }
  request.end()
  const response = await answered
  assert.equal(response.statusCode, 200)
  assert.equal((await response.setEncoding('utf8').toArray()).join(''), String(size))
  assert.ok(
    ahead < 16 * 1024 * 1024,
    `${ahead} bytes were under way at most; sockets hold some, the gateway next to none`,
  )
})

test('an upstream that does not read holds its caller back', async (t) => {
  let upload: IncomingMessage | undefined
  const { port, headers } = await behindGateway(t, (request, response) => {
    upload = request
    request.once('end', () => response.end('done'))
  })
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/',
    headers: [...headers, 'Transfer-Encoding', 'chunked'],
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
  const chunk = Buffer.alloc(1024 * 1024)
  let accepted = 0
  const pump = (): void => {
    while (accepted < 64 && request.write(chunk)) accepted += 1
    accepted += 1
    if (accepted < 64) request.once('drain', pump)
    else request.end()
  }
  pump()
  await until(() => upload !== undefined, 2_000, 'the request reaches the upstream')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(accepted < 40, `${accepted} MB were accepted while nobody read`)
  upload?.resume()
  assert.equal((await answered).statusCode, 200)
})

test('server-sent events arrive one by one, their header before the first', async (t) => {
  let stream: ServerResponse | undefined
  const { port, headers } = await behindGateway(t, (_request, response) => {
    stream = response
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
  })
  const response = await new Promise<IncomingMessage>((resolve) =>
    http.get({ host: '127.0.0.1', port, path: '/', headers, agent: false }, resolve),
  )
  assert.equal(response.headers['content-type'], 'text/event-stream')
  const events = response.setEncoding('utf8')[Symbol.asyncIterator]()
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    stream?.write(text)
    assert.equal((await events.next()).value, text)
  }
  stream?.end()
  assert.equal((await events.next()).done, true)
})

test('a caller who goes away takes the upstream’s request along', async (t) => {
  const gone: string[] = []
  const { behind, port, headers } = await behindGateway(t, (request, response) => {
    request.resume()
    response.once('close', () => gone.push(request.url ?? ''))
    if (request.url === '/streaming') response.write('begun')
  })
  for (const [path, method] of [
    ['/waiting', 'GET'],
    ['/streaming', 'GET'],
    ['/uploading', 'PUT'],
  ] as const) {
    const request = http.request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: method === 'PUT' ? [...headers, 'Content-Length', '1000'] : headers,
      agent: false,
    })
    request.on('error', () => undefined)
    if (method === 'PUT') request.write('some')
    else request.end()
    await until(() => behind.seen.some(({ url }) => url === path), 2_000, `${path} reaches the upstream`)
    request.destroy()
    await until(() => gone.includes(path), 2_000, `${path} is given up`)
  }
})

test('an answer that breaks off breaks off for the caller too', async (t) => {
  const { port, headers } = await behindGateway(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half', () => response.destroy())
  })
  await assert.rejects(send(port, { headers }), { code: 'ECONNRESET' })
})

test('an answer before the end of the upload is passed on, and the connection lives', async (t) => {
  const { port, head } = await behindGateway(t, (request, response) => {
    request
      .once('error', () => undefined)
      .once('data', () => {
        request.pause() // and never reads the rest
        response.writeHead(413).end('too large')
      })
  })
  const body = 'a'.repeat(8 * 1024 * 1024)
  const received = await sendBytes(
    port,
    `POST / HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  )
  assert.match(received, /^HTTP\/1.1 413 /)
  assert.match(received, /too large.*HTTP\/1.1 200 OK.*"status":"ok"/s)
})

test('RFC 9110 §10.1.1: the body is asked for once the caller has been let in', async (t) => {
  const { port, head } = await behindGateway(t, (request, response) => {
    request.resume().once('end', () => response.end(request.headers.expect ?? 'no expectation'))
  })
  const post = (fields: string) =>
    `POST / HTTP/1.1\r\n${fields}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`
  const refused = await sendBytes(port, post('Host: api.test\r\n'))
  assert.match(refused, /^HTTP\/1.1 401 /)
  const admitted = await new Promise<string>((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(post(head)))
    let received = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      if (received === '') socket.write('ok')
      received += chunk
    })
    socket.once('close', () => resolve(received))
  })
  assert.match(admitted, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK.*no expectation/s)
  assert.match(
    await sendBytes(
      port,
      'POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    ),
    /^HTTP\/1.1 100 Continue/,
  )
})

test('trailers of an answer are passed on, informational answers end here', async (t) => {
  const { port, headers } = await behindGateway(t, (_request, response) => {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(200, { trailer: 'X-Sum' })
    response.write('body')
    response.addTrailers({ 'X-Sum': '42', 'X-Latchkey-Subject': 'forged', Connection: 'x' })
    response.end()
  })
  const answer = await send(port, { headers })
  assert.equal(answer.body, 'body')
  assert.deepEqual({ ...answer.trailers }, { 'x-sum': '42' })
})

test('trailers of a request are not passed on: they would bring fields past every check', async (t) => {
  let trailers: string[] = []
  const { port, head } = await behindGateway(t, (request, response) => {
    request.resume().once('end', () => {
      trailers = request.rawTrailers
      response.end('ok')
    })
  })
  const received = await sendBytes(
    port,
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nTrailer: X-Latchkey-Subject\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX-Latchkey-Subject: forged\r\n\r\n`,
  )
  assert.match(received, /^HTTP\/1.1 200 /)
  assert.deepEqual(trailers, [])
})

test('RFC 9112 §11.2: a request that two readers could cut in different places is refused', async (t) => {
  const { behind, port, head } = await behindGateway(t, (request, response) =>
    request.resume().once('end', () => response.end('ok')),
  )
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n'
  const attempts = [
    `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Content-Length: +4\r\n\r\nabcd${smuggled}`,
    `Content-Length: 0x4\r\n\r\nabcd${smuggled}`,
    `X: y\n\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n${smuggled}`,
  ]
  for (const attempt of attempts) {
    const received = await sendBytes(port, `POST /first HTTP/1.1\r\n${head}${attempt}`, 300)
    assert.ok(!/^HTTP\/1.1 200 [^]*HTTP\/1.1 200 /.test(received), JSON.stringify(attempt))
  }
  assert.deepEqual(
    behind.seen.filter(({ url }) => url === '/smuggled'),
    [],
  )
})

test('a kept connection that was reset under a safe request is replaced once, under another never', async (t) => {
  let served = 0
  const { behind, port, headers } = await behindGateway(t, (request, response) => {
    served += 1
    if (served % 2 === 0) request.socket.resetAndDestroy()
    else response.end('ok')
  })
  assert.equal((await send(port, { headers })).status, 200)
  assert.equal((await send(port, { headers })).status, 200, 'sent again on a new connection')
  assert.equal(behind.seen.length, 3)
  // the third answer closed its connection: warm one up again
  served = 0
  assert.equal((await send(port, { headers })).status, 200)
  assert.equal((await send(port, { method: 'POST', headers, body: 'pay' })).status, 502)
  assert.equal(behind.seen.filter(({ method }) => method === 'POST').length, 1)
})

test('the time-out does not run while the upstream waits for the caller, nor once the answer has begun', async (t) => {
  const { port, headers } = await behindGateway(
    t,
    (request, response) => {
      request.resume().once('end', () => {
        response.write('slow ')
        setTimeout(() => response.end('answer'), 500)
      })
    },
    { responseSeconds: 0.25 },
  )
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'PUT',
    path: '/',
    headers: [...headers, 'Content-Length', '2'],
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
  request.write('a')
  setTimeout(() => request.end('b'), 700)
  const response = await answered
  assert.equal(response.statusCode, 200)
  assert.equal((await response.setEncoding('utf8').toArray()).join(''), 'slow answer')
})
