// WHATWG Fetch, CORS protocol: preflights are answered by the gateway and spend nothing; every answer says who may read it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'

const origin = 'https://app.example.com'

test('cross-origin callers', async (t) => {
  const launched = await launch(t, {
    file: {
      apis: {
        some: {
          hosts: ['some.test'],
          path: '/v1',
          upstream: 'echo',
          cors: {
            origins: [origin],
            methods: ['GET', 'POST'],
            headers: ['X-Trace'],
            exposeHeaders: ['X-Total'],
            maxAgeSeconds: 60,
          },
        },
        any: {
          hosts: ['any.test'],
          upstream: 'echo',
          cors: { origins: ['*'] },
          presentation: { bearer: false, header: 'X-API-TOKEN' },
        },
        none: { hosts: ['none.test'], upstream: 'echo' },
      },
      defaultApi: 'some',
    },
  })
  const { key } = await (await world(launched)).key()
  const preflight = (host: string, from: string, url = '/v1/things') =>
    launched.ask('OPTIONS', url, {
      host,
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })

  await t.test('a preflight names what is allowed', async () => {
    const { statusCode, headers, body } = await preflight('some.test', origin)
    assert.equal(statusCode, 204)
    assert.equal(body, '')
    assert.equal(headers['access-control-allow-origin'], origin)
    assert.equal(headers['access-control-allow-methods'], 'GET, POST')
    assert.equal(headers['access-control-allow-headers'], 'Authorization, DPoP, X-Trace')
    assert.equal(headers['access-control-max-age'], '60')
    assert.equal(headers['access-control-allow-credentials'], undefined)
    assert.equal(headers.vary, 'Origin')
    const any = await preflight('any.test', 'https://other.test')
    assert.equal(any.headers['access-control-allow-origin'], '*')
    assert.equal(any.headers['access-control-allow-headers'], 'X-API-TOKEN, Content-Type')
  })

  await t.test('other origins, and APIs without CORS, are allowed nothing', async () => {
    for (const [host, from] of [
      ['some.test', 'https://app.example.com.evil.test'],
      ['some.test', 'null'],
      ['some.test', 'https://APP.example.com'],
      ['none.test', origin],
    ] as const) {
      const { statusCode, headers } = await preflight(host, from)
      assert.equal(statusCode, 204)
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith('access-control-')),
        [],
      )
    }
  })

  await t.test('preflights spend nothing', async () => {
    for (let i = 0; i < 3; i += 1) await preflight('some.test', origin)
    assert.equal(
      (await launched.ask('GET', '/v1/x', { host: 'some.test', as: key })).headers['x-ratelimit-remaining'],
      '99',
    )
  })

  await t.test('answers and errors can be read by the origins that may', async () => {
    for (const [url, as, status] of [
      ['/v1/x', key, 200],
      ['/v1/x', undefined, 401],
      ['/v2', key, 404],
      ['/v1/%2f', key, 400],
    ] as const) {
      const { statusCode, headers } = await launched.ask('GET', url, {
        host: 'some.test',
        headers: { origin },
        ...(as && { as }),
      })
      assert.equal(statusCode, status)
      assert.equal(headers['access-control-allow-origin'], origin, url)
      assert.match(String(headers['access-control-expose-headers']), /DPoP-Nonce.*X-RateLimit-Remaining.*X-Total/)
      assert.equal(headers.vary, 'Origin')
    }
    const stranger = await launched.ask('GET', '/v1/x', {
      host: 'some.test',
      as: key,
      headers: { origin: 'https://evil.test' },
    })
    assert.equal(stranger.statusCode, 200)
    assert.equal(stranger.headers['access-control-allow-origin'], undefined)
    assert.equal(
      (await launched.ask('GET', '/', { host: 'none.test', as: key, headers: { origin } })).headers[
        'access-control-allow-origin'
      ],
      undefined,
    )
  })

  await t.test('OPTIONS that is no preflight is a request like any other', async () => {
    assert.equal((await launched.ask('OPTIONS', '/v1/x', { host: 'some.test' })).statusCode, 401)
    assert.equal((await launched.ask('OPTIONS', '/v1/x', { host: 'some.test', as: key })).statusCode, 200)
  })
})
