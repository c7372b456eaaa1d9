// RFC 9700 §4.11.2: anybody may make a client where registration is open or documents are taken. Through such a one this server leads
// nobody to another site unasked: neither by a request that is wrong, nor by a silent one, nor by signing out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, seeds, world } from '../harness.ts'
import { authorize, decide, formOf, type Page, pkce, sentTo, signIn } from '../oauth/flow.ts'

const evil = 'https://evil.example.net/callback'
const app = 'http://127.0.0.1:3000/callback'

test('a client of nobody leads to another site only by a press of a button that says where', async (t) => {
  const launched = await launch(t, { file: { ...seeds, oauth: { registration: 'open' } } })
  const { ask, config } = launched
  const acme = await world(launched)
  const browser = await signIn(launched, acme.owner)
  const body = {
    client_name: 'App',
    redirect_uris: [evil, app],
    post_logout_redirect_uris: [evil],
    token_endpoint_auth_method: 'none',
  }
  const { client_id = '' } = (await ask('POST', '/oauth/register', { body })).json<Record<string, string>>()
  const right = {
    client_id,
    redirect_uri: evil,
    response_type: 'code',
    resource: config.apis.get('example')?.audience ?? '',
    scope: 'read',
    state: 's"><script>',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }
  const wrong: Record<string, Record<string, string>> = {
    invalid_scope: { scope: 'unheard-of' },
    login_required: { prompt: 'none' },
    unsupported_response_type: { response_type: 'token' },
  }
  const staysHere = (page: Page, what: string): void => {
    assert.notEqual(page.statusCode, 303, `${what}: ${String(page.headers.location)}`)
    assert.equal(page.headers.refresh, undefined, what)
    assert.equal(page.body.includes('<script'), false, what)
    assert.match(page.body, /evil\.example\.net/, what)
  }

  await t.test('a wrong request, and a silent one', async () => {
    for (const [error, change] of Object.entries(wrong)) {
      const page = await authorize(launched, undefined, { ...right, ...change })
      staysHere(page, error)
      const [, link = ''] = /<a class="button[^"]*" href="([^"]*)"/.exec(page.body) ?? []
      const sent = new URL(link.replaceAll('&amp;', '&'))
      assert.deepEqual(
        [sent.origin + sent.pathname, sent.searchParams.get('error'), sent.searchParams.get('state')],
        [evil, error, right.state],
      )
      const posted = await authorize(launched, undefined, { ...right, ...change, response_mode: 'form_post' })
      staysHere(posted, `${error}, form_post`)
      assert.doesNotMatch(String(posted.headers['content-security-policy']), /script-src/)
      const { action, fields } = formOf(posted)
      assert.deepEqual([action, fields.error], [evil, error])
    }
    const asked = await authorize(launched, browser, { ...right, prompt: 'none' })
    staysHere(asked, 'consent_required')
    assert.match(asked.body, /consent_required/)
  })

  await t.test('an app on the person’s own machine is told at once: it is no site', async () => {
    const page = await authorize(launched, undefined, { ...right, redirect_uri: app, scope: 'unheard-of' })
    assert.equal(sentTo(page, app).error, 'invalid_scope')
  })

  await t.test('who has been asked, and told where it goes on, is led there', async () => {
    const page = await authorize(launched, browser, right)
    assert.equal(sentTo(await decide(launched, browser, page, 'deny'), evil).error, 'access_denied')
  })

  await t.test('signing out, signed in or not', async () => {
    const query = new URLSearchParams({ client_id, post_logout_redirect_uri: evil, state: 's' }).toString()
    staysHere(await ask('GET', `/oauth/logout?${query}`, {}), 'nobody signed in')
    const { action, fields } = formOf(
      await ask('GET', `/oauth/logout?${query}`, { headers: { cookie: browser.cookie } }),
    )
    const out = await ask('POST', action, { headers: { cookie: browser.cookie }, form: fields })
    staysHere(out, 'signed out by the button')
    assert.match(out.body, /href="https:\/\/evil\.example\.net\/callback\?state=s"/)
  })

  await t.test('a client that somebody here has made is answered as before', async () => {
    const client = await acme.client({ redirect_uris: [evil], post_logout_redirect_uris: [evil] })
    const request = { ...right, client_id: client.client_id, scope: 'unheard-of' }
    assert.equal(sentTo(await authorize(launched, undefined, request), evil).error, 'invalid_scope')
  })
})
