// draft-ietf-oauth-client-id-metadata-document-02 §8.6, §8.7: what a stranger names is fetched without doing harm to anybody.
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { isPublicAddress } from '../../src/clients/public-address.ts'
import { SafeFetch } from '../../src/clients/safe-fetch.ts'
import { fetchMistake } from '../../src/clients/strangers-address.ts'
import { stoppedClock } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'

const development = 'http://localhost:8000'
const production = 'https://auth.example.com'
const clock = stoppedClock('2026-02-01T12:00:00Z')

const listen = async (t: Cleanup, server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** The base address of a server on this machine. */
const serve = async (t: Cleanup, answer: RequestListener): Promise<string> => {
  const server = createServer(answer)
  t.after(() => server.closeAllConnections())
  return `http://127.0.0.1:${await listen(t, server)}`
}

const json =
  (body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)

const fetched = (fetcher: SafeFetch, url: string) => fetcher.json(url, 1000)

/** Why it was not fetched. */
const failure = async (fetcher: SafeFetch, url: string): Promise<string> => {
  const answer = await fetched(fetcher, url)
  return 'failed' in answer ? answer.failed : assert.fail(answer.text)
}

test('addresses that are not of the public Internet', () => {
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
    '8.8.8',
  ])
    assert.equal(isPublicAddress(address), false, address)
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])
    assert.equal(isPublicAddress(address), true, address)
})

test('what may be named: https, a host of the public Internet, port 443, one spelling', () => {
  for (const url of [
    'http://client.example/a',
    'ftp://client.example/a',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://client.example',
    'https://client.example:8443/a',
    'https://client.example:443/a',
    'https://user@client.example/a',
    'https://user:password@client.example/a',
    'https://client.example/a#b',
    'https://client.example/a#',
    'https://client.example/a/../b',
    'https://client.example/a/%2e%2e/b',
    'https://client.example/./b',
    'https://client.example\\@evil.example/a',
    'https:client.example/a',
    'https:///client.example/a',
    'HTTPS://client.example/a',
    'https://CLIENT.example/a',
    'https://client.example/a\tb',
    ' https://client.example/a',
    'https://localhost/a',
    'https://app.localhost/a',
    'https://intranet/a',
    'https://127.0.0.1/a',
    'https://2130706433/a',
    'https://0x7f.1/a',
    'https://169.254.169.254/latest/meta-data',
    'https://8.8.8.8/a',
    'https://[::1]/a',
    'https://[::ffff:127.0.0.1]/a',
    'https://[2606:4700::1111]/a',
    `https://client.example/${'a'.repeat(2000)}`,
    'client.example/a',
    '',
  ])
    assert.notEqual(fetchMistake(production, url), undefined, url)
  for (const url of ['https://client.example/a', 'https://client.example/', 'https://client.example/a?b=c'])
    assert.equal(fetchMistake(production, url), undefined, url)
  assert.equal(fetchMistake(development, 'http://127.0.0.1:3000/a'), undefined)
  assert.equal(fetchMistake(development, 'http://app.localhost:3000/a'), undefined)
  assert.notEqual(fetchMistake(development, 'http://client.example/a'), undefined)
  assert.notEqual(fetchMistake(development, 'http://10.0.0.1/a'), undefined)
})

test('a name that leads to a forbidden address is not connected to', async (t) => {
  let connections = 0
  const port = await listen(
    t,
    createTcpServer((socket) => {
      connections += 1
      socket.destroy()
    }),
  )
  for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], []]) {
    const fetcher = new SafeFetch(production, clock, async () => addresses)
    assert.match(await failure(fetcher, 'https://client.example/a'), /public Internet|no address/)
  }
  // in development too: only names of this machine may lead to it
  const fetcher = new SafeFetch(development, clock, async () => ['127.0.0.1'])
  assert.match(await failure(fetcher, 'https://client.example/a'), /public Internet/)
  assert.match(await failure(new SafeFetch(production, clock), `http://127.0.0.1:${port}/a`), /https/)
  assert.equal(connections, 0)
})

test('a name is looked up once, and its answer is what is connected to', async () => {
  let lookups = 0
  const rebinding = new SafeFetch(production, clock, async () => {
    lookups += 1
    return lookups === 1 ? ['2001:4860:ffff::1'] : ['127.0.0.1'] // public by its form, and routed nowhere
  })
  const answer = await failure(rebinding, 'https://client.example/a')
  assert.match(answer, /cannot be reached|no connection/)
  assert.equal(lookups, 1)
})

test('the answer must be 200, JSON, UTF-8, plain and short', async (t) => {
  const answers: Record<string, RequestListener> = {
    '/moved': (_request, response) => void response.writeHead(302, { location: '/good' }).end(),
    '/missing': (_request, response) => void response.writeHead(404, { 'content-type': 'application/json' }).end('{}'),
    '/partial': (_request, response) => void response.writeHead(206, { 'content-type': 'application/json' }).end('{}'),
    '/html': json('{}', { 'content-type': 'text/html' }),
    '/text': json('{}', { 'content-type': 'text/plain; application/json' }),
    '/untyped': (_request, response) => void response.end('{}'),
    '/gzip': (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"a":"'.padEnd(1_000_000, 'a'))),
    '/latin1': (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from('{"a":"\xe9"}', 'latin1')),
    '/declared': json('x'.repeat(1001)),
    '/streamed': (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(100))) continue
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    '/cut': (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{}', () => response.destroy())
    },
    '/refused': (request) => void request.socket.destroy(),
  }
  const base = await serve(t, (request, response) => answers[request.url ?? '']?.(request, response))
  const fetcher = new SafeFetch(development, clock)
  const expected: Record<string, RegExp> = {
    '/moved': /302/,
    '/missing': /404/,
    '/partial': /206/,
    '/html': /not JSON/,
    '/text': /not JSON/,
    '/untyped': /not JSON/,
    '/gzip': /compressed/,
    '/latin1': /UTF-8/,
    '/declared': /longer than 1000/,
    '/streamed': /longer than 1000/,
    '/cut': /cannot be reached/,
    '/refused': /cannot be reached/,
  }
  assert.deepEqual(Object.keys(expected), Object.keys(answers))
  for (const [path, reason] of Object.entries(expected)) assert.match(await failure(fetcher, base + path), reason)
})

test('nothing but the request itself is sent', async (t) => {
  const seen: { headers: string[]; url: string | undefined }[] = []
  const base = await serve(t, (request, response) => {
    seen.push({ headers: Object.keys(request.headers), url: request.url })
    json('{}', { 'set-cookie': 'a=b' })(request, response)
  })
  const fetcher = new SafeFetch(development, clock)
  for (let count = 0; count < 2; count++)
    assert.deepEqual(await fetched(fetcher, `${base}/a?b=c`), { text: '{}', freshMs: 600_000 })
  const headers = ['host', 'accept', 'accept-encoding', 'user-agent', 'connection']
  assert.deepEqual(seen, [
    { headers, url: '/a?b=c' },
    { headers, url: '/a?b=c' },
  ])
})

test('how long an answer keeps is what Cache-Control says, from a minute to a day', async (t) => {
  let headers: Record<string, string> = {}
  const base = await serve(t, (request, response) => json('{}', headers)(request, response))
  const fetcher = new SafeFetch(development, clock)
  for (const [control, seconds] of [
    ['max-age=300', 300],
    ['public, max-age="300", must-revalidate', 300],
    ['max-age=0', 60],
    ['max-age=99999999', 86_400],
    ['no-store', 60],
    ['no-cache, max-age=300', 60],
    ['max-age=-1', 600],
    ['s-maxage=300', 600],
    ['immutable', 600],
  ] as const) {
    headers = { 'cache-control': control }
    assert.deepEqual(await fetched(fetcher, `${base}/`), { text: '{}', freshMs: seconds * 1000 }, control)
  }
  headers = { 'cache-control': 'max-age=300', age: '200' }
  assert.deepEqual(await fetched(fetcher, `${base}/`), { text: '{}', freshMs: 100_000 })
})

test('what failed is not asked for again within ten seconds, and what is on its way not twice', async (t) => {
  let asked = 0
  let status = 500
  const base = await serve(t, (_request, response) => {
    asked += 1
    setTimeout(() => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'), 20)
  })
  const fetcher = new SafeFetch(development, clock)
  await Promise.all([1, 2, 3].map(() => fetched(fetcher, `${base}/`)))
  assert.match(await failure(fetcher, `${base}/`), /500/)
  assert.equal(asked, 1)
  status = 200
  clock.advance(10_001)
  assert.deepEqual(await fetched(fetcher, `${base}/`), { text: '{}', freshMs: 600_000 })
  assert.equal(asked, 2)
})

test('one host holds up no more than four fetches, and none longer than five seconds', async (t) => {
  const base = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => response.write(' '), 200)
    response.once('close', () => clearInterval(drip))
  })
  const fetcher = new SafeFetch(development, clock)
  const began = performance.now()
  const waiting = ['/1', '/2', '/3', '/4'].map((path) => failure(fetcher, base + path))
  assert.equal(await failure(fetcher, `${base}/5`), 'too many are being fetched')
  for (const answer of await Promise.all(waiting)) assert.match(answer, /within 5000 ms/)
  assert.ok(performance.now() - began < 8000)
})
