// oauth4webapi, step by step: the same server by both discovery documents, and the answer as a form.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { formOf, pkce, signIn } from './flow.ts'
import { listening, redirect_uri } from './listening.ts'

const options = { [oauth.allowInsecureRequests]: true } // http, on loopback

test('RFC 8414 and OpenID Connect Discovery: whichever a client reads, it gets through', async (t) => {
  const at = await listening(t)
  const made = await at.acme.client({ redirect_uris: [redirect_uri] })
  const client: oauth.Client = { client_id: made.client_id }
  const authentication = oauth.ClientSecretBasic(made.client_secret)
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const as = await oauth.processDiscoveryResponse(
      at.issuer,
      await oauth.discoveryRequest(at.issuer, { algorithm, ...options }),
    )
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const nonce = oauth.generateRandomNonce()
    const url = new URL(String(as.authorization_endpoint))
    url.search = new URLSearchParams({
      client_id: made.client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'openid email read',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString()
    const answer = oauth.validateAuthResponse(as, client, await at.allowAt(url), state)
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      answer,
      redirect_uri,
      verifier,
      options,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(as, response, options)
    const { sub } = oauth.getValidatedIdTokenClaims(tokens) as oauth.IDToken
    assert.equal(sub, at.acme.owner)
    const info = await oauth.processUserInfoResponse(
      as,
      client,
      sub,
      await oauth.userInfoRequest(as, client, tokens.access_token, options),
    )
    assert.equal(info.email_verified, false)
    const called = await oauth.protectedResourceRequest(
      tokens.access_token,
      'GET',
      at.orders,
      undefined,
      undefined,
      options,
    )
    assert.equal(called.status, 200)
    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token as string, options),
    )
    assert.ok(refreshed.refresh_token)
    // RFC 6750 §3, RFC 9728 §5.1: what a client learns from a refusal
    await assert.rejects(
      oauth.protectedResourceRequest('x.y.z', 'GET', at.orders, undefined, undefined, options),
      (error) =>
        error instanceof oauth.WWWAuthenticateChallengeError &&
        error.cause[0]?.scheme === 'bearer' &&
        error.cause[0].parameters.error === 'invalid_token',
    )
  }
})

test('RFC 9728: from the API alone a client finds the server', async (t) => {
  const at = await listening(t)
  const challenged = await fetch(at.orders).then(({ headers }) => headers.get('www-authenticate'))
  assert.match(String(challenged), /resource_metadata="/)
  const resource = new URL('/orders', at.issuer)
  const metadata = await oauth.processResourceDiscoveryResponse(
    resource,
    await oauth.resourceDiscoveryRequest(resource, options),
  )
  assert.deepEqual(metadata.authorization_servers, [at.issuer.origin])
})

test('OAuth 2.0 Form Post Response Mode: the answer is a form that a client reads like a query', async (t) => {
  const at = await listening(t)
  const made = await at.acme.client({ redirect_uris: [redirect_uri] })
  const { cookie } = await signIn(at.launched, at.acme.owner)
  const client: oauth.Client = { client_id: made.client_id }
  const { verifier, challenge } = pkce()
  const as = await oauth.processDiscoveryResponse(at.issuer, await oauth.discoveryRequest(at.issuer, options))
  const state = oauth.generateRandomState()
  const url = new URL(String(as.authorization_endpoint))
  url.search = new URLSearchParams({
    client_id: made.client_id,
    redirect_uri,
    response_type: 'code',
    response_mode: 'form_post',
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }).toString()
  const consent = formOf({ body: await (await fetch(url, { headers: { cookie } })).text() })
  const page = await fetch(new URL(consent.action, url), {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({ ...consent.fields, decision: 'allow' }),
  })
  const { action, fields } = formOf({ body: await page.text() })
  assert.equal(action, redirect_uri)
  const answer = oauth.validateAuthResponse(as, client, new URLSearchParams(fields), state)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    oauth.ClientSecretPost(made.client_secret),
    answer,
    redirect_uri,
    verifier,
    options,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response)
  assert.equal(tokens.scope, 'read write')
})
