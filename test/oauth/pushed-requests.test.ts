// RFC 9126: authorization requests that are sent ahead: proven, checked at once, of one client, used once, and unchangeable on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'
import { authorize, decide, formOf, pkce, sentTo, signIn, token } from './flow.ts'

const redirect_uri = 'https://app.example.com/cb'
const errorOf = (answer: { json: <T>() => T }): string | undefined => answer.json<{ error?: string }>().error

const scene = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri], apis: ['multi'] })
  const { client_id: publicId } = await acme.client({ public: true, redirect_uris: [redirect_uri], apis: ['multi'] })
  const { verifier, challenge } = pkce()
  const request = {
    response_type: 'code',
    redirect_uri,
    scope: 'read',
    state: 'my state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const push = (form: Record<string, string>, options: Parameters<Launched['ask']>[2] = {}) =>
    launched.ask('POST', '/oauth/par', { form, ...options })
  const pushed = async (form: Record<string, string> = { ...request, ...client }): Promise<string> => {
    const answer = await push(form)
    assert.equal(answer.statusCode, 201, answer.body)
    return answer.json<{ request_uri: string }>().request_uri
  }
  return { clock, launched, acme, client, publicId, verifier, request, push, pushed }
}

test('RFC 9126 §2.2, §4: pushed, allowed, and redeemed; a second code there is not', async (t) => {
  const { launched, acme, client, verifier, request, push, clock } = await scene(t)
  const answer = await push({ ...request, ...client })
  assert.deepEqual([answer.statusCode, answer.headers['cache-control']], [201, 'no-store'])
  const { request_uri, expires_in } = answer.json<{ request_uri: string; expires_in: number }>()
  assert.match(request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/)
  assert.equal(expires_in, 90)
  const kept = JSON.stringify(await launched.app.store.activity.selectFrom('pushed_requests').selectAll().execute())
  assert.ok(!kept.includes(client.client_secret))

  const browser = await signIn(launched, acme.owner, clock())
  const page = await authorize(launched, browser, { client_id: client.client_id, request_uri })
  assert.equal(page.statusCode, 200)
  assert.ok(!formOf(page).action.includes('scope='), 'the browser carries a reference alone')
  clock.advance(10 * 60_000)
  const answered = sentTo(await decide(launched, browser, page), redirect_uri)
  assert.equal(answered.state, 'my state')
  const tokens = await token(launched, client, {
    grant_type: 'authorization_code',
    code: answered.code ?? '',
    redirect_uri,
    code_verifier: verifier,
  })
  assert.deepEqual([tokens.status, tokens.body.scope], [200, 'read'])

  assert.equal((await decide(launched, browser, page)).statusCode, 400)
  assert.equal((await authorize(launched, browser, { client_id: client.client_id, request_uri })).statusCode, 400)
})

test('RFC 9126 §2.2, §7: a reference is of one client, for a while, and what the browser adds counts for nothing', async (t) => {
  const { launched, acme, client, publicId, request, pushed, clock } = await scene(t)
  const browser = await signIn(launched, acme.owner, clock())
  const request_uri = await pushed()
  const { client_id } = client
  assert.equal((await authorize(launched, browser, { client_id: publicId, request_uri })).statusCode, 400)
  assert.equal((await authorize(launched, browser, { request_uri })).statusCode, 400)
  for (const wrong of [
    `${request_uri}x`,
    'https://evil.example/request',
    'urn:ietf:params:oauth:request_uri:',
    'x'.repeat(5_000),
  ])
    assert.equal((await authorize(launched, browser, { client_id, request_uri: wrong })).statusCode, 400)

  const page = await authorize(launched, browser, {
    ...request,
    client_id,
    request_uri,
    redirect_uri: 'https://evil.example/cb',
    scope: 'read write',
    state: 'evil',
  })
  assert.equal(page.statusCode, 200)
  const { code, state } = sentTo(await decide(launched, browser, page), redirect_uri)
  assert.ok(code)
  assert.equal(state, 'my state')
  const granted = await launched.app.store.db.selectFrom('grants').select('scopes').execute()
  assert.deepEqual(
    granted.map(({ scopes }) => scopes),
    ['read'],
  )

  const late = await pushed()
  clock.advance(90_000)
  assert.equal((await authorize(launched, browser, { client_id, request_uri: late })).statusCode, 400)
})

test('RFC 9126 §2.1, §2.3: who pushes proves itself, and is told what is wrong', async (t) => {
  const { client, publicId, request, push, acme, launched } = await scene(t)
  const cases: [form: Record<string, string>, status: number, error: string][] = [
    [{ ...request }, 401, 'invalid_client'],
    [{ ...request, client_id: client.client_id }, 401, 'invalid_client'],
    [{ ...request, ...client, client_secret: 'cs_wrong' }, 401, 'invalid_client'],
    [{ ...request, client_id: 'unknown' }, 401, 'invalid_client'],
    [{ ...request, ...client, request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 400, 'invalid_request'],
    [{ ...request, ...client, request: 'e30.e30.' }, 400, 'request_not_supported'],
    [{ ...request, ...client, redirect_uri: 'https://evil.example/cb' }, 400, 'invalid_request'],
    [{ ...request, ...client, response_type: 'token' }, 400, 'unsupported_response_type'],
    [{ ...request, ...client, scope: 'unknown' }, 400, 'invalid_scope'],
    [{ ...request, ...client, scope: 'manage' }, 400, 'invalid_scope'],
    [{ ...request, ...client, resource: 'https://unknown.example' }, 400, 'invalid_target'],
    [{ ...request, ...client, code_challenge: 'short' }, 400, 'invalid_request'],
    [{ ...request, ...client, code_challenge: '', code_challenge_method: '' }, 400, 'invalid_request'],
    [{ ...request, client_id: publicId, code_challenge: '', code_challenge_method: '' }, 400, 'invalid_request'],
  ]
  for (const [form, status, error] of cases) {
    const answer = await push(form)
    assert.deepEqual([answer.statusCode, errorOf(answer)], [status, error], JSON.stringify(form))
    assert.equal(answer.headers.location, undefined, 'nobody is sent anywhere')
  }
  assert.equal((await push({ ...request, client_id: publicId })).statusCode, 201)
  const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`
  const basic = { ...request, client_id: client.client_id }
  assert.equal((await push(basic, { headers: { authorization } })).statusCode, 201)
  assert.equal(
    errorOf(await push({ ...basic, client_id: publicId }, { headers: { authorization } })),
    'invalid_request',
  )
  const machine = await acme.client()
  assert.equal((await push({ ...request, ...machine })).statusCode, 400, 'without the grant and a redirect URI')
  assert.equal(
    (await launched.app.store.activity.selectFrom('pushed_requests').selectAll().execute()).length,
    2,
    'what is refused is not kept',
  )
})

test('RFC 9126 §2.3: a form by POST, of 16 KB at most', async (t) => {
  const { client, request, push, launched } = await scene(t)
  const large = await push({ ...request, ...client, state: 'x'.repeat(1_000_000) })
  assert.deepEqual([large.statusCode, errorOf(large)], [413, 'invalid_request'])
  assert.equal(errorOf(await push({ ...request, ...client, state: 'x'.repeat(15_000) })), 'invalid_request')
  assert.equal((await launched.ask('GET', '/oauth/par')).statusCode, 405)
  assert.equal((await launched.ask('POST', '/oauth/par', { body: { ...request, ...client } })).statusCode, 400)
  assert.equal((await push({ ...request, ...client }, { host: 'auth.multi.localhost' })).statusCode, 404)
  const twice = `${new URLSearchParams({ ...request, ...client }).toString()}&scope=write`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await launched.ask('POST', '/oauth/par', { headers, body: twice })).statusCode, 400)
})

test('RFC 9126 §6: a client that must push cannot come without having pushed', async (t) => {
  const { launched, acme, client, request, pushed, clock } = await scene(t)
  await launched.app.store.transaction((trx) =>
    trx.updateTable('clients').set({ par_required: 1 }).where('id', '=', client.client_id).execute(),
  )
  const browser = await signIn(launched, acme.owner, clock())
  const { client_id } = client
  assert.equal((await authorize(launched, browser, { ...request, client_id })).statusCode, 400)
  assert.equal((await authorize(launched, browser, { client_id, request_uri: await pushed() })).statusCode, 200)
})

test('RFC 9126 §2.3: anybody may push in the name of a public client, but one address only so often', async (t) => {
  const { client, publicId, request, push, clock } = await scene(t)
  const asPublic = (headers = {}) => push({ ...request, client_id: publicId }, { headers })
  let pushes = 0
  let answer = await asPublic()
  for (; answer.statusCode === 201; answer = await asPublic()) pushes++
  assert.deepEqual([pushes, answer.statusCode, answer.headers['retry-after']], [600, 429, '90'])
  assert.equal((await asPublic({ 'x-forwarded-for': '203.0.113.7' })).statusCode, 201)
  assert.equal((await push({ ...request, ...client })).statusCode, 201, 'who proves itself is not held to it')
  clock.advance(90_000)
  assert.equal((await asPublic()).statusCode, 201)
})
