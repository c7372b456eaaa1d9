// RFC 9700 §4.16, OWASP ASVS 5.0 §3.5, §10.4: consent that nobody gave, pages that say more than they should, and clients’ words in them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { authorize, decide, formOf, signIn } from '../oauth/flow.ts'
import { assertGuarded, assertShown, authorizationScene, redirect_uri, sentBack } from './authorization-scene.ts'

test('a form allows nothing from another session, after another sign-in, for another request, or from another site', async (t) => {
  const { launched, browser, request, acme, clock, rows } = await authorizationScene(t, {
    redirect_uris: [redirect_uri, `${redirect_uri}/2`],
  })
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  const { action, fields } = formOf(await authorize(launched, browser, request))
  const mine = await signIn(launched, acme.owner, clock())
  const { fields: ofMine } = formOf(await authorize(launched, mine, request))
  const attempt = async (what: string, given: { cookie?: string; url?: string; form?: object; headers?: object }) => {
    const { cookie = browser.cookie, url = action, form = {}, headers = {} } = given
    for (const decision of ['allow', 'deny'])
      assertShown(
        await launched.ask('POST', url, {
          headers: { ...(cookie !== '' && { cookie }), ...headers },
          form: { ...fields, decision, ...form },
        }),
        400,
        what,
      )
  }
  await attempt('without a session', { cookie: '' })
  await attempt('with another session of the same person', { cookie: mine.cookie })
  await attempt('with two sessions', { cookie: `${browser.cookie}; ${mine.cookie}` })
  await attempt('with the token of another session', { form: { form_token: ofMine.form_token } })
  await attempt('without a token', { form: { form_token: '' } })
  await attempt('with a made-up token', { form: { form_token: `${clock()}.${'0'.repeat(64)}` } })
  await attempt('with a younger token', {
    form: { form_token: String(fields.form_token).replace(/^\d+/, String(clock() + 1)) },
  })
  for (const site of ['cross-site', 'same-site'])
    await attempt(`from a page that is ${site}`, {
      headers: { origin: 'https://evil.example', 'sec-fetch-site': site },
    })
  await attempt('from a page of another origin', { headers: { origin: 'https://evil.example' } })
  for (const [name, value] of [
    ['scope', 'read'],
    ['client_id', other.client_id],
    ['redirect_uri', `${redirect_uri}/2`],
    ['state', 'x'],
    ['code_challenge', 'x'.repeat(43)],
    ['response_mode', 'form_post'],
    ['prompt', 'consent'],
    ['resource', 'https://stock.example.com'],
    ['dpop_jkt', 'x'.repeat(43)],
  ] as const) {
    const changed = new URL(action, 'http://localhost')
    changed.searchParams.set(name, value)
    await attempt(`with another ${name}`, { url: `${changed.pathname}${changed.search}` })
  }
  // a mark that asks for a sign-in is no consent
  const login = await authorize(launched, undefined, request)
  const back = new URL(
    new URL(String(login.headers.location), 'http://localhost').searchParams.get('return_to') ?? '',
    'http://localhost',
  )
  await attempt('with the mark of a sign-in', { form: { form_token: back.searchParams.get('_asked') ?? '' } })
  clock.advance(60 * 60_000)
  await attempt('an hour later', {})
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('a decision that is neither of the two buttons is a no', async (t) => {
  const { launched, browser, request, rows } = await authorizationScene(t)
  const page = await authorize(launched, browser, request)
  for (const decision of ['', 'ALLOW', 'allow ', 'yes', 'true', '1'])
    assert.equal(
      sentBack(await decide(launched, browser, page, 'deny', { decision }), launched.config.issuer).error,
      'access_denied',
    )
  assert.deepEqual(await rows(), { grants: [], codes: [] })
})

test('a mark of a sign-in long ago does not stand for one that is asked for now', async (t) => {
  const { launched, request, acme, clock } = await authorizationScene(t)
  const fresh = { ...request, prompt: 'login' }
  const login = await authorize(launched, undefined, fresh)
  const { searchParams } = new URL(String(login.headers.location), 'http://localhost')
  const back = Object.fromEntries(new URL(searchParams.get('return_to') ?? '', 'http://localhost').searchParams)
  clock.advance(1000)
  const browser = await signIn(launched, acme.owner, clock())
  assert.equal((await authorize(launched, browser, back)).statusCode, 200)
  // the person has left the screen; somebody else comes with a mark that was fetched beforehand
  clock.advance(10 * 60_000)
  const later = await authorize(launched, browser, back)
  assert.match(String(later.headers.location), /^\/login\?/)
})

test('every page is guarded: no frame, no script but the one that is named, nothing kept or told', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  const consent = await authorize(launched, browser, request)
  const { action } = formOf(consent)
  const pages = {
    consent,
    refused: await authorize(launched, browser, { ...request, client_id: 'unknown' }),
    expired: await launched.ask('POST', action, { headers: { cookie: browser.cookie }, form: {} }),
    error: await authorize(launched, browser, { ...request, scope: 'x', response_mode: 'form_post' }),
    code: await decide(
      launched,
      browser,
      await authorize(launched, browser, { ...request, response_mode: 'form_post' }),
    ),
  }
  for (const [name, page] of Object.entries(pages)) {
    assertGuarded(page, name)
    const policy = String(page.headers['content-security-policy'])
    const targets = /form-action ([^;]*)/.exec(policy)?.[1]
    const leads = name === 'refused' || name === 'expired' ? "'self'" : "'self' https://shop.example.com"
    assert.equal(targets, leads, name)
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1]
    if (name === 'error' || name === 'code') assert.match(String(scripts), /^'sha256-[\w+/]+='$/, name)
    else assert.equal(scripts, undefined, name)
  }
})

const markup = /<\/?(?:script|img|svg|iframe|a|form|input|button|style|meta|base|b)\b/gi

test('no word of a client or a request becomes markup: its name, state, errors, and what is posted to it', async (t) => {
  const { launched, browser, request, acme } = await authorizationScene(t)
  const tags = (body: string): string[] => body.match(markup) ?? []
  const plain = await authorize(launched, browser, request)
  const posted = await authorize(launched, browser, { ...request, prompt: 'none', response_mode: 'form_post' })
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 80 }),
    fc
      .array(
        fc.constantFrom('<script>', '</script>', '"', "'", '>', '<', '&', '&lt;', '</form>', '-->', '`', '\\', 'x'),
        { minLength: 1, maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  )
  const printable = (words: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(words)
  await fc.assert(
    fc.asyncProperty(text.filter(printable), async (state) => {
      const answer = await authorize(launched, browser, {
        ...request,
        prompt: 'none',
        response_mode: 'form_post',
        state,
      })
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(tags(answer.body), tags(posted.body))
      assert.equal(formOf(answer).fields.state, state)
      const page = await authorize(launched, browser, { ...request, state })
      assert.deepEqual(tags(page.body), tags(plain.body))
      const { error, state: sent } = sentBack(
        await authorize(launched, browser, { ...request, prompt: 'none', state }),
        launched.config.issuer,
      )
      assert.deepEqual([error, sent], ['consent_required', state])
    }),
    { numRuns: 60 },
  )
  await fc.assert(
    fc.asyncProperty(
      text.filter((name) => printable(name) && name.trim() !== ''),
      async (name) => {
        const client = await acme.client({ name, redirect_uris: [redirect_uri] })
        const page = await authorize(launched, browser, { ...request, client_id: client.client_id })
        assert.equal(page.statusCode, 200)
        assert.deepEqual(tags(page.body), tags(plain.body), name)
      },
    ),
    { numRuns: 30 },
  )
  for (const name of ['\u202egro.elpmaxe', 'a\u0000b', 'a\nb', '\u2066x'])
    await assert.rejects(acme.client({ name, redirect_uris: [redirect_uri] }), /400/, JSON.stringify(name))
})

test('a refusal says nothing of what was sent, whatever it was', async (t) => {
  const { launched, browser, request } = await authorizationScene(t)
  for (const name of ['client_id', 'redirect_uri', 'request_uri']) {
    const page = await authorize(launched, browser, { ...request, [name]: '"><script>alert(1)</script>smuggled' })
    assertShown(page, 400, name)
    assert.doesNotMatch(page.body, /smuggled|alert\(/, name)
  }
})
