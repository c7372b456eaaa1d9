// RFC 6749 §4.4, RFC 8707: a client asks for itself; the documents' answers to the letter; scope and resource never beyond the client.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'

interface TokenAnswer {
  access_token: string
  token_type: string
  expires_in: number
  scope?: string
  error?: string
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>

const file: LatchkeyConfig = {
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      scopes: { read: 'Read orders', write: 'Change orders', 'orders:refund': 'Refund orders' },
    },
    stock: { audience: 'https://stock.example.com/v1', scopes: { read: 'Read stock' } },
    sandbox: { audience: 'https://sandbox.example.com', environments: ['test'] },
    keys: { audience: 'https://keys.example.com', accepts: ['api_key'] },
    hosted: { audience: 'https://hosted.example.com', authorizationHosts: ['auth.hosted.localhost'] },
  },
}

test('client credentials', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const client = await acme.client()
  const ask = async (
    { client_id, client_secret }: { client_id: string; client_secret: string },
    form: Record<string, string> = {},
    host = 'localhost',
  ) => {
    const answer = await launched.ask('POST', '/oauth/token', {
      host,
      form: { grant_type: 'client_credentials', client_id, client_secret, ...form },
    })
    return { status: answer.statusCode, body: answer.json<TokenAnswer>() }
  }
  const granted = async (...request: Parameters<typeof ask>) => {
    const { status, body } = await ask(...request)
    assert.equal(status, 200, JSON.stringify(body))
    return { ...body, claims: claimsOf(body.access_token) }
  }
  const refused = async (error: string, ...request: Parameters<typeof ask>) => {
    const { status, body } = await ask(...request)
    assert.equal(status, 400, error)
    assert.equal(body.error, error)
  }
  const orders = { resource: 'https://orders.example.com' }

  await t.test('the claims are those of RFC 9068', async () => {
    const { claims, expires_in, token_type } = await granted(client, orders)
    assert.deepEqual({ expires_in, token_type }, { expires_in: 3600, token_type: 'Bearer' })
    assert.deepEqual(
      { ...claims, jti: '' },
      {
        iss: launched.config.issuer,
        sub: client.client_id,
        aud: 'https://orders.example.com',
        client_id: client.client_id,
        exp: clock() / 1000 + 3600,
        iat: clock() / 1000,
        jti: '',
        scope: 'read write orders:refund',
        org_id: acme.organization,
        env: 'live',
      },
    )
  })

  await t.test('resource names the API exactly; several must be one', async () => {
    assert.equal(
      (await granted(client, { resource: 'https://stock.example.com/v1' })).claims.aud,
      'https://stock.example.com/v1',
    )
    for (const resource of [
      'https://orders.example.com/',
      'https://ORDERS.example.com',
      'orders',
      'https://orders.example.com#x',
      'https://elsewhere.example.com',
      '/',
    ]) {
      await refused('invalid_target', client, { resource })
    }
    const twice = (second: string) =>
      launched.ask('POST', '/oauth/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=client_credentials&client_id=${client.client_id}&client_secret=${client.client_secret}&resource=https://orders.example.com&resource=${second}`,
      })
    assert.equal((await twice('https://stock.example.com/v1')).json<TokenAnswer>().error, 'invalid_target')
    assert.equal((await twice('https://orders.example.com')).statusCode, 200)
  })

  await t.test('without resource: the host, the only API of the client, the default, or a question', async () => {
    assert.equal((await granted(client, {}, 'auth.hosted.localhost')).claims.aud, 'https://hosted.example.com')
    assert.equal(
      (await granted(client, orders, 'auth.hosted.localhost')).claims.aud,
      'https://orders.example.com',
      'the host is but the default',
    )
    assert.equal((await granted(await acme.client({ apis: ['stock'] }))).claims.aud, 'https://stock.example.com/v1')
    await refused('invalid_target', client)
    await refused('invalid_target', await acme.client({ apis: ['stock', 'orders'] }))
  })

  await t.test('a client stays within its APIs and its environment', async () => {
    const held = await acme.client({ apis: ['stock'] })
    await refused('invalid_target', held, orders)
    await refused('invalid_target', held, {}, 'auth.hosted.localhost')
    await refused('invalid_target', held, { resource: launched.config.issuer })
    const sandbox = { resource: 'https://sandbox.example.com' }
    await refused('invalid_target', client, sandbox)
    const tester = await acme.client({ environment: 'test' })
    assert.equal((await granted(tester, sandbox)).claims.env, 'test')
    await refused('invalid_target', tester, orders)
    await refused('invalid_target', client, { resource: 'https://keys.example.com' })
  })

  await t.test('scope: within the client and the API, or invalid_scope', async () => {
    const narrow = await acme.client({ scopes: 'read orders:refund' })
    assert.equal((await granted(narrow, orders)).scope, 'read orders:refund')
    assert.equal((await granted(narrow, { ...orders, scope: 'read' })).claims.scope, 'read')
    assert.equal((await granted(narrow, { ...orders, scope: 'orders:refund read read' })).scope, 'orders:refund read')
    assert.equal(
      (await granted(narrow, { resource: 'https://stock.example.com/v1' })).scope,
      'read',
      'what another API has means nothing here',
    )
    for (const scope of [
      'write',
      'read write',
      'verify',
      'manage:clients',
      'openid',
      ' read',
      'read  write',
      'read"',
      'READ',
      '\u{1f511}',
    ])
      await refused('invalid_scope', narrow, { ...orders, scope })
    for (const scope of ['verify', 'introspect', 'metrics', 'manage:api-keys'])
      await refused('invalid_scope', client, { ...orders, scope })
  })

  await t.test('reserved scopes: granted by an operator, and for the management API alone', async () => {
    const verifier = await acme.client({ scopes: 'read verify' })
    const management = { resource: launched.config.issuer }
    assert.equal((await granted(verifier, orders)).scope, 'read')
    await refused('invalid_scope', verifier, { ...orders, scope: 'verify' })
    const { access_token, scope } = await granted(verifier, management)
    assert.equal(scope, 'verify')
    const verify = (as: string) =>
      launched.ask('POST', '/api/v1/verify', { as, body: { credential: 'x', api: 'orders' } })
    assert.equal((await verify(access_token)).statusCode, 200)
    const plain = await granted(client, management)
    assert.equal(plain.scope, undefined, 'no scope has no spelling (RFC 6749 §3.3)')
    assert.equal((await verify(plain.access_token)).statusCode, 403)
    assert.equal(
      (await verify((await granted(verifier, orders)).access_token)).statusCode,
      401,
      'a token is for its audience',
    )
  })

  await t.test('what is taken from a client is gone from its tokens at the next request', async () => {
    const made = await acme.client({ scopes: 'read write', apis: ['orders', 'stock'] })
    const { access_token } = await granted(made, orders)
    const checker = (await granted(await acme.client({ scopes: 'verify' }), { resource: launched.config.issuer }))
      .access_token
    const verify = async (scopes: string[]) =>
      (
        await launched.ask('POST', '/api/v1/verify', {
          as: checker,
          body: { credential: access_token, api: 'orders', scopes },
        })
      ).json<{ code: string }>().code
    assert.equal(await verify(['write']), 'valid')
    await launched.operate('PATCH', `/clients/${made.client_id}`, { scopes: 'read' })
    assert.equal(await verify(['write']), 'insufficient_scope')
    assert.equal(await verify(['read']), 'valid')
    await refused('invalid_scope', made, { ...orders, scope: 'write' })
    await launched.operate('PATCH', `/clients/${made.client_id}`, { apis: ['stock'] })
    assert.equal(await verify(['read']), 'forbidden')
    await launched.operate('PATCH', `/clients/${made.client_id}`, {
      apis: null,
      grants: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    })
    await refused('unauthorized_client', made, orders)
    await launched.operate('DELETE', `/clients/${made.client_id}`)
    assert.equal(await verify(['read']), 'invalid_api_key')
    assert.equal((await ask(made, orders)).status, 401)
  })
})

test('the answers of the documents, to the letter', async (t) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const ask = (host: string, url: string, form: Record<string, string>) =>
    launched.ask('POST', url, { host, form: { grant_type: 'client_credentials', ...form } })

  await t.test('Smoo: three members, and scope only where it is not what was asked for', async () => {
    const { client_id, client_secret } = await acme.client({ apis: ['smoo'] })
    const plain = await ask('auth.smoo.localhost', '/token', { client_id, client_secret })
    assert.match(
      plain.body,
      /^\{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]+","token_type":"Bearer","expires_in":3600\}$/,
    )
    assert.equal(
      'scope' in
        (await ask('auth.smoo.localhost', '/token', { client_id, client_secret, scope: 'write read' })).json<object>(),
      false,
    )
    assert.equal(
      (await ask('auth.smoo.localhost', '/token', { client_id, client_secret, scope: 'read read' })).json<TokenAnswer>()
        .scope,
      'read',
    )
  })

  await t.test('example: lower-case bearer, and the scope', async () => {
    const { client_id, client_secret } = await acme.client({ apis: ['example'] })
    const answer = await ask('api.example.localhost', '/oauth/token', { client_id, client_secret })
    assert.match(
      answer.body,
      /^\{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]+","token_type":"bearer","expires_in":3600,"scope":"read write"\}$/,
    )
    const refused = await ask('api.example.localhost', '/oauth/token', {
      client_id: 'YOUR_CLIENT_ID',
      client_secret: 'YOUR_CLIENT_SECRET',
    })
    assert.equal(refused.statusCode, 401)
    assert.equal(refused.body, '{"error":"invalid_client","error_description":"Client authentication failed"}')
  })
})

/** The issuer names the port, so that it must be known before the server listens. */
const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

test('a strict client library gets a token and reads it', async (t) => {
  const { app, config, ...launched } = await launch(t, {
    file: { apis: { orders: { audience: 'https://orders.example.com' } } },
    env: { PORT: String(await freePort()) },
  })
  const acme = await world(launched)
  const { client_id, client_secret } = await acme.client()
  await app.server.listen({ port: config.port, host: '127.0.0.1' })
  const insecure = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(config.issuer)
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  )
  for (const authentication of [oauth.ClientSecretBasic(client_secret), oauth.ClientSecretPost(client_secret)]) {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      { client_id },
      authentication,
      { scope: 'read' },
      insecure,
    )
    const { access_token, token_type, expires_in, scope } = await oauth.processClientCredentialsResponse(
      server,
      { client_id },
      response,
    )
    assert.deepEqual({ token_type, expires_in, scope }, { token_type: 'bearer', expires_in: 3600, scope: 'read' })
    const request = new Request('https://orders.example.com/', { headers: { authorization: `Bearer ${access_token}` } })
    const claims = await oauth.validateJwtAccessToken(server, request, 'https://orders.example.com', insecure)
    assert.equal(claims.client_id, client_id)
  }
  const wrong = await oauth.clientCredentialsGrantRequest(
    server,
    { client_id },
    oauth.ClientSecretBasic('wrong'),
    {},
    insecure,
  )
  await assert.rejects(
    oauth.processClientCredentialsResponse(server, { client_id }, wrong),
    (error: unknown) =>
      error instanceof oauth.WWWAuthenticateChallengeError || error instanceof oauth.ResponseBodyError,
  )
})
