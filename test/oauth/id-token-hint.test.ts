// OpenID Connect Core §3.1.2.1, §3.1.2.2: with an id_token_hint the answer is about that person or there is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowedCode, authorize, pkce, sentTo, signIn, token } from './flow.ts'

const redirect_uri = 'https://app.example.com/callback'

test('id_token_hint', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const [ada, bob] = [await world(launched), await world(launched)]
  const client = await ada.client({ redirect_uris: [redirect_uri] })
  const { verifier, challenge } = pkce()
  const request = {
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid',
    resource: launched.config.management.audience,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const idToken = async (browser: Awaited<ReturnType<typeof signIn>>, of = client): Promise<string> => {
    const code = await allowedCode(launched, browser, { ...request, client_id: of.client_id })
    const { body } = await token(launched, of, {
      grant_type: 'authorization_code',
      code,
      redirect_uri,
      code_verifier: verifier,
    })
    return body.id_token ?? ''
  }
  const [hers, his] = [await signIn(launched, ada.owner, clock()), await signIn(launched, bob.owner, clock())]
  const hint = await idToken(hers)
  await idToken(his)

  await t.test('of who is signed in: as without it, even when it has ended', async () => {
    clock.advance(2 * 3_600_000)
    assert.ok(sentTo(await authorize(launched, hers, { ...request, id_token_hint: hint }), redirect_uri).code)
    const silent: Record<string, string> = { ...request, id_token_hint: hint, prompt: 'none' }
    assert.ok(sentTo(await authorize(launched, hers, silent), redirect_uri).code)
  })

  await t.test('of somebody else: never a code for who is signed in', async () => {
    const silent = await authorize(launched, his, { ...request, id_token_hint: hint, prompt: 'none' })
    assert.equal(sentTo(silent, redirect_uri).error, 'login_required')
    const page = await authorize(launched, his, { ...request, id_token_hint: hint })
    assert.equal(page.statusCode, 303)
    const login = new URL(String(page.headers.location), 'http://localhost')
    assert.equal(login.pathname, '/login')
    assert.equal(login.searchParams.get('prompt'), 'login', 'or the session would lead straight back')
    const back = new URL(login.searchParams.get('return_to') ?? '', 'http://localhost')
    clock.advance(1000)
    const again = Object.fromEntries(back.searchParams)
    const right = await authorize(launched, await signIn(launched, ada.owner, clock()), again)
    assert.ok(sentTo(right, redirect_uri).code)
    const wrong = await authorize(launched, await signIn(launched, bob.owner, clock()), again)
    assert.equal(sentTo(wrong, redirect_uri).error, 'login_required', 'and not round and round')
  })

  await t.test('of another client, an access token or nonsense: refused', async () => {
    const other = await bob.client({ redirect_uris: [redirect_uri] })
    for (const id_token_hint of [await idToken(hers, other), `${hint.slice(0, -4)}AAAA`, 'x']) {
      const answer = sentTo(await authorize(launched, hers, { ...request, id_token_hint }), redirect_uri)
      assert.equal(answer.error, 'invalid_request')
      assert.equal(answer.code, undefined)
    }
  })
})
