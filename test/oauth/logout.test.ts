// OpenID Connect RP-Initiated Logout §2, §3: signing out is the person's own doing, and leads to registered addresses alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSession } from '../../src/accounts/sessions.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowed } from './allowed.ts'

const out = 'https://app.example.com/signed-out'

test('RP-initiated logout', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const { store } = launched.app
  const acme = await world(launched)
  const register = (name: string, post_logout_redirect_uris: string[]) =>
    acme.client({ name, redirect_uris: ['https://app.example.com/callback'], post_logout_redirect_uris })
  const client = await register('<b>App</b>', [out, `${out}?from=latchkey`, 'com.example.app:/signed-out'])
  const other = await register('Other', ['https://other.example.com/'])
  const idToken = async (userId = acme.owner, of = client): Promise<string> =>
    (await allowed(launched, { client: of, userId, scope: 'openid', api: 'example' }, clock())).id_token ?? ''
  const signIn = async (userId = acme.owner): Promise<string> =>
    `latchkey_session=${(await startSession(store, userId, { ip: undefined }, clock())).value}`
  const ask = (parameters: Record<string, string> | string, cookie?: string) =>
    launched.ask('GET', `/oauth/logout?${new URLSearchParams(parameters).toString()}`, {
      ...(cookie !== undefined && { headers: { cookie } }),
    })
  const sessions = async (): Promise<number> => (await store.db.selectFrom('sessions').select('id').execute()).length
  const clearSessions = () => store.transaction((trx) => trx.deleteFrom('sessions').execute())
  const formOf = (page: string): { action: string; form_token: string } => ({
    action: (/action="([^"]+)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&'),
    form_token: /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? '',
  })

  await t.test('§2: without a hint the person is asked, and signs out by a press of the button', async () => {
    await clearSessions()
    const cookie = await signIn()
    const question = await ask({ client_id: client.client_id, post_logout_redirect_uri: out, state: 'a&b' }, cookie)
    assert.equal(question.statusCode, 200)
    assert.match(question.body, /&lt;b&gt;App&lt;\/b&gt;/)
    assert.match(String(question.headers['content-security-policy']), /form-action 'self' https:\/\/app\.example\.com;/)
    assert.match(String(question.headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.equal(await sessions(), 1)
    const { action, form_token } = formOf(question.body)
    const done = await launched.ask('POST', action, { form: { form_token }, headers: { cookie } })
    assert.equal(done.statusCode, 303)
    assert.equal(done.headers.location, `${out}?state=a%26b`)
    assert.match(String(done.headers['set-cookie']), /^latchkey_session=; .*Max-Age=0/)
    assert.equal(await sessions(), 0)
    const ended = await store.db.selectFrom('audit').selectAll().where('action', '=', 'session.ended').execute()
    assert.equal(ended.length, 1)
  })

  await t.test('nobody else can press it: another session’s token, another request’s, an old one, none', async () => {
    await clearSessions()
    const [cookie, theirs] = [await signIn(), await signIn((await world(launched)).owner)]
    const query = { client_id: client.client_id, post_logout_redirect_uri: out }
    const own = formOf((await ask(query, cookie)).body)
    const attempts = [
      { action: own.action, form_token: '' },
      { action: own.action, form_token: 'x' },
      { action: own.action, form_token: formOf((await ask(query, theirs)).body).form_token },
      { action: own.action, form_token: formOf((await ask({}, cookie)).body).form_token },
      { action: '/oauth/logout/decision', form_token: own.form_token },
    ]
    for (const { action, form_token } of attempts) {
      const answer = await launched.ask('POST', action, { form: { form_token }, headers: { cookie } })
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.headers.location, undefined)
    }
    const elsewhere = await launched.ask('POST', own.action, {
      form: { form_token: own.form_token },
      headers: { cookie, 'sec-fetch-site': 'cross-site' },
    })
    assert.equal(elsewhere.statusCode, 400, 'by a page of another site')
    clock.advance(3_600_000)
    const late = await launched.ask('POST', own.action, { form: { form_token: own.form_token }, headers: { cookie } })
    assert.equal(late.statusCode, 400)
    assert.equal(await sessions(), 2)
  })

  await t.test(
    '§2: the client that shows the person’s own id_token need not ask, even with one that has ended',
    async () => {
      await clearSessions()
      const id_token_hint = await idToken()
      clock.advance(2 * 3_600_000)
      const cookie = await signIn()
      const answer = await ask({ id_token_hint, post_logout_redirect_uri: out, state: 's' }, cookie)
      assert.equal(answer.statusCode, 303)
      assert.equal(answer.headers.location, `${out}?state=s`)
      assert.equal(await sessions(), 0)
      const again = await ask({ id_token_hint, post_logout_redirect_uri: `${out}?from=latchkey`, state: 's' }, cookie)
      assert.equal(again.headers.location, `${out}?from=latchkey&state=s`, 'who is signed out already goes on')
      assert.equal((await ask({ id_token_hint }, await signIn())).statusCode, 200, 'without an address a page says so')
      assert.equal(await sessions(), 0)
    },
  )

  await t.test('Core §8: with a pairwise subject too', async () => {
    await clearSessions()
    const set = (subject_type: 'public' | 'pairwise') =>
      store.transaction((trx) =>
        trx.updateTable('clients').set({ subject_type }).where('id', '=', client.client_id).execute(),
      )
    const before = await idToken()
    await set('pairwise')
    assert.equal((await ask({ id_token_hint: before }, await signIn())).statusCode, 200)
    assert.equal(await sessions(), 1, 'what it was told before is not this person any more')
    await ask({ id_token_hint: await idToken() }, await signIn())
    assert.equal(await sessions(), 1)
    await set('public')
  })

  await t.test('§2: a hint of somebody else, an access token or a forgery signs nobody out', async () => {
    await clearSessions()
    const cookie = await signIn()
    const stranger = (await world(launched)).owner
    const tokens = await allowed(launched, { client, userId: acme.owner, scope: 'openid', api: 'example' }, clock())
    const genuine = await idToken()
    for (const id_token_hint of [
      await idToken(stranger),
      tokens.access_token,
      `${genuine.slice(0, -4)}AAAA`,
      genuine.slice(0, genuine.lastIndexOf('.') + 1),
      'x'.repeat(9000),
    ]) {
      const answer = await ask({ id_token_hint }, cookie)
      assert.equal(answer.statusCode, 200)
      assert.match(answer.body, /name="form_token"/)
    }
    assert.equal(await sessions(), 1)
  })

  await t.test(
    '§3: never an open redirect: every address but the client’s own is refused, shown, and signs nobody out',
    async () => {
      await clearSessions()
      const cookie = await signIn()
      const id_token_hint = await idToken()
      const addresses = [
        'https://evil.example/',
        `${out}/`,
        `${out}?x=1`,
        `${out}#x`,
        out.toUpperCase(),
        out.replace('https', 'http'),
        `${out}@evil.example`,
        'https://app.example.com/callback',
        'https://other.example.com/',
        'javascript:alert(1)',
        '//app.example.com/signed-out',
      ]
      const refused: Record<string, string>[] = [
        ...addresses.map((post_logout_redirect_uri) => ({ post_logout_redirect_uri, id_token_hint })),
        ...addresses.map((post_logout_redirect_uri) => ({ post_logout_redirect_uri, client_id: client.client_id })),
        { post_logout_redirect_uri: out },
        { post_logout_redirect_uri: out, client_id: other.client_id },
        { post_logout_redirect_uri: out, client_id: 'unknown' },
        { post_logout_redirect_uri: out, client_id: other.client_id, id_token_hint },
        { client_id: other.client_id, id_token_hint },
        { post_logout_redirect_uri: out, id_token_hint: `${id_token_hint}x` },
        { client_id: client.client_id, post_logout_redirect_uri: out, state: 's'.repeat(2001) },
      ]
      for (const parameters of refused) {
        for (const answer of [await ask(parameters, cookie), await ask(parameters)]) {
          assert.equal(answer.statusCode, 400, JSON.stringify(parameters))
          assert.equal(answer.headers.location, undefined)
          assert.match(answer.body, /role="alert"/)
        }
      }
      const twice = await launched.ask('GET', `/oauth/logout?state=a&state=b&client_id=${client.client_id}`)
      assert.equal(twice.statusCode, 400)
      assert.equal(await sessions(), 1)
    },
  )

  await t.test('an app’s own scheme, and a state that would break a header', async () => {
    await clearSessions()
    const redirect = { client_id: client.client_id, post_logout_redirect_uri: 'com.example.app:/signed-out' }
    const answer = await ask({ ...redirect, state: '"><script>' }, await signIn())
    assert.equal(answer.statusCode, 200)
    assert.match(String(answer.headers['content-security-policy']), /form-action 'self' com\.example\.app:;/)
    assert.equal(answer.body.includes('<script>'), false)
    const gone = await ask({ ...redirect, state: '"><script>' })
    assert.equal(gone.headers.location, 'com.example.app:/signed-out?state=%22%3E%3Cscript%3E')
    const split = await ask({ ...redirect, state: '\r\nset-cookie: x=y' })
    assert.equal(split.headers.location, undefined)
    assert.equal(split.statusCode, 400)
  })

  await t.test('§2: by POST too: it goes on as GET, where the browser brings the cookie', async () => {
    const form = { client_id: client.client_id, post_logout_redirect_uri: out, state: 's', unknown: 'x' }
    const answer = await launched.ask('POST', '/oauth/logout', { form })
    assert.equal(answer.statusCode, 303)
    const { unknown: _, ...rest } = form
    assert.equal(answer.headers.location, `/oauth/logout?${new URLSearchParams(rest).toString()}`)
  })

  await t.test('nobody signed in, nothing asked for: a page says so', async () => {
    for (const cookie of [undefined, 'latchkey_session=se_unknown']) {
      const answer = await ask({}, cookie)
      assert.equal(answer.statusCode, 200)
      assert.match(answer.body, /You are signed out/)
    }
  })
})
