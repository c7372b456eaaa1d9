// RFC 9112 §9.3: callers that keep their connection, ask again on it, ask ahead, read slowly or go away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import net, { type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { launch, world } from '../harness.ts'
import { serve, until, upstream } from './wire.ts'

const behindGateway = async (t: TestContext, handler: RequestListener, limits: [] | undefined = []) => {
  const behind = await upstream(t, handler)
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url, ...(limits && { limits }) } } },
  })
  const { id, key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const head = `Host: api.test\r\nAuthorization: Bearer ${key}\r\n`
  return {
    ...launched,
    behind,
    socket,
    id,
    get: (path: string, fields = head) => `GET ${path} HTTP/1.1\r\n${fields}\r\n`,
    post: (path: string, body: string) =>
      `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  }
}

/** Reads until `ends` has come, `times` times. */
const readTo = async (socket: Socket, ends: string, times = 1): Promise<string> => {
  let received = ''
  while (received.split(ends).length <= times) {
    const [part] = (await once(socket, 'data')) as [Buffer]
    received += part.toString('latin1')
  }
  return received
}

test('one connection is asked again and again, whatever the answers', async (t) => {
  const { socket, get, post, behind } = await behindGateway(t, (request, response) => {
    const { method, url } = request
    if (url === '/nothing') return void response.writeHead(204).end()
    if (url === '/parts') {
      response.writeHead(200, { trailer: 'X-Sum' }).write('one ')
      response.addTrailers({ 'X-Sum': '42' })
      return void setTimeout(() => response.end('two'), 30)
    }
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.once('end', () => response.setHeader('X-Own', 'kept').end(`${method} ${url} ${body}.`))
  })
  for (let round = 0; round < 2; round += 1) {
    socket.write(get('/a?b'))
    const whole = await readTo(socket, 'GET /a?b .')
    assert.match(whole, /^HTTP\/1\.1 200 OK\r\nX-Own: kept\r\n/)
    assert.match(whole, /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n/)
    assert.match(whole, /\r\nx-request-id: [0-9a-f-]{36}\r\n/)
    socket.write(get('/nothing'))
    assert.match(await readTo(socket, '\r\n\r\n'), /^HTTP\/1\.1 204 No Content\r\n/)
    socket.write(get('/parts'))
    assert.match(
      await readTo(socket, '42\r\n\r\n'),
      /Transfer-Encoding: chunked\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\nX-Sum: 42\r\n\r\n$/i,
    )
    socket.write(get('/a', 'Host: api.test\r\n'))
    assert.match(await readTo(socket, '}'), /^HTTP\/1\.1 401 /)
    socket.write(post('/p', 'né 🔑'))
    assert.match(await readTo(socket, '.'), /^HTTP\/1\.1 200 OK/)
    socket.write(get('/x', 'Host: no.such.test\r\n'))
    assert.match(await readTo(socket, '}'), /^HTTP\/1\.1 421 /)
  }
  assert.equal(behind.seen.filter(({ url }) => url === '/p').length, 2)
})

test('requests sent ahead are answered in their order, each once', async (t) => {
  const waits: Record<string, number> = { '/slow': 80, '/quick': 0 }
  const { socket, get, post, behind } = await behindGateway(t, ({ url = '' }, response) => {
    setTimeout(() => response.end(`<${url}>`), waits[url] ?? 0)
  })
  socket.write(get('/slow') + get('/quick') + post('/body', 'abc') + get('/slow') + get('/last'))
  const received = await readTo(socket, '</last>')
  assert.deepEqual(received.match(/<[^>]+>/g), ['</slow>', '</quick>', '</body>', '</slow>', '</last>'])
  assert.equal(behind.seen.length, 5)
})

test('a request that is not plain, on a connection that was, goes on in its order', async (t) => {
  const { socket, get, post, behind } = await behindGateway(t, (request, response) => {
    request.resume().once('end', () => response.end(`<${request.method} ${request.url}>`))
  })
  socket.write(
    get('/a') +
      post('/b', 'x').replace('Content-Length: 1', 'Transfer-Encoding: chunked').replace(/x$/, '1\r\nx\r\n0\r\n\r\n') +
      get('/c'),
  )
  assert.deepEqual((await readTo(socket, '<GET /c>')).match(/<[^>]+>/g), ['<GET /a>', '<POST /b>', '<GET /c>'])
  assert.equal(behind.seen.length, 3)
})

test('a body that has not come whole is passed on as it comes', async (t) => {
  let begun = ''
  const { socket, post } = await behindGateway(t, (request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => (begun += text))
    request.once('end', () => response.end(`<${begun}>`))
  })
  const text = post('/upload', 'first second')
  socket.write(text.slice(0, -' second'.length))
  await until(() => begun === 'first', 2_000, 'what has come is there')
  socket.write(' second')
  assert.match(await readTo(socket, '>'), /<first second>$/)
})

test('a caller that does not read holds the upstream back on a kept connection too, and then gets all of it', async (t) => {
  const size = 64 * 1024 * 1024
  const part = Buffer.alloc(256 * 1024, 'a')
  let written = 0
  const { socket, get } = await behindGateway(t, ({ url }, response) => {
    if (url === '/after') return void response.end('<after>')
    response.writeHead(200, { 'content-length': size })
    const pump = (): void => {
      while (written < size) {
        written += part.length
        if (!response.write(part)) return void response.once('drain', pump)
      }
      response.end()
    }
    pump()
  })
  socket.pause()
  socket.write(get('/large') + get('/after'))
  await until(() => written > 0, 2_000, 'the answer begins')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(written < 40 * 1024 * 1024, `${written} octets were taken while nobody read`)
  let received = 0
  let tail = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      tail = (tail + chunk.toString('latin1')).slice(-200)
      if (tail.endsWith('<after>')) resolve()
    })
    socket.resume()
  })
  assert.ok(received > size && received < size + 3_000)
})

test('a caller who goes away takes the upstream’s request along, waiting or streaming', async (t) => {
  for (const path of ['/waiting', '/streaming']) {
    let gone = false
    const { behind, socket, get } = await behindGateway(t, (_request, response) => {
      response.once('close', () => (gone = true))
      if (path === '/streaming') response.write('begun')
    })
    socket.write(get(path))
    await until(() => behind.seen.length === 1, 2_000, `${path} reaches the upstream`)
    socket.destroy()
    await until(() => gone, 2_000, `${path} is given up`)
  }
})

test('an answer that breaks off closes the connection, and a stop ends it after the answer', async (t) => {
  const { socket, get } = await behindGateway(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half', () => response.destroy())
  })
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.write(get('/broken') + get('/next'))
  await once(socket, 'close')
  assert.match(received, /half$/)

  let answer: (() => void) | undefined
  const stopping = await behindGateway(t, (_request, response) => {
    answer = () => response.end('<at last>')
  })
  stopping.socket.write(stopping.get('/slow'))
  await until(() => answer !== undefined, 2_000, 'the request reaches the upstream')
  const closed = stopping.app.server.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  answer?.()
  assert.match(await readTo(stopping.socket, '<at last>'), /^HTTP\/1\.1 200 OK/)
  await once(stopping.socket, 'close')
  await closed
})

test('a stream ends with its credential, and so does its connection', async (t) => {
  const { socket, get, id, operate } = await behindGateway(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  socket.write(get('/events'))
  await readTo(socket, 'data: 1\n\n')
  await operate('DELETE', `/api-keys/${id}`)
  const revokedAt = Date.now()
  await once(socket, 'close')
  assert.ok(Date.now() - revokedAt < 5_000)
})
