// RFC 6761 §6.3: "localhost" is both loopback addresses, and every request may come to either.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { listen } from '../../src/listening.ts'
import { launch, world } from '../harness.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

const ask = (host: string, port: number, head: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () =>
      socket.write(`GET /things HTTP/1.1\r\n${head}Connection: close\r\n\r\n`),
    )
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    socket.once('error', reject).once('close', () => resolve(received))
  })

test('HOST=localhost serves both addresses alike', async (t) => {
  const launched = await launch(t, { file: { apis: { one: { hosts: ['api.test'], upstream: 'echo' } } } })
  const { key } = await (await world(launched)).key()
  await listen(launched.app, { host: 'localhost', port: 0 })
  const { port } = launched.app.server.server.address() as AddressInfo
  const credential = `Authorization: Bearer ${key}\r\n`
  for (const host of ['127.0.0.1', ...(hasIPv6 ? ['::1'] : [])]) {
    assert.match(await ask(host, port, `Host: api.test\r\n${credential}`), /^HTTP\/1.1 200 [^]*"path":"\/things"/)
    assert.match(await ask(host, port, 'Host: localhost\r\n'), /^HTTP\/1.1 404 /)
  }
  if (!hasIPv6) t.diagnostic('without ::1, which this machine does not have')
  // a stop waits for what is in flight at either
  const inFlight = (['127.0.0.1', ...(hasIPv6 ? ['::1'] : [])] as const).map((host) => {
    const socket = net.connect(port, host)
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    socket.write(
      `POST /things HTTP/1.1\r\nHost: api.test\r\n${credential}Connection: close\r\nContent-Length: 2\r\n\r\na`,
    )
    return { socket, ended: once(socket, 'close').then(() => received) }
  })
  await setTimeout(200)
  const closed = launched.app.server.close()
  for (const { socket, ended } of inFlight.toReversed()) {
    await setTimeout(50)
    socket.write('b')
    assert.match(await ended, /^HTTP\/1.1 200 /)
  }
  await closed
  await assert.rejects(ask('127.0.0.1', port, ''), { code: 'ECONNREFUSED' })
  if (hasIPv6) await assert.rejects(ask('::1', port, ''), { code: 'ECONNREFUSED' })
})
