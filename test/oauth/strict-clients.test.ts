// openid-client, a certified relying party, against a listening server: what it holds to be wrong, it does not accept.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import { type Listening, listening, redirect_uri } from './listening.ts'

/** http, on loopback; and the signature of an id_token counts, though it came over the back channel. */
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }

interface Registered {
  client_id: string
  client_secret?: string
}

/** A client of the person's organization that has discovered the server. */
const discovered = async (
  { issuer, acme }: Listening,
  fields: Record<string, unknown> = {},
  authentication?: (made: Registered) => client.ClientAuth,
): Promise<client.Configuration> => {
  const made: Registered = await acme.client({ redirect_uris: [redirect_uri], ...fields })
  return client.discovery(issuer, made.client_id, made.client_secret, authentication?.(made), options)
}

/** From the authorization request to checked tokens, with everything that a client can check. */
const signedIn = async (
  config: client.Configuration,
  { allowAt }: Listening,
  {
    scope = 'openid profile email read',
    pushed = false,
    dpop,
  }: { scope?: string; pushed?: boolean; dpop?: client.DPoPHandle } = {},
) => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const parameters = {
    redirect_uri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    max_age: '3600',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  const proven = dpop ? { DPoP: dpop } : {}
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, proven)
    : client.buildAuthorizationUrl(config, parameters)
  const answer = await allowAt(url)
  assert.ok(answer.href.startsWith(`${redirect_uri}?`), answer.href)
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 3600, idTokenExpected: true }
  return client.authorizationCodeGrant(config, answer, checks, {}, proven)
}

const orders = async (config: client.Configuration, { orders: url }: Listening, token: string, options = {}) => {
  const answer = await client.fetchProtectedResource(config, token, url, 'GET', undefined, undefined, options)
  return (await answer.json()) as { principal: { subject: string; client_id: string; scopes: string[] } }
}

/** Whatever a client may do with the tokens of a person. */
const everything = async (t: TestContext, config: client.Configuration, at: Listening, mayIntrospect: boolean) => {
  const { acme } = at
  const first = await signedIn(config, at)
  const claims = first.claims()
  assert.equal(claims?.sub, acme.owner)
  assert.equal(claims?.iss, at.issuer.origin)
  assert.equal((await orders(config, at, first.access_token)).principal.subject, acme.owner)

  await t.test('userinfo', async () => {
    const info = await client.fetchUserInfo(config, first.access_token, acme.owner)
    assert.match(String(info.email), /@example\.com$/)
    assert.match(String(info.name), /^Person/)
  })
  const second = await client.refreshTokenGrant(config, first.refresh_token as string)
  await t.test('refresh', async () => {
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.equal(second.claims()?.sub, acme.owner)
    assert.equal((await orders(config, at, second.access_token)).principal.subject, acme.owner)
    const fewer = await client.refreshTokenGrant(config, second.refresh_token as string, { scope: 'read' })
    assert.equal(fewer.scope, 'read')
  })
  if (mayIntrospect)
    await t.test('introspection', async () => {
      const told = await client.tokenIntrospection(config, second.access_token)
      assert.deepEqual([told.active, told.sub, told.client_id], [true, acme.owner, config.clientMetadata().client_id])
      assert.deepEqual(await client.tokenIntrospection(config, 'unknown'), { active: false })
    })
  await t.test('revocation', async () => {
    await client.tokenRevocation(config, second.refresh_token as string)
    await assert.rejects(client.refreshTokenGrant(config, second.refresh_token as string), { error: 'invalid_grant' })
    await assert.rejects(client.fetchUserInfo(config, first.access_token, acme.owner))
  })
}

test('authorization code with PKCE, state, nonce and iss, userinfo, refresh, introspection, revocation', async (t) => {
  const at = await listening(t)
  await t.test('client_secret_post', async (t) => everything(t, await discovered(at), at, true))
  await t.test('client_secret_basic', async (t) =>
    everything(t, await discovered(at, {}, (made) => client.ClientSecretBasic(made.client_secret)), at, true),
  )
  await t.test('a public client', async (t) =>
    everything(t, await discovered(at, { public: true }, () => client.None()), at, false),
  )
  await t.test('private_key_jwt', async (t) => {
    for (const algorithm of ['ES256', 'EdDSA'] as const) {
      const { publicKey, privateKey } = await generateKeyPair(algorithm)
      const jwk = { ...(await exportJWK(publicKey)), kid: algorithm }
      const config = await discovered(at, { jwks: { keys: [jwk] } }, () =>
        client.PrivateKeyJwt({ key: privateKey, kid: algorithm }),
      )
      await everything(t, config, at, true)
    }
  })
})

test('RFC 6749 §4.4: client credentials', async (t) => {
  const at = await listening(t)
  const config = await discovered(at, { redirect_uris: [], grants: ['client_credentials'] })
  const { access_token, token_type, expires_in } = await client.clientCredentialsGrant(config, { scope: 'read' })
  assert.equal(token_type, 'bearer')
  assert.ok(Number(expires_in) > 0)
  const { principal } = await orders(config, at, access_token)
  assert.deepEqual([principal.subject, principal.scopes], [config.clientMetadata().client_id, ['read']])
})

test('RFC 9126: pushed authorization requests, also where nothing else is taken', async (t) => {
  const at = await listening(t)
  for (const fields of [{}, { par_required: true }]) {
    const config = await discovered(at, fields)
    const tokens = await signedIn(config, at, { pushed: true })
    assert.equal(tokens.claims()?.sub, at.acme.owner)
  }
})

test('RFC 9449: a client that has nothing but bound tokens', async (t) => {
  const at = await listening(t)
  const config = await discovered(at, { dpop_bound: true })
  const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const tokens = await signedIn(config, at, { dpop })
  assert.equal(tokens.token_type, 'dpop')
  const DPoP = { DPoP: dpop }
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token as string, {}, DPoP)
  for (const { access_token } of [tokens, refreshed]) {
    assert.equal((await orders(config, at, access_token, DPoP)).principal.subject, at.acme.owner)
    assert.equal((await client.fetchUserInfo(config, access_token, at.acme.owner, DPoP)).sub, at.acme.owner)
    await assert.rejects(orders(config, at, access_token), /challenge|401|WWW-Authenticate/i)
  }
  await assert.rejects(signedIn(config, at), { error: 'invalid_dpop_proof' })
})

test('what the person denies, and what the server refuses, reaches the client as an error that it can check', async (t) => {
  const at = await listening(t)
  const config = await discovered(at)
  const expectedState = client.randomState()
  const parameters = {
    redirect_uri,
    state: expectedState,
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  }
  const answered = (more: Record<string, string>) =>
    at
      .allowAt(client.buildAuthorizationUrl(config, { ...parameters, ...more }))
      .then((url) => client.authorizationCodeGrant(config, url, { expectedState }))
  await assert.rejects(answered({ scope: 'openid', prompt: 'none' }), { error: 'consent_required' })
  await assert.rejects(answered({ scope: 'nonsense' }), { error: 'invalid_scope' })
  await assert.rejects(answered({ scope: 'openid', response_type: 'token' }), { error: 'unsupported_response_type' })
})

test('OpenID Connect RP-Initiated Logout', async (t) => {
  const at = await listening(t)
  const post_logout_redirect_uri = 'https://shop.example.com/signed-out'
  const config = await discovered(at, { post_logout_redirect_uris: [post_logout_redirect_uri] })
  const { id_token = '' } = await signedIn(config, at)
  const state = client.randomState()
  const url = client.buildEndSessionUrl(config, { id_token_hint: id_token, post_logout_redirect_uri, state })
  assert.equal((await at.allowAt(url)).href, `${post_logout_redirect_uri}?state=${state}`)
  const authorization = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  })
  assert.equal((await at.allowAt(authorization)).pathname, '/login')
})

test('RFC 8628: a device, and the person on another', async (t) => {
  const at = await listening(t)
  const grants = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']
  const config = await discovered(at, { redirect_uris: [], public: true, grants }, () => client.None())
  const started = await client.initiateDeviceAuthorization(config, { scope: 'openid read' })
  await at.allowAt(new URL(String(started.verification_uri_complete)))
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 })
  assert.equal(tokens.claims()?.sub, at.acme.owner)
  assert.equal((await orders(config, at, tokens.access_token)).principal.subject, at.acme.owner)
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token as string)
  assert.equal(refreshed.scope, 'openid read')
})

test('RFC 7591: a client that registers itself, and signs a person in', async (t) => {
  const at = await listening(t)
  const metadata = { client_name: 'Self-made', redirect_uris: [redirect_uri] }
  for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post', 'none']) {
    const config = await client.dynamicClientRegistration(
      at.issuer,
      { ...metadata, token_endpoint_auth_method },
      undefined,
      options,
    )
    const tokens = await signedIn(config, at)
    assert.equal(tokens.claims()?.aud, config.clientMetadata().client_id)
  }
})
