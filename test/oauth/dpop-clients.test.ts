// RFC 9449 §5, §7, §10 with the clients that others wrote: openid-client and oauth4webapi ask, answer a nonce, and check what they get.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { prover, withNonce } from '../dpop.ts'
import { type Launched, launch, world } from '../harness.ts'
import { allowedCode, claimsOf, signIn } from './flow.ts'

const file: LatchkeyConfig = {
  apis: { orders: { hosts: ['orders.test'], path: '/v1', upstream: 'echo' } },
  defaultApi: 'orders',
}
const resource = 'http://orders.test:8000/v1'
const redirect_uri = 'https://app.example.com/callback'

/** `fetch` that ends in the app instead of the network. */
const fetchFrom =
  ({ inject }: Launched) =>
  async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input)
    const { body } = init
    const answer = await inject({
      method: init.method ?? 'GET',
      url: url.pathname + url.search,
      headers: { ...Object.fromEntries(new Headers(init.headers)), host: url.host },
      ...(body != null && { payload: String(body as string | URLSearchParams) }),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value))
    return new Response(answer.body === '' ? null : answer.body, { status: answer.statusCode, headers })
  }

const discover = async (launched: Launched, clientId: string, secret: string | undefined, alg?: string) => {
  const fetched = fetchFrom(launched) as openid.CustomFetch
  const config = await openid.discovery(
    new URL(launched.config.issuer),
    clientId,
    secret,
    secret === undefined ? openid.None() : undefined,
    { execute: [openid.allowInsecureRequests], [openid.customFetch]: fetched },
  )
  config[openid.customFetch] = fetched
  return { config, options: { DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(alg)) } }
}

test('openid-client: client credentials, and calls of the API', async (t) => {
  const launched = await launch(t, { file })
  const client = await (await world(launched)).client()
  for (const alg of ['ES256', 'Ed25519', 'RS256']) {
    const { config, options } = await discover(launched, client.client_id, client.client_secret, alg)
    const tokens = await openid.clientCredentialsGrant(config, { resource }, options)
    assert.equal(tokens.token_type, 'dpop', 'as the library spells it')
    for (const [method, path] of [
      ['GET', '/v1/items?page=1'],
      ['POST', '/v1/items/%C3%A9'],
      ['GET', '/v1'],
    ] as const) {
      const url = new URL(path, resource)
      const answer = await openid.fetchProtectedResource(
        config,
        tokens.access_token,
        url,
        method,
        undefined,
        undefined,
        options,
      )
      assert.equal(answer.status, 200, `${alg} ${path}`)
    }
    const thief = await discover(launched, client.client_id, client.client_secret, alg)
    await assert.rejects(
      openid.fetchProtectedResource(
        thief.config,
        tokens.access_token,
        new URL(resource),
        'GET',
        undefined,
        undefined,
        thief.options,
      ),
      (error: openid.WWWAuthenticateChallengeError) =>
        error.cause.some(({ scheme, parameters }) => scheme === 'dpop' && parameters.error === 'invalid_token'),
    )
  }
})

test('openid-client, a public client: a code bound by a pushed proof, tokens, userinfo, and refreshing with the same key alone', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const { client_id } = await acme.client({ public: true, redirect_uris: [redirect_uri], apis: ['orders'] })
  const { config, options } = await discover(launched, client_id, undefined)
  const verifier = openid.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri,
    scope: 'openid read',
    resource,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const url = await openid.buildAuthorizationUrlWithPAR(config, parameters, options)
  const browser = await signIn(launched, acme.owner)
  const asked = { ...Object.fromEntries(url.searchParams), redirect_uri }
  const code = await allowedCode(launched, browser, asked)
  const back = new URL(`${redirect_uri}?code=${code}&iss=${encodeURIComponent(launched.config.issuer)}`)

  const thief = await discover(launched, client_id, undefined)
  await assert.rejects(
    openid.authorizationCodeGrant(thief.config, back, { pkceCodeVerifier: verifier }, {}, thief.options),
    { error: 'invalid_grant' },
    'a stolen code, even with its verifier',
  )
  const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier }, {}, options)
  assert.equal(tokens.token_type, 'dpop')
  const { sub } = await openid.fetchUserInfo(config, tokens.access_token, acme.owner, options)
  assert.equal(sub, acme.owner)
  const stolen = await launched.ask('GET', '/oauth/userinfo', { as: tokens.access_token })
  assert.equal(stolen.statusCode, 401)
  assert.match(String(stolen.headers['www-authenticate']), /^DPoP realm="latchkey", error="invalid_token", algs="/)

  assert.ok(tokens.refresh_token)
  for (const refused of [thief.options, undefined])
    await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token, {}, refused), {
      error: 'invalid_grant',
    })
  const fresh = await openid.refreshTokenGrant(config, tokens.refresh_token, {}, options)
  assert.deepEqual(claimsOf(fresh.access_token).cnf, claimsOf(tokens.access_token).cnf)
  assert.notEqual(fresh.refresh_token, tokens.refresh_token)
})

test('oauth4webapi: told to use a nonce, it does, and its own check of the token agrees with ours', async (t) => {
  const launched = await launch(t, { file })
  const { client_id, client_secret } = await (await world(launched)).client()
  const insecure = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: fetchFrom(launched) }
  const issuer = new URL(launched.config.issuer)
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  )
  const client = { client_id }
  const DPoP = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
  const ask = async () =>
    oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.ClientSecretBasic(client_secret),
        { resource },
        { DPoP, ...insecure },
      ),
    )
  await assert.rejects(
    ask(),
    (error) => oauth.isDPoPNonceError(error) && (error as oauth.ResponseBodyError).status === 400,
  )
  const { access_token, token_type } = await ask()
  assert.equal(token_type, 'dpop')
  const url = new URL(`${resource}/items`)
  let sent: Request | undefined
  const call = () =>
    oauth.protectedResourceRequest(access_token, 'GET', url, undefined, undefined, {
      DPoP,
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (input, init) => {
        sent = new Request(input, { headers: init.headers, method: init.method })
        return fetchFrom(launched)(input, init as RequestInit)
      },
    })
  await assert.rejects(call(), oauth.isDPoPNonceError)
  assert.equal((await call()).status, 200)
  await oauth.validateJwtAccessToken(server, sent as Request, resource, { requireDPoP: true, ...insecure })
})

test('§10.1: a pushed request with a proof and another dpop_jkt is refused; with the same it is taken', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const { client_id, client_secret } = await acme.client({ redirect_uris: [redirect_uri], apis: ['orders'] })
  const [mine, other] = [await prover(), await prover()]
  const push = (dpop_jkt: string) =>
    withNonce(mine, { url: `${launched.config.issuer}/oauth/par` }, (dpop) =>
      launched.ask('POST', '/oauth/par', {
        headers: { dpop },
        form: {
          client_id,
          client_secret,
          response_type: 'code',
          redirect_uri,
          scope: 'read',
          code_challenge: 'a'.repeat(43),
          code_challenge_method: 'S256',
          dpop_jkt,
        },
      }),
    )
  const refused = await push(other.thumbprint)
  assert.equal(refused.statusCode, 400)
  assert.equal(refused.json<{ error: string }>().error, 'invalid_dpop_proof')
  assert.equal((await push(mine.thumbprint)).statusCode, 201)
})
