// One question to the store for a run of JavaScript: never older than the last bytes that were read before it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createConnection } from 'node:net'
import { test } from 'node:test'
import { onceARun } from '../../src/store/once-a-run.ts'

const counting = () => {
  let asked = 0
  return { asked: () => asked, version: onceARun(() => ++asked) }
}

test('asked once while nothing gives way, and again as soon as something does', async () => {
  const { version, asked } = counting()
  assert.deepEqual([version(), version(), version()], [1, 1, 1])
  await Promise.resolve()
  assert.equal(version(), 2)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(version(), 3)
  assert.equal(asked(), 3)
})

test('whoever waits for a change that this process makes sees it', async () => {
  let committed = 0
  const version = onceARun(() => committed)
  const commit = async (): Promise<void> => {
    await Promise.resolve()
    committed += 1
  }
  const change = commit()
  assert.equal(version(), 0, 'asked before the commit, believed until this run is over')
  await change
  assert.equal(version(), 1)
})

test('a fault is not kept', async () => {
  let down = true
  const version = onceARun(() => {
    if (down) throw new Error('down')
    return 1
  })
  assert.throws(version, /down/)
  down = false
  assert.equal(version(), 1)
})

test('requests that are read later are judged by a later question, also when they come in one turn of the event loop', async (t) => {
  const { version } = counting()
  const seen: number[] = []
  const server = createServer((_request, response) => {
    seen.push(version())
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets = Array.from({ length: 20 }, () => createConnection(port, '127.0.0.1'))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  while (seen.length < sockets.length) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(new Set(seen).size, sockets.length, 'one question for each read')
})
