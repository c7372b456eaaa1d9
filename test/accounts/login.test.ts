// /login and /logout (OWASP ASVS 5.0 §6.3, §7.2, §3.5): one answer for every failure, forms of this server alone, a new session at every sign-in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { LightMyRequestResponse } from 'fastify'
import { findSession } from '../../src/accounts/sessions.ts'
import { finishSignIn, provePassword } from '../../src/accounts/sign-in.ts'
import { type Launched, launch, stoppedClock } from '../harness.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const open = async (t: Parameters<typeof launch>[0], env: NodeJS.ProcessEnv = {}) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { now: clock, file: {}, env })
  const id = await addPerson(launched)
  return { ...launched, clock, id }
}

/** What anybody may see of an answer: without its form's token and its own id. */
const seen = ({ statusCode, headers, body }: LightMyRequestResponse) => ({
  statusCode,
  headers: { ...headers, 'x-request-id': '', date: '' },
  body: body.replaceAll(/(?:name="form_token" value|data-passkey)="[^"]*"/g, ''),
})

const sessions = ({ app }: Launched) => app.store.db.selectFrom('sessions').selectAll().execute()

test('the right password starts a session and leads to where it was wanted', async (t) => {
  const launched = await open(t)
  for (const [query, location] of [
    ['', '/organizations'],
    ['?return_to=%2Fdevice%3Fuser_code%3DABCD%255F', '/device?user_code=ABCD%5F'],
    ['?return_to=%2Forganizations%2Fa%3Fx%3D%5B%7C%5D', '/organizations/a?x=[|]'],
    ['?return_to=https%3A%2F%2Fevil.example', '/organizations'],
    ['?return_to=%2F%2Fevil.example', '/organizations'],
  ] as const) {
    const ada = visitor(launched)
    const answer = await ada.signIn('  Ada@Example.com ', password, query)
    assert.equal(answer.statusCode, 303)
    assert.equal(answer.headers.location, location)
    const session = await findSession(launched.app.store, ada.cookies.get('latchkey_session') ?? '', launched.clock())
    assert.equal(session?.userId, launched.id)
    assert.deepEqual(
      [...ada.cookies.keys()].toSorted(),
      ['latchkey_known', 'latchkey_session'],
      'the form’s cookie has gone',
    )
  }
  const [row] = await sessions(launched)
  assert.equal(row?.ip, '127.0.0.1')
})

test('a page that may lead on to a client is not reached by redirect: form-action would hold it up', async (t) => {
  const launched = await open(t)
  const to = '/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb'
  const answer = await visitor(launched).signIn('ada@example.com', password, `?return_to=${encodeURIComponent(to)}`)
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers.refresh, `0; url=${to}`)
  assert.ok(answer.body.includes(`href="${to.replaceAll('&', '&amp;')}"`))
})

test('every failure has one answer: unknown, wrong, no password set, suspended, malformed', async (t) => {
  const launched = await open(t)
  const { operate } = launched
  await operate('POST', '/users', { email: 'none@example.com', name: 'Has none' })
  const suspended = await addPerson(launched, { email: 'suspended@example.com' })
  await operate('PATCH', `/users/${suspended}`, { suspended: true })
  const attempts: [string, string][] = [
    ['ada@example.com', 'wrong horse battery'],
    ['ada@example.com', ''],
    ['ada@example.com', `${password} `],
    ['ada@example.com', 'x'.repeat(1_000)],
    ['nobody@example.com', password],
    ['none@example.com', ''],
    ['none@example.com', password],
    ['suspended@example.com', password],
    ['suspended@example.com', 'wrong horse battery'],
    ['', ''],
    ["' OR 1=1 --", password],
    ['ada@example.com\u0000', password],
  ]
  const answers = []
  for (const [email, given] of attempts) {
    const guest = visitor(launched)
    const answer = await guest.signIn(email, given)
    assert.equal(answer.statusCode, 403)
    assert.equal(formOf(answer.body, '/login').email, email, 'what was typed is kept')
    assert.equal(formOf(answer.body, '/login').password, '', 'but the password')
    if (given.length > 12) assert.ok(!answer.body.includes(given))
    assert.equal(guest.cookies.has('latchkey_session'), false)
    const value = /<input id="email"[^>]*>/
    const focus = / autofocus/g
    const length = 'content-length'
    const { headers, body, ...rest } = seen(answer)
    answers.push({
      ...rest,
      headers: { ...headers, [length]: '' },
      body: body.replace(value, '').replaceAll(focus, ''),
    })
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.match(answers[0]?.body ?? '', /E-mail or password is wrong\./)
  assert.deepEqual(await sessions(launched), [])
})

test('an unknown address takes as long as a known one', async (t) => {
  const launched = await open(t)
  const guest = visitor(launched)
  const timeOf = async (email: string): Promise<number> => {
    launched.clock.advance(3_600_000) // so that nothing is throttled
    const form = formOf((await guest.get('/login')).body, '/login')
    const begin = performance.now()
    await guest.post('/login', { ...form, email, password: 'wrong horse battery' })
    return performance.now() - begin
  }
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
  for (let round = 0; round < 15; round++) {
    times.known.push(await timeOf('ada@example.com'))
    times.unknown.push(await timeOf('nobody@example.com'))
  }
  const middle = (list: number[]): number => list.toSorted((a, b) => a - b)[7] ?? 0
  const [known, unknown] = [middle(times.known), middle(times.unknown)]
  // a look-up alone would be a tenth of an argon2id
  assert.ok(unknown > known / 2 && known > unknown / 2, `${known} ms and ${unknown} ms`)
})

test('every sign-in makes a new session and ends the one before: nobody can plant one', async (t) => {
  const launched = await open(t)
  const { app, clock } = launched
  await addPerson(launched, { email: 'mallory@example.com' })
  const mallory = visitor(launched)
  await mallory.signIn('mallory@example.com', password)
  const planted = mallory.cookies.get('latchkey_session') ?? ''
  const ada = visitor(launched)
  ada.cookies.set('latchkey_session', planted)
  // as somebody else she is asked first, and signs in over it
  const form = formOf((await visitor(launched).get('/login')).body, '/login')
  assert.equal((await ada.post('/login', { ...form, email: 'ada@example.com', password })).statusCode, 403)
  const { body } = await ada.get('/login?prompt=login')
  await ada.post('/login', { ...formOf(body, '/login'), email: 'ada@example.com', password })
  const own = ada.cookies.get('latchkey_session') ?? ''
  assert.notEqual(own, planted)
  assert.equal((await findSession(app.store, own, clock()))?.email, 'ada@example.com')
  assert.equal(await findSession(app.store, planted, clock()), undefined)
  for (const value of ['chosen-by-mallory', `se_${'A'.repeat(43)}`]) {
    const other = visitor(launched)
    other.cookies.set('latchkey_session', value)
    await other.signIn('ada@example.com', password)
    assert.notEqual(other.cookies.get('latchkey_session'), value)
  }
})

test('a password that is changed while it is being looked at signs nobody in', async (t) => {
  const launched = await open(t)
  const { store } = launched.app
  for (const change of [{ password_hash: null }, { suspended_at: 1 }]) {
    const id = await addPerson(launched, { email: `${Object.keys(change)[0]}@example.com` })
    const { email } = await store.db.selectFrom('users').select('email').where('id', '=', id).executeTakeFirstOrThrow()
    const attempt = provePassword(store, email, password)
    await setImmediate() // the hash has been read, and argon2id is at work
    await store.db.updateTable('users').set(change).where('id', '=', id).execute()
    const proven = await attempt
    assert.ok(proven)
    const browser = { previous: undefined, origin: { ip: undefined }, life: launched.config.signIn.sessions }
    assert.deepEqual(await finishSignIn(store, proven, undefined, browser, launched.clock()), { step: 'refused' })
  }
  assert.deepEqual(await sessions(launched), [])
})

test('a form is taken from its own page in its own browser alone, and for an hour', async (t) => {
  const launched = await open(t)
  const { clock } = launched
  const good = { email: 'ada@example.com', password }
  const ada = visitor(launched)
  const form = { ...formOf((await ada.get('/login')).body, '/login'), ...good }
  const bound = ada.cookies.get('latchkey_form') ?? ''
  const foreign: [string, () => Promise<LightMyRequestResponse>][] = [
    ['no cookie, no token', () => visitor(launched).post('/login', good)],
    ['no cookie', () => visitor(launched).post('/login', form)],
    ['no token', () => ada.post('/login', { ...form, form_token: '' })],
    [
      'a token of another browser',
      async () => {
        const mallory = visitor(launched)
        return ada.post('/login', { ...formOf((await mallory.get('/login')).body, '/login'), ...good })
      },
    ],
    ['posted by another site', () => ada.post('/login', form, { 'sec-fetch-site': 'cross-site' })],
    ['posted by a neighbour', () => ada.post('/login', form, { 'sec-fetch-site': 'same-site' })],
    ['another origin', () => ada.post('/login', form, { origin: 'https://evil.example' })],
    ['a malformed origin', () => ada.post('/login', form, { origin: 'localhost' })],
    ['a cookie twice', () => ada.post('/login', form, { cookie: 'latchkey_form=a; latchkey_form=b' })],
  ]
  for (const [what, post] of foreign) {
    ada.cookies.set('latchkey_form', bound)
    const answer = await post()
    assert.equal(answer.statusCode, 403, what)
    assert.match(answer.body, /Please sign in again/, what)
    assert.equal(formOf(answer.body, '/login').email, 'ada@example.com')
    assert.equal(
      answer.cookies.some(({ name }) => name === 'latchkey_session'),
      false,
      what,
    )
  }
  assert.deepEqual(await sessions(launched), [])
  clock.advance(3_600_000)
  assert.equal((await ada.post('/login', form)).statusCode, 403)
  clock.advance(-1)
  const own: Record<string, string>[] = [
    {},
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
    { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' },
  ]
  for (const headers of own) {
    const browser = visitor(launched)
    browser.cookies.set('latchkey_form', bound)
    assert.equal((await browser.post('/login', form, headers)).statusCode, 303)
  }
})

test('whoever is signed in is offered to go on, or to sign out and become somebody else', async (t) => {
  const launched = await open(t)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const { statusCode, body } = await ada.get('/login?return_to=%2Fdevice')
  assert.equal(statusCode, 200)
  assert.ok(body.includes('Ada Lovelace') && body.includes('<a class="button" href="/device">'))
  assert.ok(!body.includes('type="password"'))
  const out = await ada.post('/logout', formOf(body, '/logout'))
  assert.deepEqual([out.statusCode, out.headers.location], [303, '/login?return_to=%2Fdevice'])
  assert.deepEqual(await sessions(launched), [])
  assert.equal(ada.cookies.has('latchkey_session'), false)
  // where the password is wanted anew, or another person, there is the form
  await ada.signIn('ada@example.com', password)
  const anew = await ada.get('/login?prompt=login&return_to=%2Fdevice')
  assert.equal(formOf(anew.body, '/login').return_to, '/device')
})

test('login_hint fills the address in, and nothing else', async (t) => {
  const launched = await open(t)
  const hint = '"><script>alert(1)</script>@example.com'
  const { body } = await launched.ask('GET', `/login?login_hint=${encodeURIComponent(hint)}`)
  assert.equal(formOf(body, '/login').email, hint)
  assert.ok(!body.includes('alert(1)</script'))
  const long = await launched.ask('GET', `/login?login_hint=${'a'.repeat(5_000)}`)
  assert.equal(formOf(long.body, '/login').email?.length, 254)
})

test('signing out needs the form’s token; another site can sign nobody out', async (t) => {
  const launched = await open(t)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const page = (await ada.get('/login')).body
  const form = formOf(page, '/logout')
  for (const [sent, headers] of [
    [{}, {}],
    [{ ...form, form_token: 'x' }, {}],
    [form, { 'sec-fetch-site': 'cross-site' }],
    [form, { origin: 'https://evil.example' }],
  ] as [Record<string, string>, Record<string, string>][]) {
    const answer = await ada.post('/logout', sent, headers)
    assert.equal(answer.statusCode, 403)
    assert.ok(formOf(answer.body, '/logout').form_token, 'it can be confirmed there')
  }
  assert.equal((await sessions(launched)).length, 1)
  assert.equal((await ada.post('/logout', form)).statusCode, 303)
  assert.equal((await ada.post('/logout', form)).statusCode, 303, 'twice does no harm')
  assert.equal((await ada.get('/logout')).statusCode, 404)
})

test('too many attempts are 429 with the wait, and the owner signs in from elsewhere', async (t) => {
  const launched = await open(t)
  const { clock, ask } = launched
  const guest = visitor(launched)
  for (let i = 0; i < 5; i++)
    assert.equal((await guest.signIn('ada@example.com', 'wrong horse battery')).statusCode, 403)
  const answer = await guest.signIn('ada@example.com', password, '?return_to=%2Fdevice')
  assert.equal(answer.statusCode, 429)
  assert.equal(answer.headers['retry-after'], '1')
  assert.match(answer.body, /Try again in one second\./)
  assert.match(answer.body, /href="\/login\?return_to=%2Fdevice"/)
  // the same for an address that nobody has
  for (let i = 0; i < 5; i++) await guest.signIn('nobody@example.com', 'wrong horse battery')
  assert.deepEqual(seen(await guest.signIn('nobody@example.com', password, '?return_to=%2Fdevice')), seen(answer))
  const elsewhere = { 'x-forwarded-for': '198.51.100.7' }
  const ada = visitor(launched)
  const form = formOf((await ada.get('/login')).body, '/login')
  assert.equal((await ada.post('/login', { ...form, email: 'ada@example.com', password }, elsewhere)).statusCode, 303)
  assert.equal((await sessions(launched))[0]?.ip, '198.51.100.7')
  clock.advance(1_000)
  assert.equal((await guest.signIn('ada@example.com', password)).statusCode, 303)
  // outcomes are counted, single failures leave no trace
  const metrics = (await ask('GET', '/metrics')).body
  for (const line of ['{outcome="succeeded"} 2', '{outcome="refused"} 10', '{outcome="throttled"} 2'])
    assert.ok(metrics.includes(`latchkey_sign_ins_total${line}`), line)
  const actions = (await launched.app.store.db.selectFrom('audit').select('action').execute()).map((row) => row.action)
  assert.deepEqual(
    actions.filter((action) => action.startsWith('session')),
    ['session.started', 'session.started'],
  )
})

test('the pages let no script in, no frame around them, and over https only secure cookies', async (t) => {
  const launched = await open(t, { LATCHKEY_URL: 'https://localhost' })
  const ada = visitor(launched)
  const page = await ada.get('/login')
  const policy = String(page.headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.match(policy, /form-action 'self';/)
  assert.equal(page.headers['cache-control'], 'no-store')
  assert.match(
    String(page.headers['set-cookie']),
    /^__Host-latchkey_form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
  const answer = await ada.signIn('ada@example.com', password)
  const cookies = [answer.headers['set-cookie']].flat()
  assert.match(
    String(cookies[0]),
    /^__Host-latchkey_session=se_[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/,
  )
  assert.equal(answer.body, '')
})

test('what is no form of the page is told so, and no other body is taken', async (t) => {
  const { ask } = await open(t)
  const malformed: Parameters<typeof ask>[2][] = [
    { form: { surprise: 'x' } },
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'email=a&email=b' },
    { headers: { 'content-type': 'application/json' }, body: { email: 'a' } },
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `email=${'a'.repeat(20_000)}` },
  ]
  for (const options of malformed) {
    const answer = await ask('POST', '/login', options)
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500)
    assert.match(answer.body, /This form cannot be taken/)
  }
  assert.equal((await ask('GET', '/login?return_to=/a&return_to=/b')).statusCode, 400)
})
