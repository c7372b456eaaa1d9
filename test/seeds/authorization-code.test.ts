// 004, "OAuth Flow": request, consent, code, exchange, access, in the document's own words and over real HTTP.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { world } from '../harness.ts'
import { decide, formOf, signIn } from '../oauth/flow.ts'
import { scene } from './scene.ts'

const redirect_uri = 'https://app.example.org/callback'

test('004: from the authorization URL to an API request, and a refreshed token', async (t) => {
  const launched = await scene(t)
  const { curl, clock, operate } = launched
  const acme = await world({ operate })
  // "recommended for applications that need to access user data": a server with a secret, whose document shows no PKCE
  const { client_id, client_secret } = await acme.client({ redirect_uris: [redirect_uri], pkce: 'optional' })
  const browser = await signIn(launched, acme.owner, clock())

  const authorization = await curl(
    `http://auth.multi.localhost/oauth/authorize?client_id=${client_id}&redirect_uri=${encodeURIComponent(redirect_uri)}&response_type=code&scope=read%20write&state=xyz`,
    { cookie: browser.cookie },
  )
  assert.equal(authorization.status, 303)
  const target = String(authorization.headers.location)
  assert.ok(target.startsWith(`${launched.config.issuer}/oauth/authorize?`), 'people sign in at one place')
  const page = await launched.ask('GET', target.slice(launched.config.issuer.length), {
    headers: { cookie: browser.cookie },
  })
  assert.equal(page.statusCode, 200)
  assert.ok(formOf(page).action.startsWith('/oauth/authorize/decision?'))
  const allowed = await decide(launched, browser, page)
  const { code, state } = Object.fromEntries(new URL(String(allowed.headers.location)).searchParams)
  assert.equal(state, 'xyz')

  const exchange = (form: string) =>
    curl('http://auth.multi.localhost/oauth/token', {}, `${form}&client_id=${client_id}&client_secret=${client_secret}`)
  const answer = await exchange(
    `grant_type=authorization_code&code=${code}&redirect_uri=${encodeURIComponent(redirect_uri)}`,
  )
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const { access_token, refresh_token, ...rest } = answer.body
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 86_400, scope: 'read write' })

  // "JWT Structure": this header, and sub, iat, exp and scope
  const [header, claims] = String(access_token)
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
  assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' })
  const now = Math.floor(clock.at / 1000)
  assert.deepEqual(
    { sub: claims?.sub, iat: claims?.iat, exp: claims?.exp, scope: claims?.scope },
    { sub: acme.owner, iat: now, exp: now + 86_400, scope: 'read write' },
  )

  const users = (token: unknown) =>
    curl('http://api.multi.localhost/v1/users', { authorization: `Bearer ${String(token)}` })
  const called = await users(access_token)
  assert.equal(called.status, 200)
  assert.equal((called.body.principal as { subject: string }).subject, acme.owner)
  assert.equal(called.headers['x-ratelimit-remaining'], '99')

  // "Implement token refresh for long-lived applications"; "expired_token: Access token has expired"
  clock.advance(86_400_000)
  const late = await users(access_token)
  assert.equal(late.status, 401)
  assert.deepEqual(
    { ...(late.body.error as object), message: '' },
    { type: 'authentication_error', code: 'expired_token', message: '' },
  )
  const refreshed = await exchange(`grant_type=refresh_token&refresh_token=${String(refresh_token)}`)
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body))
  assert.equal((await users(refreshed.body.access_token)).status, 200)

  const again = await exchange(
    `grant_type=authorization_code&code=${code}&redirect_uri=${encodeURIComponent(redirect_uri)}`,
  )
  assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant'])
  assert.equal((await users(refreshed.body.access_token)).status, 401, 'a code that came twice takes all of it down')
})
