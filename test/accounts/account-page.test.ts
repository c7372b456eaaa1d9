// /account: who you are, what you have allowed, and taking it back, by forms of this page alone (OWASP ASVS 5.0 §3.5, §7.4).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addPerson, formOf, password, visitor } from '../visitor.ts'
import { documentId, scene } from './applications-scene.ts'

const revoke = '/account/applications/revoke'

/** The form of each card, in the order of the page. */
const cards = (body: string): Record<string, string>[] =>
  body
    .split('<li>')
    .filter((part) => part.includes(`action="${revoke}"`))
    .map((part) => formOf(part, revoke))

test('whoever is not signed in is sent to sign in and comes back', async (t) => {
  const { launched } = await scene(t)
  const ada = visitor(launched)
  for (const answer of [await ada.get('/account'), await ada.post(revoke, { client_id: 'x' })])
    assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/login?return_to=%2Faccount'])
  const { headers } = await ada.signIn('ada@example.com', password, '?return_to=%2Faccount')
  assert.equal(headers.location, '/account')
})

test('the page tells who you are and what each application may do, in words', async (t) => {
  const ada = await scene(t)
  const browser = await ada.browser()
  const text = async () =>
    (await browser.get('/account')).body.replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ')
  assert.match(await text(), /Name Ada Lovelace E-mail ada@example\.com Connected applications None\./)
  await ada.connect(ada.clientId, 'read write')
  await ada.connect(documentId)
  const shown = await text()
  assert.match(
    shown,
    /Shop Connected since 22 November 2026\. At orders , for Engines , it may: Read orders Change orders/,
  )
  assert.match(shown, /Notes &lt;b&gt; \(notes\.example\)/)
  assert.ok(!shown.includes('<b>') && !shown.includes('Operator'))
  const { headers } = await browser.get('/account')
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(
    String(headers['content-security-policy']),
    /default-src 'none'.*form-action 'self'; frame-ancestors 'none'/,
  )
})

test('Revoke takes an application’s access away at once, and no other’s', async (t) => {
  const ada = await scene(t)
  const shop = await ada.connect(ada.clientId)
  const notes = await ada.connect(documentId)
  const browser = await ada.browser()
  const forms = cards((await browser.get('/account')).body)
  assert.deepEqual(
    forms.map(({ client_id }) => client_id),
    [documentId, ada.clientId],
  )
  const answer = await browser.post(revoke, forms[0] ?? {})
  assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/account?done=revoked'])
  assert.equal(await ada.statusOf(notes.access_token), 401)
  assert.equal(await ada.statusOf(shop.access_token), 200)
  const after = (await browser.get('/account?done=revoked')).body
  assert.match(after, /role="status">The application has no access any more/)
  assert.deepEqual(
    cards(after).map(({ client_id }) => client_id),
    [ada.clientId],
  )
  assert.equal((await browser.post(revoke, forms[0] ?? {})).statusCode, 303, 'twice does no harm')
  const [entry] = (
    await ada.launched.operate<{ data: Record<string, unknown>[] }>('GET', '/audit?action=application.revoked')
  ).data
  assert.deepEqual([entry?.actor_kind, entry?.ip, entry?.target_id], ['session', '127.0.0.1', documentId])
})

test('a form of another site, person, purpose or application revokes nothing', async (t) => {
  const ada = await scene(t)
  const { launched } = ada
  const { access_token } = await ada.connect(ada.clientId)
  await ada.connect(documentId)
  await addPerson(launched, { email: 'mallory@example.com' })
  const mallory = visitor(launched)
  await mallory.signIn('mallory@example.com', password)
  const browser = await ada.browser()
  const page = (await browser.get('/account')).body
  const [notes, shop] = cards(page) as [Record<string, string>, Record<string, string>]
  const signOut = formOf(page, '/logout')
  const tries: [string, Record<string, string>, Record<string, string>][] = [
    ['no token', { client_id: ada.clientId }, {}],
    ['the token of another application', { ...shop, form_token: notes.form_token ?? '' }, {}],
    ['the token of another purpose', { ...shop, form_token: signOut.form_token ?? '' }, {}],
    ['another site', shop, { 'sec-fetch-site': 'cross-site' }],
    ['another origin', shop, { origin: 'https://evil.example' }],
  ]
  for (const [what, form, headers] of tries) {
    const answer = await browser.post(revoke, form, headers)
    assert.equal(answer.statusCode, 403, what)
    assert.match(answer.body, /Nothing has changed/, what)
  }
  assert.equal((await mallory.post(revoke, shop)).statusCode, 403, 'another person with the form')
  ada.clock.advance(3_600_000)
  assert.equal((await browser.post(revoke, shop)).statusCode, 403, 'an hour later')
  ada.clock.advance(-3_600_000)
  assert.equal(await ada.statusOf(access_token), 200)
  assert.equal((await browser.post(revoke, { ...shop, more: 'x' })).statusCode, 400)
  assert.equal((await browser.get('/account?done=%3Cscript%3E')).statusCode, 400)
})

test('Sign out ends the session there', async (t) => {
  const ada = await scene(t)
  const browser = await ada.browser()
  const answer = await browser.post('/logout', formOf((await browser.get('/account')).body, '/logout'))
  assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/login'])
  assert.equal((await browser.get('/account')).statusCode, 303)
})

test('somebody suspended, or with a new password, is signed in nowhere any more', async (t) => {
  const ada = await scene(t)
  const browser = await ada.browser()
  const { url } = await ada.launched.operate<{ url: string }>('POST', `/users/${ada.ada}/link`)
  const link = visitor(ada.launched)
  const form = formOf((await link.get(new URL(url).pathname + new URL(url).search)).body, '/setup')
  const done = await link.post('/setup', { ...form, password: 'another horse battery' })
  assert.match(done.body, /<a class="button" href="\/login">Sign in<\/a>/)
  assert.equal((await browser.get('/account')).statusCode, 303)
  await browser.signIn('ada@example.com', 'another horse battery')
  assert.equal((await browser.get('/account')).statusCode, 200)
  await ada.launched.operate('PATCH', `/users/${ada.ada}`, { suspended: true })
  assert.equal((await browser.get('/account')).statusCode, 303)
})
