// RFC 6749 §3.1, RFC 9700 §2.1, §4.4: requests that are polluted, too large, or of another protocol than this one.
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { requestParameters } from '../../src/oauth/authorize/request.ts'
import { storePushedRequest } from '../../src/oauth/pushed-requests.ts'
import { type Parameters, authorize, decide, formOf, sentTo } from '../oauth/flow.ts'
import { assertShown, authorizationScene, redirect_uri, sentBack } from './authorization-scene.ts'

/** Of these, an answer to the client would already be a mistake. */
const shown = new Set(['client_id', 'redirect_uri', 'request_uri'])

const good: Readonly<Record<string, string>> = {
  response_mode: 'query',
  nonce: 'n',
  prompt: 'consent',
  max_age: '60',
  login_hint: 'person@example.com',
  id_token_hint: 'an.id.token',
  dpop_jkt: 'x'.repeat(43),
  request: 'e30.e30.',
  request_uri: `urn:ietf:params:oauth:request_uri:${'x'.repeat(43)}`,
}

type Scene = Awaited<ReturnType<typeof authorizationScene>>

/** The same request by GET, and by POST as OpenID Connect Core §3.1.2.1 has it. */
const byBoth = async ({ launched, browser }: Scene, parameters: Parameters) => {
  const posted = await launched.ask('POST', '/oauth/authorize', {
    headers: { cookie: browser.cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  })
  assert.equal(posted.statusCode, 303)
  const location = String(posted.headers.location)
  assert.match(location, /^\/oauth\/authorize\?/)
  return [
    await authorize(launched, browser, parameters),
    await launched.ask('GET', location, { headers: { cookie: browser.cookie } }),
  ]
}

test('each parameter twice, equal or not: told to the client, but where it is not sure who that is', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, rows } = scene
  const all = { ...good, ...request }
  for (const name of requestParameters) {
    const base = Object.entries(request).filter(([key]) => key !== name)
    const value = all[name as keyof typeof all] ?? ''
    for (const [first, second] of [
      [value, value],
      [value, 'other'],
      ['other', value],
    ] as const)
      for (const page of await byBoth(scene, [...base, [name, first], [name, second]])) {
        const what = `${name}: ${first}, ${second}`
        if (shown.has(name)) {
          assertShown(page, 400, what)
          continue
        }
        const { error, state } = sentBack(page, launched.config.issuer)
        assert.equal(error, 'invalid_request', what)
        assert.equal(state, name === 'state' ? undefined : request.state, what)
      }
  }
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('what else a request or a form holds changes nothing: query and body are not mixed', async (t) => {
  const { launched, browser, request, acme, rows } = await authorizationScene(t)
  const other = await acme.client({ name: 'Other', redirect_uris: ['https://evil.example/cb'] })
  const evil = { client_id: other.client_id, redirect_uri: 'https://evil.example/cb', scope: 'read', state: 'evil' }
  const posted = await launched.ask('POST', `/oauth/authorize?${new URLSearchParams(evil).toString()}`, {
    headers: { cookie: browser.cookie },
    form: request,
  })
  const { searchParams } = new URL(String(posted.headers.location), 'http://localhost')
  assert.deepEqual(Object.fromEntries(searchParams), request)

  const page = await authorize(launched, browser, request)
  const answer = await decide(launched, browser, page, 'allow', evil)
  assert.equal(sentBack(answer, launched.config.issuer).state, request.state)
  const [grant] = (await rows()).grants
  assert.deepEqual([grant?.client_id, grant?.scopes], [request.client_id, 'read write'])

  const { action, fields } = formOf(page)
  for (const twice of ['form_token', 'decision', 'organization'])
    assertShown(
      await launched.ask('POST', action, {
        headers: { cookie: browser.cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams([
          ...Object.entries({ ...fields, decision: 'allow' }),
          [twice, fields[twice] ?? 'deny'],
        ]).toString(),
      }),
      400,
      twice,
    )
  assert.equal((await rows()).grants.length, 1)
})

test('a request is read strictly, whatever its size and form', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  const { action } = formOf(await authorize(launched, browser, request))
  const post = (url: string, body: string, type = 'application/x-www-form-urlencoded') =>
    launched.ask('POST', url, { headers: { cookie: browser.cookie, 'content-type': type }, body })
  const large = `${new URLSearchParams(request).toString()}&x=${'x'.repeat(1_000_000)}`
  for (const url of ['/oauth/authorize', action]) {
    assertShown(await post(url, large), 413, url)
    assertShown(await post(url, JSON.stringify(request), 'application/json'), 400, url)
    assertShown(await post(url, 'x', 'multipart/form-data; boundary=x'), 400, url)
    assertShown(await post(url, 'a=%zz'), 400, url)
    assertShown(await post(url, 'a=%ff'), 400, url)
    assertShown(await post(url, 'a&'.repeat(100)), 400, url)
  }
  const query = new URLSearchParams(request).toString()
  for (const bad of ['&x=%zz', '&state=%00', '&x=%ff', '&a'.repeat(100), '&x=%C0%AF'])
    assertShown(
      await launched.ask('GET', `/oauth/authorize?${query}${bad}`, { headers: { cookie: browser.cookie } }),
      400,
      bad,
    )
  for (const [name, value] of [
    ['state', 'x'.repeat(2001)],
    ['nonce', 'x'.repeat(501)],
    ['login_hint', 'x'.repeat(255)],
    ['max_age', '-1'],
    ['max_age', '1e3'],
    ['max_age', '9'.repeat(10)],
    ['prompt', 'none login'],
    ['prompt', 'create'],
    ['dpop_jkt', 'x'],
    ['code_challenge', 'x'],
    ['code_challenge', `${'x'.repeat(43)}=`],
    ['code_challenge_method', 'plain'],
    ['code_challenge_method', 's256'],
    ['code_challenge_method', ''],
    ['code_challenge', ''],
  ] as const) {
    const { error } = sentBack(
      await authorize(launched, browser, { ...request, [name]: value }),
      launched.config.issuer,
    )
    assert.equal(error, 'invalid_request', `${name}=${value.slice(0, 20)}`)
  }
})

test('a request that sign-in could not carry back is refused, and the longest that is taken comes back whole', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  for (const who of [browser, undefined])
    assertShown(await authorize(launched, who, { ...request, state: 'é'.repeat(1000) }), 400, 'too long')
  const state = `${'x'.repeat(400)}${'é'.repeat(700)}`
  const moved = await authorize(launched, undefined, { ...request, state })
  const login = await launched.ask('GET', String(moved.headers.location))
  assert.equal(login.statusCode, 200)
  const { return_to = '' } = formOf(login).fields
  const page = await launched.ask('GET', return_to, { headers: { cookie: browser.cookie } })
  assert.equal(sentBack(await decide(launched, browser, page), launched.config.issuer).state, state)
})

test('PUT, DELETE, HEAD and their like do nothing here', async (t) => {
  const { launched, browser, request, rows } = await authorizationScene(t)
  const { action, fields } = formOf(await authorize(launched, browser, request))
  const query = new URLSearchParams({ ...fields, decision: 'allow' }).toString()
  const { cookie } = browser
  for (const method of ['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'GET'])
    assert.equal((await launched.ask(method, `${action}&${query}`, { headers: { cookie } })).statusCode, 404, method)
  for (const method of ['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'])
    assert.equal((await launched.ask(method, `/oauth/authorize?${query}`)).statusCode, 404, method)
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('request objects are refused unread, and no address in a request is fetched (RFC 9101, RFC 9700 §4.10)', async (t) => {
  const { launched, browser, request, acme, clock, rows } = await authorizationScene(t)
  const { app, config } = launched
  for (const object of ['e30.e30.', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(3000)]) {
    const page = await authorize(launched, browser, { ...request, request: object })
    assert.equal(sentBack(page, config.issuer).error, 'request_not_supported')
  }
  const connect = t.mock.method(Socket.prototype, 'connect')
  for (const request_uri of [
    'https://evil.example/request.jwt',
    'http://127.0.0.1:1/request.jwt',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'data:application/oauth-authz-req+jwt,e30.e30.',
    'urn:ietf:params:oauth:request_uri:',
    `urn:ietf:params:oauth:request_uri:${'x'.repeat(43)}`,
    `URN:ietf:params:oauth:request_uri:${'x'.repeat(43)}`,
    `urn:ietf:params:oauth:request_uri:${'x'.repeat(43)}\u200b`,
  ])
    assertShown(await authorize(launched, browser, { ...request, request_uri }), 400, request_uri)
  assert.equal(connect.mock.callCount(), 0)

  const mine = new URLSearchParams(request).toString()
  const pushed = await storePushedRequest(app.store, request.client_id, mine, clock())
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  const { requestUri: request_uri } = pushed
  assertShown(await authorize(launched, browser, { ...request, client_id: other.client_id, request_uri }), 400, 'other')
  // RFC 9126 §4: what was pushed counts, and nothing beside it
  const page = await authorize(launched, browser, {
    client_id: request.client_id,
    request_uri,
    redirect_uri: 'https://evil.example/cb',
    scope: 'read',
    state: 'evil',
    response_type: 'token',
  })
  const answer = await decide(launched, browser, page)
  assert.equal(sentBack(answer, config.issuer).state, request.state)
  assert.equal((await rows()).grants[0]?.scopes, 'read write')
  assertShown(await decide(launched, browser, page), 400, 'a second time')
  assertShown(await authorize(launched, browser, { client_id: request.client_id, request_uri }), 400, 'used')
})

test('no script of another site reads the endpoint (RFC 9700 §2.6)', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  const headers = { cookie: browser.cookie, origin: 'https://shop.example.com' }
  const { action } = formOf(await authorize(launched, browser, request))
  for (const [method, url] of [
    ['GET', `/oauth/authorize?${new URLSearchParams(request).toString()}`],
    ['POST', '/oauth/authorize'],
    ['POST', action],
    ['OPTIONS', '/oauth/authorize'],
    ['OPTIONS', action],
  ] as const) {
    const answer = await launched.ask(method, url, {
      headers: { ...headers, ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }) },
    })
    const allowed = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
    assert.deepEqual(allowed, [], `${method} ${url}`)
  }
})

test('code is the only response type, and the answer is in no fragment', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  const error = async (more: Record<string, string>) =>
    sentBack(await authorize(launched, browser, { ...request, ...more }), launched.config.issuer).error
  for (const response_type of [
    'token',
    'id_token',
    'code token',
    'code id_token',
    'none',
    'CODE',
    'code code',
    'code ',
  ])
    assert.equal(await error({ response_type }), 'unsupported_response_type', response_type)
  assert.equal(await error({ response_type: '' }), 'invalid_request')
  for (const response_mode of ['fragment', 'query.jwt', 'form_post.jwt', 'jwt', 'web_message', 'Form_Post', 'query '])
    assert.equal(await error({ response_mode }), 'invalid_request', response_mode)
  assert.equal(await error({ response_type: 'token', response_mode: 'fragment' }), 'unsupported_response_type')
})

test('an alias of an API, a forged Host and a forwarded one lead to the issuer and nowhere else', async (t) => {
  const { launched, request } = await authorizationScene(t)
  const query = new URLSearchParams(request).toString()
  for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:80', '169.254.169.254'])
    assert.equal((await authorize(launched, undefined, request, host)).statusCode, 421, host)
  for (const headers of [
    { 'x-forwarded-host': 'evil.example' },
    { 'x-original-url': 'https://evil.example/' },
    { forwarded: 'host=evil.example' },
    { referer: 'https://evil.example/', origin: 'https://evil.example' },
  ] as Record<string, string>[]) {
    const { statusCode, headers: answered } = await launched.ask('GET', `/oauth/authorize?${query}`, { headers })
    assert.equal(statusCode, 303)
    assert.match(String(answered.location), /^\/login\?return_to=%2Foauth%2Fauthorize%3F/)
  }
  for (const more of ['&_asked=1.x', '&next=//evil.example', '&return_to=https://evil.example'])
    assert.doesNotMatch(
      String((await launched.ask('GET', `/oauth/authorize?${query}${more}`)).headers.location),
      /evil|1\.x/,
    )
})

test('the client’s answer is known by its issuer, also where there is no code (RFC 9207 §2.4)', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  const { issuer } = launched.config
  const page = await authorize(launched, browser, request)
  const answers = [
    await decide(launched, browser, page),
    await decide(launched, browser, page, 'deny'),
    await authorize(launched, undefined, { ...request, prompt: 'none' }),
    await authorize(launched, browser, { ...request, scope: 'nonsense' }),
    await authorize(launched, browser, { ...request, resource: 'https://nowhere.example' }),
  ]
  assert.deepEqual(
    answers.map((answer) => sentBack(answer, issuer).error),
    [undefined, 'access_denied', 'login_required', 'invalid_scope', 'invalid_target'],
  )
  const { code } = sentTo(answers[0] as (typeof answers)[number], redirect_uri)
  assert.match(String(code), /^ac_[\w-]{43}$/)
})
