// The short ways: what takes them, what does not, and that nobody can tell which way a request went.
import assert from 'node:assert/strict'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import fastJson from 'fast-json-stringify'
import { outcomeJson, outcomeText } from '../../src/verify/items.ts'
import { answerOnHttp } from '../../src/http/direct.ts'
import { type DirectRoute, createShortWays } from '../../src/http/short-way.ts'
import { VerifyResponse } from '../../src/verify/schemas.ts'
import type { Decision, Principal } from '../../src/verify/decision.ts'
import { launch, stoppedClock } from '../harness.ts'
import { send, sendBytes } from '../gateway/wire.ts'

const body = '{"ask":1}'

/** A server whose framework says "framework" and the body, behind a short way that says "short" and the body, unless it holds "odd". */
const stage = async (t: TestContext) => {
  const framework = (request: IncomingMessage, response: ServerResponse): void => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => response.end(`framework ${request.method} ${text}`))
  }
  const route: DirectRoute = {
    method: 'POST',
    path: '/ask',
    query: false,
    takes: { mediaTypes: new Set(['text/plain']), length: 60_000 },
    answer(_request, whole) {
      if (whole.includes('fault')) throw new Error('as asked')
      return whole.includes('odd')
        ? undefined
        : { status: 200, headers: { 'x-way': 'short' }, body: `short ${whole.toString()}` }
    },
  }
  const server = http.createServer(framework)
  const answered: string[] = []
  const ways = createShortWays({
    serviceOf: () => undefined,
    routes: [route],
    siteOf: (host) => (host === 'other' ? { kind: 'misdirected' } : { kind: 'builtin' }),
    headers: { 'x-everywhere': 'yes' },
    failed: () => ({ status: 500, headers: {}, body: 'failed' }),
    answered: ({ path }, { method }, _id, status) => answered.push(`${method} ${path} ${status}`),
  })
  const end = answerOnHttp(server, ways)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const ask = (headers: string[], options: { method?: string; path?: string; body?: string } = {}) =>
    send(port, { method: 'POST', path: '/ask', body, ...options, headers: ['Host', 'a', ...headers] })
  return { ask, answered, port, end }
}

test('a request that has come whole takes the short way; any other the framework’s, as it came', async (t) => {
  const { ask, answered, port, end } = await stage(t)
  const plain = ['Content-Type', 'text/plain']
  const short = await ask(plain)
  assert.equal(short.body, `short ${body}`)
  assert.match(short.headers['x-request-id'] as string, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.equal(short.headers['x-everywhere'], 'yes')
  assert.equal(short.headers['content-length'], String(short.body.length))
  assert.equal((await ask(plain, { body: 'a fault' })).status, 500)
  assert.deepEqual(answered, ['POST /ask 200', 'POST /ask 500'])
  const framework = async (headers: string[], options?: { method?: string; path?: string; body?: string }) => {
    const answer = await ask(headers, options)
    assert.equal(answer.body, `framework ${options?.method ?? 'POST'} ${options?.body ?? body}`)
  }
  await framework(plain, { body: `odd ${'x'.repeat(50_000)}` })
  await framework(plain, { body: 'x'.repeat(70_000) })
  await framework(plain, { path: '/ask?query' })
  await framework(plain, { path: '/ask/' })
  await framework(plain, { method: 'PUT' })
  await framework([...plain, ...plain])
  await framework(['Content-Type', 'application/json'])
  await framework([])
  assert.equal(
    (await send(port, { method: 'POST', path: '/ask', body, headers: ['Host', 'other', ...plain] })).body.slice(0, 9),
    'framework',
  )
  assert.equal(answered.length, 2)
  end()
  await framework(plain)
})

test('a body in two parts goes the framework’s way, pipelined requests are answered in order, what is cut off by nobody', async (t) => {
  const { port, answered } = await stage(t)
  const head = (length: number): string =>
    `POST /ask HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`
  const slow = await new Promise<string>((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/ask',
        headers: { 'content-type': 'text/plain', 'content-length': 6 },
      },
      (response) => response.setEncoding('utf8').on('data', resolve),
    )
    request.on('error', reject)
    request.write('one')
    setTimeout(() => request.end('two'), 100)
  })
  assert.equal(slow, 'framework POST onetwo')
  const pipelined = await sendBytes(port, `${head(3)}one${head(3)}two${head(7)}odd one${head(4)}last`, 300)
  assert.deepEqual(pipelined.match(/(?:short|framework POST) (?:odd )?[a-z]+/g), [
    'short one',
    'short two',
    'framework POST odd one',
    'short last',
  ])
  await sendBytes(port, `${head(10)}abc`, 100)
  assert.equal(answered.length, 3)
})

test('the text of an outcome is what the response’s schema makes of it', async (t) => {
  const now = stoppedClock('2026-05-05T10:00:00Z')
  const { config } = await launch(t, { now })
  const serialize = fastJson(VerifyResponse)
  const judged: string[] = []
  const apis = [...config.apis.values()]
  const limits = [{ name: 'window', limit: 100, remaining: 99, resetAt: now.at + 1500, period: 60 }]
  const principal = {
    kind: 'api_key',
    id: 'id',
    subject: 'subject',
    environment: 'live',
    scopes: [] as string[],
  } as unknown as Principal
  const membership = { organizationId: 'o', role: 'owner' as const, tier: 'free' as const }
  const principals: (Principal | undefined)[] = [
    undefined,
    principal,
    {
      ...principal,
      kind: 'legacy_token',
      name: 'A "name" with \\, \u2028, \u{1f511} and \ud800',
      organizationId: 'o',
      memberships: new Map([
        ['o', membership],
        ['p', membership],
      ]),
      tier: 'pro',
      scopes: ['read', 'write'],
      expiresAt: now.at,
    },
    { ...principal, kind: 'jwt', clientId: 'c', derivedFrom: { kind: 'api_key', id: 'k' } },
  ]
  for (const api of apis) {
    for (const known of principals) {
      for (const states of [[], limits]) {
        const decision: Decision = known
          ? { valid: true, code: 'valid', principal: known, limits: states }
          : {
              valid: false,
              code: 'invalid_api_key',
              reason: { check: 'format', detail: '' },
              limits: [],
            }
        judged.push(outcomeText(api, decision, 'request'))
        assert.deepEqual(
          JSON.parse(judged.at(-1) as string),
          JSON.parse(serialize({ ...outcomeJson(api, decision), request_id: 'request' })),
        )
      }
    }
  }
  assert.ok(judged.length > 30)
})
