// RFC 6761 §6.3: "localhost" is both loopback addresses, and every request may come to either.
import assert from 'node:assert/strict'
import net, { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
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
  await launched.app.server.close()
  await assert.rejects(ask('127.0.0.1', port, ''), { code: 'ECONNREFUSED' })
  if (hasIPv6) await assert.rejects(ask('::1', port, ''), { code: 'ECONNREFUSED' })
})
