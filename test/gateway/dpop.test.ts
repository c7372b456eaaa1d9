// RFC 9449 §7: bound tokens at protected APIs, and whoever has stolen one.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type ProofParts, type Prover, prover, withNonce } from '../dpop.ts'
import { type Launched, type World, launch, stoppedClock, world } from '../harness.ts'
import { send, sendBytes, serve, upstream } from './wire.ts'

const file: LatchkeyConfig = {
  apis: {
    orders: {
      hosts: ['orders.test', 'orders.example'],
      path: '/v1',
      upstream: 'echo',
      requiredScopes: [{ methods: ['POST'], scopes: ['write'] }],
      limits: [{ name: 'window', per: 'credential', limit: 1000, period: 60 }],
    },
    keys: { hosts: ['keys.test'], upstream: 'echo', accepts: ['api_key', 'cwt'] },
    headed: { hosts: ['headed.test'], upstream: 'echo', presentation: { bearer: false, header: 'X-API-TOKEN' } },
    managed: { hosts: ['managed.test'], upstream: 'management' },
    behind: { audience: 'https://behind.example/shop' },
  },
  defaultApi: 'orders',
}

const metadata = 'resource_metadata="http://orders.test:8000/.well-known/oauth-protected-resource/v1"'
const algs = 'algs="ES256 EdDSA Ed25519 RS256"'

/** An access token for the API that is bound to the key. */
const boundToken = async (
  launched: Launched,
  acme: World,
  by: Prover,
  api = 'orders',
  scope = 'read',
): Promise<string> => {
  const { client_id, client_secret } = await acme.client({ scopes: scope })
  const url = `${launched.config.issuer}/oauth/token`
  const resource = (launched.config.apis.get(api) ?? launched.config.management).audience
  const answer = await withNonce(by, { url }, (dpop) =>
    launched.ask('POST', '/oauth/token', {
      headers: { dpop },
      form: { grant_type: 'client_credentials', client_id, client_secret, resource },
    }),
  )
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<{ access_token: string }>().access_token
}

const setUp = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-05-05T00:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const mine = await prover('ES256', clock)
  const token = await boundToken(launched, acme, mine)
  const url = 'http://orders.test:8000/v1/items'
  const get = (headers: Record<string, string>, path = '/v1/items', host = 'orders.test', method = 'GET') =>
    launched.ask(method, path, { host, headers })
  const call = (dpop: string, authorization = `DPoP ${token}`, path?: string, host?: string, method?: string) =>
    get({ authorization, dpop }, path, host, method)
  const parts: ProofParts = { method: 'GET', url, token }
  const nonce = async (): Promise<string> => String((await call(await mine.prove(parts))).headers['dpop-nonce'])
  const prove = async (more: Partial<ProofParts> = {}, by: Prover = mine) =>
    by.prove({ ...parts, nonce: await nonce(), ...more })
  return { clock, launched, acme, mine, token, get, call, parts, nonce, prove }
}

test('a bound token is good with a proof of its key, and with nothing less', async (t) => {
  const { clock, launched, acme, mine, token, get, call, parts, nonce, prove } = await setUp(t)
  const challengeOf = ({ headers }: { headers: Record<string, unknown> }): string => String(headers['www-authenticate'])

  await t.test('§9: a nonce is asked for', async () => {
    const answer = await call(await mine.prove(parts))
    assert.equal(answer.statusCode, 401)
    assert.match(
      challengeOf(answer),
      /^DPoP realm="orders", error="use_dpop_nonce", error_description="[^"\\]+", algs="ES256 EdDSA Ed25519 RS256", resource_metadata="/,
    )
    assert.match(String(answer.headers['dpop-nonce']), /^[\x21\x23-\x5b\x5d-\x7e]{20,}$/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['x-ratelimit-limit'], undefined, 'a 401 tells no limits')
  })

  await t.test('§7.1: and then the token is taken; the scheme is written as one likes', async () => {
    for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
      const answer = await call(await prove(), `${scheme} ${token}`)
      assert.equal(answer.statusCode, 200, answer.body)
      assert.equal(answer.headers['dpop-nonce'], undefined)
      const { headers, principal } = answer.json<{ headers: Record<string, string>; principal: { kind: string } }>()
      assert.equal(principal.kind, 'oauth_token')
      assert.equal(headers.dpop, undefined, 'the proof stays here')
      assert.equal(headers.authorization, undefined)
    }
    assert.equal(
      (await call(await prove({ url: 'HTTP://ORDERS.test:8000/v1/./items?page=2' }), undefined, '/v1/items?page=1'))
        .statusCode,
      200,
    )
    assert.equal(
      (await call(await prove({ url: 'http://orders.example:8000/v1/items' }), undefined, undefined, 'orders.example'))
        .statusCode,
      200,
    )
  })

  await t.test('§7.2: it is no bearer token', async () => {
    for (const headers of [{}, { dpop: await prove() }] as Record<string, string>[]) {
      const answer = await get({ authorization: `Bearer ${token}`, ...headers })
      assert.equal(answer.statusCode, 401)
      assert.equal(challengeOf(answer), `DPoP realm="orders", error="invalid_token", ${algs}, ${metadata}`)
    }
  })

  await t.test('§4.3: no proof, two proofs, a used one, one for something else, one of another key', async () => {
    const used = await prove()
    assert.equal((await call(used)).statusCode, 200)
    const thief = await prover('ES256', clock)
    const right = await launched.ask('GET', '/v1/items', { host: 'orders.test' })
    for (const [what, answer, error] of [
      ['none', await get({ authorization: `DPoP ${token}` }), 'invalid_dpop_proof'],
      ['used', await call(used), 'invalid_dpop_proof'],
      ['joined', await call(`${await prove()}, ${await prove()}`), 'invalid_dpop_proof'],
      ['another method', await call(await prove({ method: 'POST' })), 'invalid_dpop_proof'],
      ['another path', await call(await prove({ url: 'http://orders.test:8000/v1/other' })), 'invalid_dpop_proof'],
      [
        'another host of the API',
        await call(await prove({ url: 'http://orders.example:8000/v1/items' })),
        'invalid_dpop_proof',
      ],
      ['another scheme', await call(await prove({ url: 'https://orders.test:8000/v1/items' })), 'invalid_dpop_proof'],
      ['another token', await call(await prove({ token: 'another' })), 'invalid_dpop_proof'],
      ['no token', await call(await prove({ claims: { ath: undefined } })), 'invalid_dpop_proof'],
      ['another key', await call(await prove({}, thief)), 'invalid_token'],
      ['an unknown token', await call(await prove(), `DPoP ${token.slice(0, -4)}AAAA`), 'invalid_token'],
    ] as const) {
      assert.equal(answer.statusCode, 401, what)
      assert.match(challengeOf(answer), new RegExp(`^DPoP realm="orders", error="${error}",.* algs="`), what)
      assert.equal(answer.json<{ code: string }>().code, 'invalid_api_key', what)
      assert.equal(
        answer.json<{ detail: string }>().detail,
        right.json<{ detail: string }>().detail,
        'the body tells nothing',
      )
    }
    const port = await serve(t, launched)
    const twice = await send(port, {
      path: '/v1/items',
      headers: ['Host', 'orders.test', 'Authorization', `DPoP ${token}`, 'DPoP', await prove(), 'dpop', await prove()],
    })
    assert.equal(twice.status, 401)
    assert.match(String(twice.headers['www-authenticate']), /^DPoP .*error="invalid_dpop_proof"/)
  })

  await t.test('§8.2, §11.1: nonces are renewed, and end after 30 seconds with their proofs', async () => {
    const old = await nonce()
    const kept = await prove()
    clock.advance(12_000)
    const renewed = await call(await mine.prove({ ...parts, nonce: old }))
    assert.equal(renewed.statusCode, 200)
    assert.match(String(renewed.headers['dpop-nonce']), /^[0-9a-f]{32}$/)
    assert.equal(renewed.headers['cache-control'], 'no-store', 'nobody keeps an answer with a nonce')
    clock.advance(18_000)
    for (const proof of [kept, await mine.prove({ ...parts, nonce: old })])
      assert.match(challengeOf(await call(proof)), /error="use_dpop_nonce"/)
  })

  await t.test('the other way round: what is not bound is not taken by a proof', async () => {
    const { key } = await acme.key()
    const { client_id, client_secret } = await acme.client()
    const bearer = (
      await launched.ask('POST', '/oauth/token', {
        form: { grant_type: 'client_credentials', client_id, client_secret },
      })
    ).json<{ access_token: string }>().access_token
    for (const credential of [key, bearer]) {
      const answer = await call(await prove({ token: credential }), `DPoP ${credential}`)
      assert.equal(answer.statusCode, 401)
      assert.match(challengeOf(answer), /^DPoP realm="orders", error="invalid_token"/)
      const asBearer = await call(await prove({ token: credential }), `Bearer ${credential}`)
      assert.equal(asBearer.statusCode, 200, 'a proof beside a bearer token does not matter')
    }
  })

  await t.test('scopes, two credentials, and the place of the credential are as for bearer tokens', async () => {
    const posted = await call(await prove({ method: 'POST' }), undefined, undefined, undefined, 'POST')
    assert.equal(posted.statusCode, 403)
    assert.equal(
      challengeOf(posted),
      `DPoP realm="orders", error="insufficient_scope", scope="write", ${algs}, ${metadata}`,
    )
    assert.equal((await call(await prove(), `DPoP ${token}, DPoP ${token}`)).statusCode, 400)
    assert.equal((await get({ authorization: 'DPoP' })).statusCode, 401)
    assert.equal(challengeOf(await get({})), `Bearer realm="orders", ${metadata}`, 'CONTRACT §6')
    for (const host of ['keys.test', 'headed.test']) {
      const answer = await call(await prove({ url: `http://${host}:8000/` }), undefined, '/', host)
      assert.equal(answer.statusCode, 401)
      assert.doesNotMatch(challengeOf(answer), /DPoP/, host)
    }
  })

  await t.test('before 404, on hosts that know no such path, and nothing is spent by what is refused', async () => {
    const before = Number((await call(await prove())).headers['x-ratelimit-remaining'])
    const lost = await call(await prove({ url: 'http://orders.test:8000/v2' }), undefined, '/v2')
    assert.equal(lost.statusCode, 404)
    assert.equal((await call(await mine.prove(parts))).statusCode, 401)
    assert.equal(Number((await call(await prove())).headers['x-ratelimit-remaining']), before - 2)
  })
})

test('RFC 9449 §7.1 at the management API, on its own host and on another', async (t) => {
  const { clock, launched, acme } = await setUp(t)
  const mine = await prover('EdDSA', clock)
  for (const [api, host, path, url] of [
    ['latchkey', 'localhost', '/api/v1/organizations', 'http://localhost:8000/api/v1/organizations'],
    ['managed', 'managed.test', '/organizations', 'http://managed.test:8000/organizations'],
  ] as const) {
    const token = await boundToken(launched, acme, mine, api, 'read write')
    const parts = { method: 'GET', url, token }
    const answer = await withNonce(mine, parts, (dpop) =>
      launched.ask('GET', path, { host, headers: { authorization: `DPoP ${token}`, dpop } }),
    )
    assert.equal(answer.statusCode, 200, answer.body)
    assert.deepEqual(
      answer.json<{ data: { id: string }[] }>().data.map(({ id }) => id),
      [acme.organization],
    )
    assert.equal((await launched.ask('GET', path, { host, as: token })).statusCode, 401)
    const keys = path.replace('organizations', `organizations/${acme.organization}/api-keys`)
    const denied = await withNonce(mine, { ...parts, url: url.replace(path, keys) }, (dpop) =>
      launched.ask('GET', keys, { host, headers: { authorization: `DPoP ${token}`, dpop } }),
    )
    assert.equal(denied.statusCode, 403)
    assert.match(
      String(denied.headers['www-authenticate']),
      /^DPoP realm="\w+", error="insufficient_scope", scope="manage:api-keys"/,
    )
  }
  assert.equal(
    (
      await launched.ask('GET', '/metrics', {
        headers: { 'x-forwarded-for': '192.0.2.1', authorization: `DPoP ${(await acme.key()).key}` },
      })
    ).statusCode,
    401,
  )
})

test('forward-auth: the proof is for the request that the proxy describes', async (t) => {
  const { clock, launched, acme } = await setUp(t)
  const mine = await prover('ES256', clock)
  const token = await boundToken(launched, acme, mine)
  const ask = (query: string, described: Record<string, string>, url: string, method = 'GET', as = token) =>
    withNonce(mine, { method, url, token: as }, (dpop) =>
      launched.ask('GET', `/forward-auth${query}`, {
        host: 'proxy.internal',
        headers: { authorization: `DPoP ${as}`, dpop, ...described },
      }),
    )
  const forwarded = (host: string, uri: string, method = 'GET') => ({
    'x-forwarded-method': method,
    'x-forwarded-host': host,
    'x-forwarded-uri': uri,
  })
  const url = 'http://orders.test:8000/v1/items'
  for (const query of ['', '?api=orders']) {
    assert.equal((await ask(query, forwarded('orders.test:443', '/v1/items?a=b'), url)).statusCode, 200, query)
    assert.equal((await ask(query, forwarded('orders.test', '/v1/items', 'DELETE'), url, 'DELETE')).statusCode, 200)
    assert.equal((await ask(query, forwarded('orders.test', '/v1/items', 'DELETE'), url)).statusCode, 401)
    assert.equal((await ask(query, forwarded('orders.test', '/v1/other'), url)).statusCode, 401)
    assert.equal((await ask(query, forwarded('orders.example', '/v1/items'), url)).statusCode, 401)
  }
  const first = await launched.ask('GET', '/forward-auth', {
    headers: {
      ...forwarded('orders.test', '/v1/items'),
      authorization: `DPoP ${token}`,
      dpop: await mine.prove({ method: 'GET', url, token }),
    },
  })
  assert.match(String(first.headers['www-authenticate']), /error="use_dpop_nonce"/)
  assert.match(String(first.headers['dpop-nonce']), /^[0-9a-f]{32}$/)

  // by name alone: what is not described cannot be proven, and a host is one of the API's
  const byName = await boundToken(launched, acme, mine, 'behind')
  const name = '?api=behind'
  const shop = 'https://behind.example/shop/cart'
  assert.equal((await ask(name, forwarded('behind.example', '/shop/cart'), shop, 'GET', byName)).statusCode, 200)
  assert.equal((await ask(name, {}, shop, 'GET', byName)).statusCode, 400)
  assert.equal(
    (await ask(name, forwarded('evil.test', '/shop/cart'), 'https://evil.test/shop/cart', 'GET', byName)).statusCode,
    400,
  )
  assert.equal(
    (await ask(name, { 'x-original-url': 'https://behind.example/shop/cart' }, shop, 'GET', byName)).statusCode,
    400,
    'no method',
  )
  const untold = await launched.ask('GET', '/forward-auth?api=behind', { as: (await acme.key()).key })
  assert.equal(untold.statusCode, 200, 'what needs no proof needs no description')
})

test('a WebSocket is opened with a proof of its handshake', async (t) => {
  const behind = await upstream(t, (_request, response) => response.end())
  behind.server.on('upgrade', (request, socket: Socket) => {
    behind.seen.push(request)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  const launched = await launch(t, { file: { apis: { one: { hosts: ['api.test'], upstream: behind.url } } } })
  const acme = await world(launched)
  const mine = await prover()
  const token = await boundToken(launched, acme, mine, 'one')
  const port = await serve(t, launched)
  const parts = { method: 'GET', url: 'http://api.test:8000/socket', token }
  const open = async (proof: string, scheme = 'DPoP'): Promise<string> =>
    sendBytes(
      port,
      `GET /socket HTTP/1.1\r\nHost: api.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: ${scheme} ${token}\r\nDPoP: ${proof}\r\n\r\n`,
    )
  const asked = await open(await mine.prove(parts))
  assert.match(asked, /^HTTP\/1.1 401 [^]*www-authenticate: DPoP [^]*error="use_dpop_nonce"/i)
  const nonce = /dpop-nonce: (\S+)/i.exec(asked)?.[1]
  const proof = await mine.prove({ ...parts, nonce })
  assert.match(await open(await mine.prove({ ...parts, nonce }), 'Bearer'), /^HTTP\/1.1 401 /)
  assert.match(await open(proof), /^HTTP\/1.1 101 /)
  assert.match(await open(proof), /^HTTP\/1.1 401 /)
  assert.equal(behind.seen.length, 1)
  assert.equal(behind.seen[0]?.headers.dpop, undefined)
})

test('upstreams get no proof and tell no nonce; a long answer outlives its proof', async (t) => {
  let finish: (() => void) | undefined
  const behind = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'DPoP-Nonce': 'theirs', 'Cache-Control': 'max-age=60' })
    response.write('begun ')
    finish = () => response.end('done')
  })
  const launched = await launch(t, {
    file: { apis: { one: { hosts: ['api.test'], upstream: behind.url, forwardCredential: true } } },
  })
  const acme = await world(launched)
  const mine = await prover()
  const token = await boundToken(launched, acme, mine, 'one')
  const port = await serve(t, launched)
  const sent = withNonce(mine, { method: 'GET', url: 'http://api.test:8000/', token }, (proof) =>
    send(port, { headers: ['Host', 'api.test', 'Authorization', `DPoP ${token}`, 'DPoP', proof] }),
  )
  // longer than two judgements of what is open (gateway/watch.ts), each of which would find the proof used
  await new Promise((resolve) => setTimeout(resolve, 6000))
  finish?.()
  const { status, body, headers } = await sent
  assert.equal(status, 200)
  assert.equal(body, 'begun done')
  assert.equal(headers['dpop-nonce'], undefined)
  assert.equal(headers['cache-control'], 'max-age=60')
  assert.equal(behind.seen[0]?.headers.dpop, undefined)
  assert.equal(behind.seen[0]?.headers.authorization, `DPoP ${token}`)
  const { key } = await acme.key()
  const spelled = send(port, {
    headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`, 'DPoP', 'x'],
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  finish?.()
  await spelled
  assert.equal(behind.seen[1]?.headers.dpop, undefined)
})
