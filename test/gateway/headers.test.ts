// RFC 9110 §7.6.1 and the identity of callers: what an upstream gets, and what no caller can make it believe.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { type Answered, send, serve, upstream } from './wire.ts'

const file = {
  apis: {
    one: { hosts: ['api.test'], path: '/v1', upstream: 'echo', environments: ['live'] },
    open: {
      hosts: ['open.test'],
      upstream: 'echo',
      forwardCredential: true,
      requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
    },
    own: { hosts: ['own.test'], upstream: 'echo', presentation: { bearer: false, header: 'X-API-TOKEN' } },
  },
}

const echoed = ({ body }: Answered) =>
  JSON.parse(body) as {
    method: string
    path: string
    headers: Record<string, string>
    principal: Record<string, unknown>
    upstream: string
  }

test('what an upstream gets', async (t) => {
  const launched = await launch(t, { file })
  const { organization, key, token } = await world(launched, 'pro')
  const made = await key()
  const port = await serve(t, launched)
  const ask = (
    headers: string[],
    rest: { host?: string; path?: string; method?: string; body?: string; as?: string } = {},
  ) =>
    send(port, {
      path: rest.path ?? '/v1/things?x=1',
      ...(rest.method && { method: rest.method }),
      ...(rest.body && { body: rest.body }),
      headers: ['Host', rest.host ?? 'api.test', 'Authorization', `Bearer ${rest.as ?? made.key}`, ...headers],
    })

  await t.test('method, path, identity, id, and where it came from', async () => {
    const answer = await ask(['Accept', 'text/x', 'Accept', 'text/y'])
    const { method, path, headers, principal, upstream: environment } = echoed(answer)
    assert.equal(answer.status, 200)
    assert.deepEqual([method, path, environment], ['GET', '/v1/things?x=1', 'live'])
    assert.deepEqual(
      { ...headers },
      {
        host: 'echo',
        accept: 'text/x, text/y',
        'x-request-id': answer.headers['x-request-id'],
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'api.test',
        'x-latchkey-subject': made.id,
        'x-latchkey-kind': 'api_key',
        'x-latchkey-organization': organization,
        'x-latchkey-organizations': organization,
        'x-latchkey-scopes': 'read write',
        'x-latchkey-tier': 'pro',
        'x-latchkey-environment': 'live',
      },
    )
    assert.equal(principal.id, made.id)
    assert.equal(principal.organization_id, organization)
    assert.equal(answer.headers['x-ratelimit-limit'], '100')
  })

  await t.test('no spelling of an identity header gets through', async () => {
    const spellings = [
      'X-Latchkey-Subject',
      'x-latchkey-subject',
      'X-LATCHKEY-TIER',
      'X_Latchkey_Subject',
      'x_latchkey-organization',
      'X-Latchkey_Kind',
      'X.Latchkey.Scopes',
      'X!Latchkey~Token',
      'X-Latchkey-Anything',
      'X-Latchkey',
      'X-LatchkeyTier',
      'X-Latchkey-Token',
    ]
    const honest = echoed(await ask([]))
    const forged = echoed(
      await ask([
        ...spellings.flatMap((name) => [name, 'forged']),
        'Connection',
        'X-Latchkey-Subject, x_latchkey_tier',
        'X-Forwarded-Latchkey',
        'kept',
      ]),
    )
    delete forged.headers['x-forwarded-latchkey']
    for (const { headers } of [honest, forged]) delete headers['x-request-id']
    assert.deepEqual(forged.headers, honest.headers)
  })

  await t.test('what Connection names ends here, and so does everything about the connection', async () => {
    const { headers } = echoed(
      await ask([
        'Connection',
        'X-Secret, X_Other',
        'Connection',
        'close',
        'X-Secret',
        '1',
        'X-Other',
        '2',
        'TE',
        'trailers',
        'Keep-Alive',
        'timeout=5',
        'Proxy-Authorization',
        'Basic eDp5',
        'Proxy-Connection',
        'x',
        'Upgrade',
        'h2c',
        'HTTP2-Settings',
        'x',
        'X-Kept',
        '3',
      ]),
    )
    for (const name of [
      'connection',
      'x-secret',
      'x-other',
      'te',
      'keep-alive',
      'proxy-authorization',
      'proxy-connection',
      'upgrade',
      'http2-settings',
    ])
      assert.equal(headers[name], undefined, name)
    assert.equal(headers['x-kept'], '3')
  })

  await t.test('naming Latchkey’s own fields in Connection does not remove them', async () => {
    const { headers } = echoed(
      await ask(['Connection', 'x-latchkey-organization, x-request-id, host, x-forwarded-for']),
    )
    assert.equal(headers['x-latchkey-organization'], organization)
    assert.ok(headers['x-request-id'] && headers.host && headers['x-forwarded-for'])
  })

  await t.test('the credential stays here unless the API asks for it', async () => {
    assert.equal(echoed(await ask([])).headers.authorization, undefined)
    assert.equal(
      echoed(await ask(['X_API_TOKEN', 'x'])).headers['x_api_token'],
      'x',
      'no place of this API for a credential',
    )
    assert.equal(echoed(await ask([], { host: 'open.test' })).headers.authorization, `Bearer ${made.key}`)
    const { token: personal } = await token()
    const own = await send(port, { headers: ['Host', 'own.test', 'X-API-Token', personal, 'X_API_TOKEN', 'another'] })
    assert.equal(own.status, 200)
    assert.ok(!own.body.includes(personal) && !own.body.includes('another'))
  })

  await t.test('Latchkey’s cookies stay here, others pass', async () => {
    const cookies = async (...values: string[]) =>
      echoed(await ask(values.flatMap((value) => ['Cookie', value]))).headers.cookie
    assert.equal(await cookies('a=1; __Host-latchkey_session=s; b=2'), 'a=1; b=2')
    assert.equal(await cookies('latchkey=s'), undefined)
    assert.equal(await cookies('LATCHKEY-csrf=s;__host-Latchkey=t ; c=3'), 'c=3')
    assert.equal(await cookies('evil="; __Host-latchkey_session=s; more="'), 'evil="; more="')
    assert.equal(await cookies('mylatchkey=1'), 'mylatchkey=1')
  })

  const forwarded = ['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'public.test']
  await t.test('X-Forwarded-* is believed from trusted proxies, and the chain goes on', async () => {
    const { headers } = echoed(await ask([...forwarded, 'X-Request-Id', 'mine']))
    assert.equal(headers['x-forwarded-for'], '203.0.113.9, 127.0.0.1')
    assert.equal(headers['x-forwarded-proto'], 'https')
    assert.equal(headers['x-forwarded-host'], 'public.test')
    assert.match(headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/)
  })

  await t.test('in another spelling it is the caller’s, that the proxy has passed on: not believed', async () => {
    const { headers } = echoed(
      await ask([
        ...forwarded,
        'X_Forwarded_For',
        '10.0.0.1',
        'X_Forwarded_Proto',
        'http',
        'X_Forwarded_Host',
        'evil.test',
      ]),
    )
    assert.equal(headers['x-forwarded-for'], '203.0.113.9, 127.0.0.1')
    assert.equal(headers['x-forwarded-proto'], 'https')
    assert.equal(headers['x-forwarded-host'], 'public.test')
    assert.doesNotMatch(JSON.stringify(headers), /evil|10\.0\.0\.1/)
  })

  await t.test('fields by which frameworks serve another path or method are removed', async () => {
    const tricks = [
      'X-Original-URL',
      '/admin',
      'X-Rewrite-URL',
      '/admin',
      'X_Original_Uri',
      '/admin',
      'X-HTTP-Method-Override',
      'DELETE',
    ]
    const seen = echoed(await ask(tricks)).headers
    for (const name of ['x-original-url', 'x-rewrite-url', 'x_original_uri']) assert.equal(seen[name], undefined)
    assert.equal(seen['x-http-method-override'], 'DELETE', 'no scope depends on the method here')
    assert.equal(echoed(await ask(tricks, { host: 'open.test' })).headers['x-http-method-override'], undefined)
  })

  await t.test('bodies are read, and framed anew', async () => {
    const { headers, method } = echoed(
      await ask(['Content_Length', '7', 'Transfer_Encoding', 'chunked'], { method: 'PUT', body: 'hello' }),
    )
    assert.deepEqual(
      [
        method,
        headers['content-length'],
        headers['transfer-encoding'],
        headers['content_length'],
        headers['transfer_encoding'],
      ],
      ['PUT', '5', undefined, undefined, undefined],
    )
    assert.equal(
      echoed(await ask(['Content-Type', 'not a media type;;;'], { method: 'POST', body: '{' })).headers['content-type'],
      'not a media type;;;',
    )
  })
})

test('nobody but trusted proxies says where a request came from', async (t) => {
  const launched = await launch(t, { file, env: { LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' } })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const forged = [
    'X-Forwarded-For',
    '10.0.0.1',
    'X_Forwarded_For',
    '10.0.0.2',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'evil.test',
    'X-Forwarded-Prefix',
    '/evil',
    'Forwarded',
    'for=10.0.0.1',
    'X-Real-IP',
    '10.0.0.1',
  ]
  const { headers } = echoed(
    await send(port, { path: '/v1', headers: ['Host', 'api.test:81', 'Authorization', `Bearer ${key}`, ...forged] }),
  )
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'http')
  assert.equal(headers['x-forwarded-host'], 'api.test:81')
  for (const name of ['x_forwarded_for', 'x-forwarded-prefix', 'forwarded', 'x-real-ip'])
    assert.equal(headers[name], undefined, name)
})

test('the echo answers with exactly what a real upstream gets', async (t) => {
  const behind = await upstream(t, (_request, response) => response.end('ok'))
  const launched = await launch(t, {
    file: {
      apis: {
        echo: { hosts: ['echo.test'], upstream: 'echo' },
        real: { hosts: ['real.test'], upstream: `${behind.url}/base/` },
      },
      defaultApi: 'echo',
    },
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const ask = (host: string) =>
    send(port, {
      path: '/a/b?c',
      headers: [
        'Host',
        host,
        'Authorization',
        `Bearer ${key}`,
        'X-Twice',
        '1',
        'X-Twice',
        '2',
        'X-Forwarded-Host',
        'same.test',
      ],
    })
  const echo = echoed(await ask('echo.test')).headers
  await ask('real.test')
  const [request] = behind.seen
  assert.equal(request?.url, '/base/a/b?c')
  const real: Record<string, string> = {}
  const raw = request?.rawHeaders ?? []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    real[name] = real[name] === undefined ? (raw[i + 1] as string) : `${real[name]}, ${raw[i + 1]}`
  }
  assert.equal(real.host, `127.0.0.1:${behind.port}`)
  assert.equal(real.connection, 'keep-alive')
  for (const headers of [echo, real])
    for (const name of ['host', 'connection', 'x-request-id', 'x-ratelimit-limit']) delete headers[name]
  assert.deepEqual(real, echo)
})
