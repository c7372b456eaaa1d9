// The second step of a sign-in (OWASP ASVS 5.0 §6.3.3, §6.5): nothing is open before it, a code counts once, recovery codes stand in, and it cannot be
// guessed at, skipped, or finished elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formOf, password, visitor } from '../visitor.ts'
import { email, secondFactorScene, secondStep, setUpApp } from './second-factor-scene.ts'

const hasSession = (browser: { cookies: Map<string, string> }): boolean => browser.cookies.has('latchkey_session')

test('password, then the code: only then there is a session, and it knows both', async (t) => {
  const { launched, ada } = await secondFactorScene(t)
  const browser = visitor(launched)
  const first = await browser.signIn(email, password, '?return_to=%2Fdevice')
  assert.deepEqual([first.statusCode, first.headers.location], [303, '/login/verify?return_to=%2Fdevice'])
  assert.equal(hasSession(browser), false)
  assert.equal((await browser.api('GET', '/account')).statusCode, 401)
  assert.match((await browser.get('/device')).headers.location as string, /^\/login/)
  const page = await browser.get('/login/verify?return_to=%2Fdevice')
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /autocomplete="one-time-code"/)
  const done = await secondStep(browser, { code: ada.code() }, {}, '?return_to=%2Fdevice')
  assert.deepEqual([done.statusCode, done.headers.location], [303, '/device'])
  assert.deepEqual([...browser.cookies.keys()].toSorted(), ['latchkey_known', 'latchkey_session'])
  const { data } = (await browser.api('GET', '/account/sessions')).json<{
    data: { current: boolean; methods: string[] }[]
  }>()
  assert.deepEqual(data.find(({ current }) => current)?.methods, ['pwd', 'otp', 'mfa'])
})

test('a code is taken once, whoever has seen it', async (t) => {
  const { launched, clock, ada } = await secondFactorScene(t)
  const [one, other] = [visitor(launched), visitor(launched)]
  for (const browser of [one, other]) await browser.signIn(email, password)
  const code = ada.code()
  assert.equal((await secondStep(one, { code: `${code.slice(0, 3)} ${code.slice(3)}` })).statusCode, 303)
  const again = await secondStep(other, { code })
  assert.equal(again.statusCode, 403)
  assert.match(again.body, /4 tries are left/)
  clock.advance(30_000)
  assert.equal((await secondStep(other, { code: ada.code() })).statusCode, 303)
})

test('of two at once with one code, one gets in', async (t) => {
  const { launched, ada } = await secondFactorScene(t)
  const browsers = [visitor(launched), visitor(launched), visitor(launched)]
  for (const browser of browsers) await browser.signIn(email, password)
  const answers = await Promise.all(browsers.map((browser) => secondStep(browser, { code: ada.code() })))
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
    [303, 403, 403],
  )
})

test('a recovery code gets in once, however it is typed; nobody else’s does', async (t) => {
  const { launched, own, ada, clock } = await secondFactorScene(t)
  await launched.operate('POST', '/users', { email: 'eve@example.com', name: 'Eve', password })
  const eve = visitor(launched)
  await eve.signIn('eve@example.com', password)
  const hers = (await setUpApp(eve, clock)).recoveryCodes
  assert.equal(hers.length, 10)
  const [first = '', second = ''] = ada.recoveryCodes
  assert.match(first, /^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
  const browser = visitor(launched)
  await browser.signIn(email, password)
  assert.equal((await secondStep(browser, { code: hers[0] ?? '' }, {}, '?with=recovery')).statusCode, 403)
  const typed = ` ${first.replaceAll('-', ' ').toUpperCase().replaceAll('0', 'O').replaceAll('1', 'l')} `
  assert.equal((await secondStep(browser, { code: typed }, {}, '?with=recovery')).statusCode, 303)
  const again = visitor(launched)
  await again.signIn(email, password)
  assert.equal((await secondStep(again, { code: first }, {}, '?with=recovery')).statusCode, 403)
  // of the two kinds neither is taken for the other
  assert.equal((await secondStep(again, { code: second })).statusCode, 403)
  assert.equal((await secondStep(again, { code: ada.code() }, {}, '?with=recovery')).statusCode, 403)
  assert.equal((await own.api('GET', '/account')).json<{ recovery_codes_left: number }>().recovery_codes_left, 9)
})

test('five tries and no more, at whatever the second step is tried with; the password must come again', async (t) => {
  const { launched, clock, ada } = await secondFactorScene(t)
  const browser = visitor(launched)
  await browser.signIn(email, password)
  for (let left = 4; left > 0; left--) {
    const answer = await secondStep(browser, { code: '000000' }, {}, left % 2 === 0 ? '' : '?with=recovery')
    assert.match(answer.body, new RegExp(left === 1 ? 'One try is left' : `${left} tries are left`))
  }
  const kept = new Map(browser.cookies)
  const form = formOf((await browser.get('/login/verify')).body, '/login/verify')
  const last = await browser.post('/login/verify', { ...form, code: '000000' })
  assert.match(last.body, /Too many wrong codes/)
  assert.equal(browser.cookies.has('latchkey_pending'), false)
  // who has kept the cookie has no more tries than who has not
  for (const [name, value] of kept) browser.cookies.set(name, value)
  clock.advance(60_000)
  const right = await browser.post('/login/verify', { ...form, code: ada.code() })
  assert.equal(right.statusCode, 403)
  assert.equal(hasSession(browser), false)
  const mail = await launched.app.store.activity.selectFrom('outbox').select('id').execute()
  assert.ok(mail.length > 0, 'and the person is told')
})

test('what waits for its second step is good in its own browser alone, for ten minutes, and for what was proven', async (t) => {
  const { launched, clock, id, ada } = await secondFactorScene(t)
  const browser = visitor(launched)
  await browser.signIn(email, password)
  const page = (await browser.get('/login/verify')).body
  const form = { ...formOf(page, '/login/verify'), code: ada.code() }
  const elsewhere = visitor(launched)
  elsewhere.cookies.set('latchkey_pending', browser.cookies.get('latchkey_pending') ?? '')
  assert.equal((await elsewhere.post('/login/verify', form)).statusCode, 403)
  await elsewhere.get('/login')
  assert.equal((await elsewhere.post('/login/verify', form)).statusCode, 403)
  // a form of another site, or none of this page
  assert.equal((await browser.post('/login/verify', form, { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
  assert.equal((await browser.post('/login/verify', { ...form, form_token: '' })).statusCode, 403)
  for (const broken of ['', 'v1.', (browser.cookies.get('latchkey_pending') ?? '').slice(0, -4)]) {
    const forged = visitor(launched)
    for (const [name, value] of browser.cookies) forged.cookies.set(name, value)
    forged.cookies.set('latchkey_pending', broken)
    assert.match((await forged.get('/login/verify')).body, /took too long/)
  }
  // a password that is changed meanwhile has proven nothing
  const changing = visitor(launched)
  await changing.signIn(email, password)
  const { password_hash: hash } = await launched.app.store.db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const set = (value: string | null) =>
    launched.app.store.db.updateTable('users').set({ password_hash: value }).where('id', '=', id).execute()
  await set('another')
  assert.equal((await secondStep(changing, { code: ada.code() })).statusCode, 403)
  await set(hash)
  await launched.operate('PATCH', `/users/${id}`, { suspended: true })
  assert.equal((await secondStep(changing, { code: ada.code() })).statusCode, 403)
  await launched.operate('PATCH', `/users/${id}`, { suspended: false })
  clock.advance(10 * 60_000 - 1)
  assert.match((await browser.get('/login/verify')).body, /One more step/)
  clock.advance(1)
  const late = await browser.post('/login/verify', { ...form, code: ada.code() })
  assert.deepEqual([late.statusCode, hasSession(browser)], [403, false])
})

test('strangers who know the password may try twenty codes an hour between them all; whoever was here before may go on', async (t) => {
  const { launched, clock, own, ada } = await secondFactorScene(t)
  let seen = 0
  for (let stranger = 0; stranger < 10; stranger++) {
    const from = { 'x-forwarded-for': `198.51.100.${stranger}` }
    const browser = visitor(launched)
    const form = formOf((await browser.get('/login')).body, '/login')
    await browser.post('/login', { ...form, email, password }, from)
    for (let attempt = 0; attempt < 4; attempt++)
      if ((await secondStep(browser, { code: '000000' }, from)).statusCode === 403) seen += 1
  }
  assert.equal(seen, 20)
  const from = { 'x-forwarded-for': '203.0.113.9' }
  const signIn = async (browser = visitor(launched)) => {
    const form = formOf((await browser.get('/login?prompt=login')).body, '/login')
    await browser.post('/login', { ...form, email, password }, from)
    return browser
  }
  const elsewhere = await signIn()
  const held = await secondStep(elsewhere, { code: ada.code() }, from)
  assert.equal(held.statusCode, 429)
  assert.ok(Number(held.headers['retry-after']) > 3_000)
  assert.match(held.body, /Codes are held back/)
  // a recovery code, the browser that she has used before, and another one at her own address get in
  assert.equal(
    (await secondStep(elsewhere, { code: ada.recoveryCodes[0] ?? '' }, from, '?with=recovery')).statusCode,
    303,
  )
  clock.advance(30_000)
  const known = visitor(launched)
  known.cookies.set('latchkey_known', own.cookies.get('latchkey_known') ?? '')
  assert.equal((await secondStep(await signIn(known), { code: ada.code() }, from)).statusCode, 303)
  clock.advance(30_000)
  const home = visitor(launched)
  await home.signIn(email, password)
  assert.equal((await secondStep(home, { code: ada.code() })).statusCode, 303)
  clock.advance(60 * 60_000)
  const later = await signIn()
  assert.equal((await secondStep(later, { code: ada.code() }, { 'x-forwarded-for': '203.0.113.10' })).statusCode, 303)
})

test('nor does the mark of a browser that was used before let somebody guess without end, from however many addresses', async (t) => {
  const { launched, own, ada } = await secondFactorScene(t)
  let tried = 0
  for (let address = 0; address < 20; address++) {
    const from = { 'x-forwarded-for': `198.51.100.${address}` }
    const browser = visitor(launched)
    browser.cookies.set('latchkey_known', own.cookies.get('latchkey_known') ?? '')
    const form = formOf((await browser.get('/login')).body, '/login')
    await browser.post('/login', { ...form, email, password }, from)
    for (let attempt = 0; attempt < 4; attempt++)
      if ((await secondStep(browser, { code: '000000' }, from)).statusCode === 403) tried += 1
  }
  assert.equal(tried, 60)
  const from = { 'x-forwarded-for': '203.0.113.9' }
  own.cookies.delete('latchkey_session')
  const form = formOf((await own.get('/login')).body, '/login')
  await own.post('/login', { ...form, email, password }, from)
  assert.equal((await secondStep(own, { code: ada.code() }, from)).statusCode, 429)
  assert.equal(
    (await secondStep(own, { code: ada.recoveryCodes[0] ?? '' }, from, '?with=recovery')).statusCode,
    303,
    'the person is not locked out',
  )
})

test('where nobody waits there is no second step', async (t) => {
  const { launched, own } = await secondFactorScene(t)
  for (const browser of [visitor(launched), own]) {
    assert.equal((await browser.get('/login/verify')).statusCode, 403)
    assert.equal((await browser.post('/login/verify', { code: '123456' })).statusCode, 403)
  }
})
