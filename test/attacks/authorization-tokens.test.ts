// RFC 9700 §4.5, §4.13, §4.14: codes and refresh tokens in the wrong hands, in the wrong place, and in the log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedCode, authorize, claimsOf, decide, pkce, sentTo, signIn, token } from '../oauth/flow.ts'
import { authorizationScene, redirect_uri } from './authorization-scene.ts'

test('a code that is slipped into another session, client or redirect gives nothing (RFC 9700 §4.5)', async (t) => {
  const { launched, browser, request, redeem, acme, verifier } = await authorizationScene(t, {
    redirect_uris: [redirect_uri, `${redirect_uri}/2`],
  })
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  const attacker = pkce()
  const code = () => allowedCode(launched, browser, request)
  const stolen = await code()
  const attempts: [string, Record<string, string>, typeof other?][] = [
    ['the verifier of another request', { code_verifier: attacker.verifier }],
    ['no verifier', { code_verifier: '' }],
    ['the challenge for a verifier', { code_verifier: request.code_challenge }],
    ['a verifier that is cut', { code_verifier: verifier.slice(0, 42) }],
    ['a verifier and more', { code_verifier: `${verifier}x` }],
    ['a verifier of 129', { code_verifier: 'x'.repeat(129) }],
    ['another client', {}, other],
    ['another redirect URI of the client', { redirect_uri: `${redirect_uri}/2` }],
    ['a redirect URI of nobody', { redirect_uri: 'https://evil.example/' }],
    ['a code and more', { code: `${stolen}x` }],
    ['a code in other letters', { code: stolen.toUpperCase() }],
  ]
  for (const [what, more, as] of attempts) {
    const { status, body } = await redeem(stolen, more, as)
    assert.deepEqual([status, body.error], [400, 'invalid_grant'], what)
    assert.equal(body.error_description?.includes(stolen), false)
  }
  const answers = new Set<string | undefined>()
  for (const [, more, as] of attempts) answers.add((await redeem(stolen, more, as)).body.error_description)
  assert.equal(answers.size, 1, 'all of them look alike')
  assert.equal((await redeem(stolen)).status, 200, 'and none has used it up')
})

test('PKCE is not taken off on the way (RFC 9700 §4.8)', async (t) => {
  const { launched, browser, request, redeem, rows } = await authorizationScene(t, { pkce: 'optional' })
  const { code_challenge: _, code_challenge_method: __, ...bare } = request
  // an attacker who strips the challenge gets a code that the honest client's verifier does not open
  const stripped = await allowedCode(launched, browser, bare)
  assert.equal((await redeem(stripped)).body.error, 'invalid_grant')
  // a challenge without a method would be plain (RFC 7636 §4.3), which is not taken
  for (const downgrade of [
    { ...bare, code_challenge: request.code_challenge },
    { ...bare, code_challenge: request.code_challenge, code_challenge_method: 'plain' },
    { ...bare, code_challenge_method: 'S256' },
  ])
    assert.equal(sentTo(await authorize(launched, browser, downgrade), redirect_uri).error, 'invalid_request')
  const bound = await allowedCode(launched, browser, request)
  assert.equal((await redeem(bound, { code_verifier: '' })).body.error, 'invalid_grant')
  assert.equal((await rows()).codes.filter(({ redeemed_at }) => redeemed_at !== null).length, 0)
})

test('whoever finds a used code cannot end with it what it gave; whoever could have redeemed it does', async (t) => {
  const { launched, browser, request, redeem, judge, acme } = await authorizationScene(t, { public: true })
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  const code = await allowedCode(launched, browser, request)
  const { body } = await redeem(code)
  await redeem(code, { code_verifier: '' })
  await redeem(code, { code_verifier: pkce().verifier })
  await redeem(code, { redirect_uri: 'https://evil.example/' })
  await redeem(code, {}, other)
  assert.equal((await judge(body.access_token)).code, 'valid')
  assert.equal((await redeem(code)).body.error, 'invalid_grant')
  assert.equal((await judge(body.access_token)).code, 'invalid_api_key')
})

test('the nonce is that of the request behind the code (OpenID Connect Core §15.5.2)', async (t) => {
  const { launched, browser, request, redeem } = await authorizationScene(t)
  const nonces = ['one', 'two']
  const codes: string[] = []
  for (const nonce of nonces)
    codes.push(await allowedCode(launched, browser, { ...request, scope: 'openid read', nonce }))
  for (const [index, code] of codes.entries()) {
    const { body } = await redeem(code, { nonce: 'evil' })
    assert.equal(claimsOf(body.id_token as string).nonce, nonces[index])
  }
})

test('a refresh token is of its client alone, and proves nothing anywhere else', async (t) => {
  const { launched, browser, request, redeem, client, acme, judge } = await authorizationScene(t)
  const { ask } = launched
  const { body } = await redeem(await allowedCode(launched, browser, { ...request, scope: 'openid read' }))
  const refresh_token = body.refresh_token as string
  const refresh = (as: { client_id: string; client_secret?: string }) =>
    token(launched, as, { grant_type: 'refresh_token', refresh_token })
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  const open = await acme.client({ redirect_uris: [redirect_uri], public: true })
  for (const as of [other, { client_id: open.client_id }])
    assert.deepEqual([(await refresh(as)).status, (await refresh(as)).body.error], [400, 'invalid_grant'])
  for (const as of [
    { client_id: client.client_id },
    { ...client, client_secret: other.client_secret },
    { client_id: other.client_id, client_secret: client.client_secret },
  ])
    assert.deepEqual([(await refresh(as)).status, (await refresh(as)).body.error], [401, 'invalid_client'])

  // nor are the kinds of token taken for one another
  const code = await allowedCode(launched, browser, { ...request, scope: 'openid read' })
  for (const secret of [refresh_token, code, body.id_token as string]) {
    assert.equal((await judge(secret)).code, 'invalid_api_key')
    for (const url of ['/oauth/userinfo', '/api/v1/users/me'])
      assert.equal((await ask('GET', url, { as: secret })).statusCode, 401, url)
    assert.equal((await ask('GET', '/', { host: 'orders.test', as: secret })).statusCode, 401)
  }
  const misused: Record<string, string>[] = [
    { grant_type: 'authorization_code', code: refresh_token, redirect_uri },
    { grant_type: 'refresh_token', refresh_token: code },
    { grant_type: 'refresh_token', refresh_token: body.access_token },
    { grant_type: 'refresh_token', refresh_token: body.id_token as string },
  ]
  for (const form of misused) assert.equal((await token(launched, client, form)).body.error, 'invalid_grant')
  for (const subject_token of [refresh_token, code, body.access_token, body.id_token as string])
    for (const type of ['api-key', 'personal-access-token']) {
      const { status } = await token(launched, client, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token,
        subject_token_type: `urn:latchkey:params:oauth:token-type:${type}`,
      })
      assert.equal(status, 400, type)
    }
  const introspected = await ask('POST', '/oauth/introspect', { form: { ...other, token: refresh_token } })
  assert.deepEqual(introspected.json(), { active: false }, 'another client learns nothing')
  assert.equal((await refresh(client)).status, 200, 'and it is as good as before')
})

test('a refresh token of a public client rotates like any other, and ends when it is stolen', async (t) => {
  const { launched, browser, request, redeem, clock, judge } = await authorizationScene(t, { public: true })
  const { client_id } = request
  const { body } = await redeem(await allowedCode(launched, browser, request), {}, { client_id } as never)
  const refresh = (refresh_token = '') => token(launched, { client_id }, { grant_type: 'refresh_token', refresh_token })
  const mine = await refresh(body.refresh_token)
  assert.notEqual(mine.body.refresh_token, body.refresh_token)
  clock.advance(11_000)
  assert.equal((await refresh(body.refresh_token)).body.error, 'invalid_grant')
  assert.equal((await refresh(mine.body.refresh_token)).body.error, 'invalid_grant')
  assert.equal((await judge(mine.body.access_token)).code, 'invalid_api_key')
})

test('no state, code, token, verifier or session is in the log, the audit trail or the store', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, acme, clock, lines, verifier, client } = scene
  const secretState = 'state-that-only-the-client-knows'
  const browser = await signIn(launched, acme.owner, clock())
  const asking = { ...request, scope: 'openid read', state: secretState, nonce: 'nonce-of-the-client-alone' }
  const page = await authorize(launched, browser, asking)
  await decide(launched, browser, page, 'deny')
  await decide(launched, browser, page, 'allow', { form_token: 'form-token-that-was-made-up' })
  const { code = '' } = sentTo(await decide(launched, browser, page), redirect_uri)
  const { body } = await scene.redeem(code)
  const secrets = [
    secretState,
    asking.nonce,
    'form-token-that-was-made-up',
    code,
    verifier,
    client.client_secret,
    browser.cookie.split('=')[1] as string,
    body.access_token,
    body.refresh_token as string,
    body.id_token as string,
  ]
  const refreshed = await token(launched, client, { grant_type: 'refresh_token', refresh_token: secrets[8] as string })
  secrets.push(refreshed.body.refresh_token as string, refreshed.body.access_token)
  for (const secret of secrets) {
    assert.ok(secret.length > 20, secret)
    await authorize(launched, browser, { ...asking, client_id: secret })
    await authorize(launched, browser, { ...asking, redirect_uri: `https://evil.example/${secret}` })
    await authorize(launched, browser, { ...asking, scope: secret, response_type: secret, prompt: secret })
    await authorize(launched, undefined, { ...asking, request_uri: secret })
    await launched.ask('POST', `/oauth/authorize/decision?code=${secret}`, { form: { form_token: secret } })
    const forms: Record<string, string>[] = [
      { grant_type: 'authorization_code', code: secret, redirect_uri: secret, code_verifier: secret },
      { grant_type: 'refresh_token', refresh_token: secret },
      { grant_type: secret },
    ]
    for (const form of forms) await token(launched, client, form)
    await token(launched, { client_id: secret, client_secret: secret }, { grant_type: 'authorization_code', code })
  }
  assert.ok(lines.length > 100)
  const written = lines.join('\n')
  const { db, activity } = launched.app.store
  const kept = JSON.stringify([
    await db.selectFrom('audit').selectAll().execute(),
    await db.selectFrom('grants').selectAll().execute(),
    await db.selectFrom('codes').select(['hash', 'redirect_uri', 'code_challenge']).execute(),
    await db.selectFrom('refresh_tokens').selectAll().execute(),
    await db.selectFrom('sessions').selectAll().execute(),
    await db.selectFrom('consents').selectAll().execute(),
    await activity.selectFrom('pushed_requests').selectAll().execute(),
  ])
  for (const secret of secrets) {
    assert.equal(written.includes(secret), false, `logged: ${secret}`)
    assert.equal(kept.includes(secret), false, `kept: ${secret}`)
  }
})

test('a code in an address is not logged either, wherever it is carried to', async (t) => {
  const { launched, lines } = await authorizationScene(t)
  const code = `ac_${'x'.repeat(43)}`
  for (const path of ['/oauth/authorize', '/login', '/callback', `/${code}`, `/oauth/authorize/${code}`])
    await launched.ask('GET', `${path}?code=${code}&state=${code}`)
  assert.ok(lines.length >= 5)
  assert.equal(lines.join('\n').includes(code), false)
})
