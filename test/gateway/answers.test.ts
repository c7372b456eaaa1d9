// What callers get: the upstream's answer, or a refusal in the words of the API's profile (RFC 9110 §15, RFC 6750 §3).
import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { launch, seeds, stoppedClock, world } from '../harness.ts'
import { type Answered, send, sendBytes, serve, upstream } from './wire.ts'

const json = ({ body }: Answered) => JSON.parse(body) as Record<string, unknown>

/** A port at which nothing listens. */
const deadPort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('an upstream that is down or slow is 502 or 504 in each profile’s form, and the limit headers are there', async (t) => {
  const dead = `http://127.0.0.1:${await deadPort()}`
  const slow = await upstream(t, () => undefined)
  const profiles = ['default', 'smally', 'example', 'multi'] as const
  const api = (profile: string, url: string) => ({
    profile,
    accepts: ['api_key' as const],
    upstream: url,
    timeouts: { responseSeconds: 0.2 },
  })
  const launched = await launch(t, {
    file: {
      apis: Object.fromEntries(
        profiles.flatMap((name) => [
          [`${name}-down`, { ...api(name, dead), hosts: [`${name}.down.test`] }],
          [`${name}-slow`, { ...api(name, slow.url), hosts: [`${name}.slow.test`] }],
        ]),
      ),
      defaultApi: 'default-down',
    },
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const bodies = {
    default: ({ code, status, request_id: id }: Record<string, unknown>) => [code, status, typeof id],
    smally: ({ error, message }: Record<string, unknown>) => [error, typeof message],
    example: ({ error, error_description: text }: Record<string, unknown>) => [error, typeof text],
    multi: ({ error }: Record<string, unknown>) => {
      const { type, code } = error as Record<string, string>
      return [type, code]
    },
  }
  const expected = (code: string, status: number) => ({
    default: [code, status, 'string'],
    smally: [code, 'string'],
    example: [code, 'string'],
    multi: ['api_error', code],
  })
  for (const profile of profiles) {
    for (const [kind, status, code] of [
      ['down', 502, 'upstream_unavailable'],
      ['slow', 504, 'upstream_timeout'],
    ] as const) {
      const answer = await send(port, {
        method: 'POST',
        body: 'x',
        headers: ['Host', `${profile}.${kind}.test`, 'Authorization', `Bearer ${key}`],
      })
      assert.equal(answer.status, status)
      assert.deepEqual(bodies[profile](json(answer)), expected(code, status)[profile])
      assert.equal(
        Number(answer.headers['x-ratelimit-remaining']),
        Number(answer.headers['x-ratelimit-limit']) - 1,
        'a failure of the upstream gives nothing back',
      )
      assert.ok(answer.headers['x-request-id'])
    }
  }
})

test('refusals before the upstream', async (t) => {
  const behind = await upstream(t, (_request, response) => response.end('reached'))
  const clock = stoppedClock('2026-03-01T00:00:00Z')
  const launched = await launch(t, {
    now: clock,
    file: {
      apis: {
        multi: {
          profile: 'multi',
          hosts: ['multi.test'],
          path: '/v1',
          upstream: behind.url,
          environments: ['live', 'test'],
          limits: [{ name: 'window', per: 'credential', limit: 3, period: 60 }],
        },
        smoxy: {
          profile: 'smoxy',
          hosts: ['smoxy.test'],
          upstream: behind.url,
          legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.test/' },
        },
      },
      defaultApi: 'multi',
    },
  })
  const people = await world(launched)
  const live = await people.key()
  const port = await serve(t, launched)
  const ask = (headers: string[], path = '/v1/users', host = 'multi.test') =>
    send(port, { path, headers: ['Host', host, ...headers] })
  const bearer = (key: string) => ['Authorization', `Bearer ${key}`]

  await t.test('no credential, and a wrong one', async () => {
    const missing = await ask([])
    assert.equal(missing.status, 401)
    assert.deepEqual(json(missing), {
      error: { type: 'authentication_error', code: 'invalid_api_key', message: 'The API key provided is invalid' },
    })
    assert.equal(
      missing.headers['www-authenticate'],
      `Bearer realm="multi", resource_metadata="http://multi.test:8000/.well-known/oauth-protected-resource/v1"`,
    )
    const wrong = await ask(bearer('sk_live_1234567890abcdef'))
    assert.equal(wrong.status, 401)
    assert.match(wrong.headers['www-authenticate'] ?? '', /error="invalid_token"/)
    assert.equal(wrong.headers['x-ratelimit-limit'], undefined)
    assert.equal((await ask([], '/', 'smoxy.test')).headers['www-authenticate'], 'ApiKey header="X-API-TOKEN"')
  })

  await t.test('a repeated header and two credentials are 400', async () => {
    for (const headers of [
      [...bearer(live.key), ...bearer(live.key)],
      ['authorization', `Bearer ${live.key}`, 'AUTHORIZATION', 'Bearer other'],
    ])
      assert.equal((await ask(headers)).status, 400)
    assert.equal((await ask(['X-API-TOKEN', 'a', 'Authorization', 'Bearer b'], '/', 'smoxy.test')).status, 400)
    assert.equal((await ask(['X-API-TOKEN', 'a', 'x-api-token', 'a'], '/', 'smoxy.test')).status, 400)
  })

  await t.test('a credential in the query is never read', async () => {
    assert.equal((await ask([], `/v1/users?access_token=${live.key}&api_key=${live.key}`)).status, 401)
  })

  await t.test('on an API host authentication comes before 404', async () => {
    assert.equal((await ask([], '/v2')).status, 401)
    const known = await ask(bearer(live.key), '/v2')
    assert.equal(known.status, 404)
    assert.deepEqual(Object.keys(json(known)), ['error'])
    assert.equal(known.headers['x-ratelimit-remaining'], '2')
  })

  await t.test('a path that could be read in two ways is 400, before anything else', async () => {
    for (const path of ['/v1/a%2fb', '/v1/%2e%2e/admin', '/v1/a\\b', '/v1//users', '/v1/%00', '/v1/%zz']) {
      const answer = await ask([], path)
      assert.equal(answer.status, 400, path)
      assert.equal((json(answer).error as Record<string, string>).type, 'invalid_request_error')
    }
  })

  await t.test('a key of an environment without upstream is 403 and spends nothing', async () => {
    const { key } = await people.key({ environment: 'test' })
    const answer = await ask(bearer(key))
    assert.equal(answer.status, 403)
    assert.equal((json(answer).error as Record<string, string>).code, 'environment_mismatch')
    assert.equal(answer.headers['x-ratelimit-remaining'], '3')
  })

  await t.test('a limit hit is 429 with the headers, and the upstream is not asked', async () => {
    const before = behind.seen.length
    const statuses = []
    for (let i = 0; i < 4; i += 1) statuses.push((await ask(bearer(live.key))).status)
    assert.deepEqual(statuses, [200, 200, 429, 429])
    assert.equal(behind.seen.length - before, 2)
    const limited = await ask(bearer(live.key))
    assert.equal(limited.headers['retry-after'], '60')
    assert.equal(limited.headers['x-ratelimit-remaining'], '0')
    assert.equal(limited.headers['x-ratelimit-reset'], String(clock.at / 1000 + 60))
    assert.ok(limited.headers.ratelimit && limited.headers['ratelimit-policy'])
    clock.advance(60_000)
    assert.equal((await ask(bearer(live.key))).status, 200)
  })

  await t.test('an unknown host is 421, a repeated or missing one 400', async () => {
    assert.equal((await ask([], '/v1', 'no.such.test')).status, 421)
    assert.match(
      await sendBytes(port, `GET /v1 HTTP/1.1\r\nHost: multi.test\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1.1 400 /,
    )
    assert.match(await sendBytes(port, `GET /v1 HTTP/1.1\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 400 /)
  })

  await t.test('nobody reaches the gateway’s own route by its name', async () => {
    for (const path of ['/-/gateway', '/%2D/gateway', '/-/gatewa%79'])
      assert.equal((await ask(bearer(live.key), path, 'localhost')).status, 404, path)
  })
})

test('each environment has its upstream', async (t) => {
  const [live, sandbox] = [
    await upstream(t, (_request, response) => response.end('live')),
    await upstream(t, (_request, response) => response.end('sandbox')),
  ]
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: { live: live.url, test: sandbox.url } } } },
  })
  const people = await world(launched)
  const port = await serve(t, launched)
  const ask = async (key: string) =>
    (await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`] })).body
  assert.equal(await ask((await people.key()).key), 'live')
  assert.equal(await ask((await people.key({ environment: 'test' })).key), 'sandbox')
})

test('the upstream’s answer is passed on, without what is Latchkey’s to say', async (t) => {
  const behind = await upstream(t, (request, response) => {
    response.writeHead(418, 'Short and stout', [
      'Content-Type',
      'text/plain',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Own',
      'kept',
      'Link',
      '</next>; rel="next"',
      'Date',
      'Thu, 01 Jan 2026 00:00:00 GMT',
      'X-RateLimit-Limit',
      '1',
      'X-RateLimit-Remaining',
      '1',
      'RateLimit',
      '"x";r=1',
      'RateLimit-Policy',
      '"x";q=1',
      'X-Request-Id',
      'theirs',
      'X-Latchkey-Subject',
      'x',
      'Access-Control-Allow-Origin',
      '*',
      'Connection',
      'X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=9',
      'Deprecation',
      '@1',
      'Content-Length',
      '5',
    ])
    response.end(request.method === 'HEAD' ? undefined : 'hello')
  })
  const launched = await launch(t, {
    file: {
      apis: {
        one: {
          hosts: ['api.test'],
          upstream: behind.url,
          accepts: ['legacy_token', 'api_key'],
          legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.test/' },
        },
      },
    },
  })
  const people = await world(launched)
  const { key } = await people.key()
  const port = await serve(t, launched)
  const ask = (method: string, credential = key) =>
    send(port, { method, headers: ['Host', 'api.test', 'Authorization', `Bearer ${credential}`] })
  const answer = await ask('GET')
  assert.equal(answer.status, 418)
  assert.equal(answer.body, 'hello')
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(answer.headers['x-own'], 'kept')
  assert.equal(answer.headers.date, 'Thu, 01 Jan 2026 00:00:00 GMT')
  assert.equal(answer.headers['x-ratelimit-limit'], '100')
  assert.equal(answer.headers['x-ratelimit-remaining'], '99')
  assert.equal(answer.headers.deprecation, '@1', 'the upstream’s own word on an API key')
  assert.notEqual(answer.headers['x-request-id'], 'theirs')
  for (const name of ['x-latchkey-subject', 'access-control-allow-origin', 'x-hop'])
    assert.equal(answer.headers[name], undefined, name)
  assert.notEqual(answer.headers['keep-alive'], 'timeout=9')
  const head = await ask('HEAD')
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [418, '', '5'])
  assert.equal(behind.seen[1]?.method, 'HEAD')

  await launched.operate('POST', '/legacy-tokens/import', {
    lines: [
      {
        line: 2,
        name: 'Old',
        owner: people.owner,
        organization: people.organization,
        token: 'an-old-token-of-another-system',
      },
    ],
  })
  const legacy = await ask('GET', 'an-old-token-of-another-system')
  assert.equal(legacy.status, 418)
  assert.equal(legacy.headers.deprecation, '@1767225600')
  assert.ok(legacy.headers.sunset)
  assert.equal(legacy.headers.link, '</next>; rel="next", <https://docs.test/>; rel="deprecation"; type="text/html"')
})

test('every method reaches the upstream, each framed as it must be', async (t) => {
  const behind = await upstream(t, (request, response) => response.end(request.method))
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url, limits: [] } } },
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  for (const method of [
    'GET',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
    'REPORT',
    'M-SEARCH',
    'PURGE',
  ]) {
    const headers = ['Host', 'api.test', 'Authorization', `Bearer ${key}`]
    assert.match(
      await sendBytes(
        port,
        `${method} / HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
      ),
      /^HTTP\/1.1 200 /,
    )
    const [plain] = behind.seen.splice(0)
    assert.equal(plain?.headers['transfer-encoding'], undefined, method)
    assert.equal((await send(port, { method, headers: [...headers, 'Content-Length', '2'], body: 'ab' })).body, method)
    const [withBody] = behind.seen.splice(0)
    assert.equal(withBody?.headers['content-length'], '2', method)
  }
})

test('large header fields pass, larger ones are refused, and the server goes on', async (t) => {
  const launched = await launch(t, { file: { apis: { one: { hosts: ['api.test'], upstream: 'echo' } } } })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const ask = (length: number) =>
    send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`, 'X-Large', 'a'.repeat(length)] })
  assert.equal((await ask(12_000)).status, 200)
  assert.equal((await ask(20_000)).status, 431)
  assert.equal((await ask(1)).status, 200)
})

test('an upstream that is asked over TLS and has none is 502', async (t) => {
  const behind = await upstream(t, (_request, response) => response.end('in the clear'))
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url.replace('http:', 'https:') } } },
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  assert.equal((await send(port, { headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`] })).status, 502)
  assert.equal(behind.seen.length, 0)
})

test('a management request on an API host is held to the same strictness', async (t) => {
  const launched = await launch(t, { file: seeds })
  const port = await serve(t, launched)
  for (const path of ['/organizations/%2e%2e/users', '/organizations%2f..', '//organizations']) {
    const answer = await send(port, { path, headers: ['Host', 'api.smoo.localhost'] })
    assert.equal(answer.status, 400, path)
    assert.deepEqual(Object.keys(json(answer)), ['error', 'message'])
  }
})
