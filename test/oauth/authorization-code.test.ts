// RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 9700 §2.1: from the request over the person's consent to tokens, once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowedCode, authorize, claimsOf, decide, formOf, pkce, sentTo, signIn, token } from './flow.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      scopes: { read: 'Read orders', write: 'Change orders' },
    },
    stock: { audience: 'https://stock.example.com', scopes: { read: 'Read stock' } },
  },
}
const redirect_uri = 'https://shop.example.com/callback'

const scene = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri] })
  const browser = await signIn(launched, acme.owner, clock())
  const { verifier, challenge } = pkce()
  const request = {
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'read write',
    state: 'af0ifjsldkj',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const redeem = (code: string, more: Record<string, string> = {}) =>
    token(launched, client, { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...more })
  const judge = async (credential: string, api = 'orders') => {
    const answer = await launched.operate<{ code: string; principal?: Record<string, unknown> }>('POST', '/verify', {
      credential,
      api,
    })
    return answer
  }
  return { clock, launched, acme, client, browser, verifier, request, redeem, judge }
}

test('who is not signed in is sent to sign in, and comes back to the same request', async (t) => {
  const { launched, request } = await scene(t)
  const answer = await authorize(launched, undefined, request)
  assert.equal(answer.statusCode, 303)
  const login = new URL(String(answer.headers.location), 'http://localhost')
  assert.equal(login.pathname, '/login')
  const back = new URL(login.searchParams.get('return_to') ?? '', 'http://localhost')
  assert.equal(back.pathname, '/oauth/authorize')
  for (const [name, value] of Object.entries(request)) assert.equal(back.searchParams.get(name), value)
})

test('consent says who asks, what for, and where the browser goes; allowed, the client gets a code with state and iss', async (t) => {
  const { launched, browser, request, redeem, judge, acme, client, clock } = await scene(t)
  const page = await authorize(launched, browser, request)
  assert.equal(page.statusCode, 200, page.body)
  for (const words of ['Client', 'Read orders', 'Change orders', 'shop.example.com', '@example.com'])
    assert.ok(page.body.includes(words), words)
  assert.match(String(page.headers['content-security-policy']), /form-action 'self' https:\/\/shop\.example\.com;/)
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/)
  const { code, state, iss } = sentTo(await decide(launched, browser, page), redirect_uri)
  assert.equal(state, 'af0ifjsldkj')
  assert.equal(iss, launched.config.issuer)
  const { status, body } = await redeem(code as string)
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(
    { ...body, access_token: '', refresh_token: '' },
    { access_token: '', token_type: 'Bearer', expires_in: 3600, scope: 'read write', refresh_token: '' },
  )
  const { sub, client_id, aud, org_id, grant_id } = claimsOf(body.access_token)
  assert.deepEqual(
    { sub, client_id, aud, org_id },
    { sub: acme.owner, client_id: client.client_id, aud: 'https://orders.example.com', org_id: acme.organization },
  )
  assert.ok(grant_id)
  const { principal } = await judge(body.access_token)
  assert.equal(principal?.kind, 'oauth_token')
  assert.equal(principal?.subject, acme.owner)
  assert.equal(principal?.organization_id, acme.organization)
  assert.deepEqual(principal?.scopes, ['read', 'write'])
  clock.advance(3600_000)
  assert.equal((await judge(body.access_token)).code, 'expired_token')
})

test('denied, the client is told so, with state and iss', async (t) => {
  const { launched, browser, request } = await scene(t)
  const answer = await decide(launched, browser, await authorize(launched, browser, request), 'deny')
  const { error, state, iss, code } = sentTo(answer, redirect_uri)
  assert.deepEqual(
    { error, state, iss, code },
    { error: 'access_denied', state: 'af0ifjsldkj', iss: launched.config.issuer, code: undefined },
  )
})

test('what was allowed once is not asked again, but for more scopes, for prompt=consent, and after it was taken back', async (t) => {
  const { launched, browser, request } = await scene(t)
  await allowedCode(launched, browser, { ...request, scope: 'read' })
  assert.equal((await authorize(launched, browser, { ...request, scope: 'read' })).statusCode, 303)
  assert.equal((await authorize(launched, browser, request)).statusCode, 200, 'more scopes')
  assert.equal((await authorize(launched, browser, { ...request, scope: 'read', prompt: 'consent' })).statusCode, 200)
  const silent = sentTo(await authorize(launched, browser, { ...request, prompt: 'none' }), redirect_uri)
  assert.equal(silent.error, 'consent_required')
  const nobody = sentTo(await authorize(launched, undefined, { ...request, prompt: 'none' }), redirect_uri)
  assert.equal(nobody.error, 'login_required')
})

test('prompt=login and max_age want a sign-in that is new, and are content with it afterwards', async (t) => {
  const { launched, browser, request, acme, clock } = await scene(t)
  clock.advance(60_000)
  const login = async (parameters: Record<string, string>, at = browser) => {
    const { headers, statusCode } = await authorize(launched, at, parameters)
    const location = String(headers.location)
    return statusCode === 303 && location.startsWith('/login?')
      ? new URL(location, 'http://localhost').searchParams
      : undefined
  }
  const wanting: Record<string, string>[] = [
    { prompt: 'login' },
    { prompt: 'select_account' },
    { max_age: '30' },
    { max_age: '0' },
  ]
  for (const more of wanting) {
    const asked = await login({ ...request, ...more })
    assert.ok(asked, JSON.stringify(more))
    const back = new URL(asked.get('return_to') ?? '', 'http://localhost')
    const again = Object.fromEntries(back.searchParams)
    assert.ok(await login(again), 'the old session is not enough')
    clock.advance(1000)
    const fresh = await signIn(launched, acme.owner, clock())
    assert.equal(await login(again, fresh), undefined, 'the new one is')
    const forged = { ...again, _asked: again._asked?.replace(/^\d+/, '0') ?? '' }
    clock.advance(60_000)
    assert.ok(await login(forged, fresh), 'a mark that was not made here counts for nothing')
  }
  assert.equal(await login({ ...request, max_age: '3600' }), undefined)
})

test('a code is good once; a second use ends what the first gave', async (t) => {
  const { launched, browser, request, redeem, judge } = await scene(t)
  const code = await allowedCode(launched, browser, request)
  const first = await redeem(code)
  assert.equal((await judge(first.body.access_token)).code, 'valid')
  const second = await redeem(code)
  assert.deepEqual([second.status, second.body.error], [400, 'invalid_grant'])
  assert.equal((await judge(first.body.access_token)).code, 'invalid_api_key')
  const refreshed = await redeem('', { grant_type: 'refresh_token', refresh_token: first.body.refresh_token as string })
  assert.equal(refreshed.body.error, 'invalid_grant')
})

test('a code of 100 requests at once gives tokens once, and then nothing stands', async (t) => {
  const { launched, browser, request, redeem, judge } = await scene(t)
  const code = await allowedCode(launched, browser, request)
  const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(code)))
  const good = answers.filter(({ status }) => status === 200)
  assert.equal(good.length, 1)
  assert.equal((await judge(good[0]?.body.access_token as string)).code, 'invalid_api_key')
})

test('a code is of its client, its redirect URI, its verifier and its minute', async (t) => {
  const { launched, browser, request, redeem, acme, clock } = await scene(t)
  const refusedFor = async (more: Record<string, string>, as?: { client_id: string; client_secret: string }) => {
    const code = await allowedCode(launched, browser, request)
    const { status, body } = await redeem(code, { ...more, ...as })
    assert.deepEqual([status, body.error], [400, 'invalid_grant'], JSON.stringify(more))
    assert.ok(!JSON.stringify(body).includes(code))
  }
  await refusedFor({ code_verifier: pkce().verifier })
  await refusedFor({ code_verifier: '' })
  await refusedFor({ code_verifier: request.code_challenge })
  await refusedFor({ code_verifier: 'short' })
  await refusedFor({ redirect_uri: 'https://shop.example.com/callback/' })
  await refusedFor({}, await acme.client({ redirect_uris: [redirect_uri] }))
  const late = await allowedCode(launched, browser, request)
  clock.advance(60_000)
  assert.equal((await redeem(late)).body.error, 'invalid_grant')
})

test('without PKCE only where the client may, and then no verifier is taken (downgrade)', async (t) => {
  const { launched, browser, request, redeem, acme } = await scene(t)
  const { code_challenge: _challenge, code_challenge_method: _method, ...plain } = request
  assert.equal(sentTo(await authorize(launched, browser, plain), redirect_uri).error, 'invalid_request')
  const lax = await acme.client({ redirect_uris: [redirect_uri], pkce: 'optional' })
  const code = () => allowedCode(launched, browser, { ...plain, client_id: lax.client_id })
  assert.equal(
    (await redeem(await code(), lax as never)).body.error,
    'invalid_grant',
    'a verifier that nobody asked for',
  )
  const answer = await redeem(await code(), { ...lax, code_verifier: '' })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const without = await token(launched, lax, { grant_type: 'authorization_code', code: await code() })
  assert.equal(without.body.error, 'invalid_grant', 'nothing but the redirect URI ties such a code to its request')
})

test('a form of another session, of another request, or of an hour ago allows nothing', async (t) => {
  const { launched, browser, request, clock, acme } = await scene(t)
  const page = await authorize(launched, browser, request)
  const { action, fields } = formOf(page)
  const post = (cookie: string, url: string, form: Record<string, string>) =>
    launched.ask('POST', url, { headers: { cookie }, form })
  const nothing = async (answer: ReturnType<typeof post>) => {
    const { statusCode, headers } = await answer
    assert.equal(statusCode, 400)
    assert.equal(headers.location, undefined)
  }
  const allow = { ...fields, decision: 'allow' }
  const other = await signIn(launched, acme.owner, clock())
  await nothing(post(other.cookie, action, allow))
  await nothing(post('', action, allow))
  await nothing(post(browser.cookie, action.replace('write', 'write+admin'), allow))
  await nothing(post(browser.cookie, action, { ...allow, form_token: '' }))
  await nothing(post(browser.cookie, action, { ...allow, organization: '0197a000-0000-7000-8000-000000000000' }))
  await nothing(post(browser.cookie, action, { ...allow, organization: 'all' }))
  clock.advance(60 * 60_000)
  await nothing(post(browser.cookie, action, allow))
  assert.deepEqual(await launched.app.store.db.selectFrom('grants').selectAll().execute(), [])
})

test('an alias of an API leads to the issuer, and its tokens are for that API', async (t) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const uri = 'https://app.example.com/cb'
  const client = await acme.client({ redirect_uris: [uri], pkce: 'optional' })
  const browser = await signIn(launched, acme.owner)
  const query = { client_id: client.client_id, redirect_uri: uri, response_type: 'code', scope: 'read write' }
  const moved = await authorize(launched, undefined, query, 'auth.multi.localhost')
  assert.equal(moved.statusCode, 303)
  const target = new URL(String(moved.headers.location))
  assert.equal(target.origin, launched.config.issuer)
  const code = await allowedCode(launched, browser, { ...query, resource: target.searchParams.get('resource') ?? '' })
  const { body } = await token(
    launched,
    client,
    { grant_type: 'authorization_code', code, redirect_uri: uri },
    'auth.multi.localhost',
  )
  assert.equal(body.expires_in, 86_400)
  assert.ok(body.refresh_token)
  assert.deepEqual(JSON.parse(Buffer.from(body.access_token.split('.')[0] as string, 'base64url').toString()), {
    alg: 'HS256',
    typ: 'JWT',
  })
  const called = await launched.ask('GET', '/v1/users', { host: 'api.multi.localhost', as: body.access_token })
  assert.equal(called.statusCode, 200, called.body)
})
