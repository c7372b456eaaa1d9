// RFC 8628 §3.3, §5.1, §5.3, §5.4: the page on which a person connects a device: what it says, who may answer it, and no guessing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Browser, decide, formOf, signIn } from './flow.ts'
import { type DeviceScene, deviceGrant, deviceScene, type Tokens } from './device-scene.ts'

const open = ({ launched }: DeviceScene, browser: Browser | undefined, code?: string, headers = {}) =>
  launched.ask('GET', `/device${code === undefined ? '' : `?user_code=${encodeURIComponent(code)}`}`, {
    headers: { ...headers, ...(browser && { cookie: browser.cookie }) },
  })

const grantsOf = ({ launched }: DeviceScene) => launched.app.store.db.selectFrom('grants').selectAll().execute()

test('RFC 8628 §3.3: without a session the person signs in first, and comes back to the code', async (t) => {
  const scene = await deviceScene(t)
  const { user_code } = await scene.start()
  for (const [code, back] of [
    [undefined, '/device'],
    [user_code, `/device?user_code=${user_code}`],
    ['//evil.example/?x', '/device'],
  ] as const) {
    const answer = await open(scene, undefined, code)
    assert.deepEqual(
      [answer.statusCode, answer.headers.location],
      [303, `/login?return_to=${encodeURIComponent(back)}`],
    )
  }
  const ended = await open(scene, { cookie: `latchkey_session=se_${'A'.repeat(43)}`, userId: '' }, user_code)
  assert.equal(ended.statusCode, 303)
})

test('RFC 8628 §3.3: the code is entered, the person sees who asks for what, allows it, and the device goes on', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start, poll } = scene
  const browser = await signIn(launched, acme.owner, clock())
  const { device_code, user_code } = await start({ scope: 'read' })
  const entry = await open(scene, browser)
  assert.equal(entry.statusCode, 200)
  assert.match(entry.body, /<form method="get" action="\/device">/)
  clock.advance(120_000)
  const page = await open(scene, browser, ` ${user_code.toLowerCase().replace('-', ' ')}`)
  assert.equal(page.statusCode, 200)
  for (const said of [
    'Television',
    'multi',
    user_code,
    '127.0.0.1',
    '2 minutes ago',
    'just started this yourself',
    'Organization',
  ])
    assert.ok(page.body.includes(said), said)
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/)
  assert.equal(page.headers['cache-control'], 'no-store')
  const answered = await decide(launched, browser, page)
  assert.equal(answered.statusCode, 200)
  assert.match(answered.body, /connected/)
  const tokens = (await poll(device_code)).json<Tokens>()
  assert.equal(tokens.scope, 'read')
  const [grant] = await grantsOf(scene)
  assert.deepEqual(
    [grant?.user_id, grant?.organization_id, grant?.all_organizations, grant?.authenticated_at],
    [acme.owner, acme.organization, 0, clock() - 120_000],
  )
  const audit = await launched.app.store.db
    .selectFrom('audit')
    .selectAll()
    .where('action', '=', 'grant.created')
    .execute()
  assert.deepEqual(
    audit.map(({ actor_kind, ip }) => [actor_kind, ip]),
    [['session', '127.0.0.1']],
  )
  assert.ok(!JSON.stringify(audit).includes(user_code))
  assert.equal((await decide(launched, browser, page)).statusCode, 400, 'answered once')
  assert.equal((await open(scene, browser, user_code)).statusCode, 404)
})

test('RFC 8628 §3.3: denied, the device is told so', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start, poll } = scene
  const browser = await signIn(launched, acme.owner, clock())
  const { device_code, user_code } = await start()
  const page = await open(scene, browser, user_code)
  assert.equal((await decide(launched, browser, page, 'deny')).statusCode, 200)
  assert.equal((await poll(device_code)).json<{ error: string }>().error, 'access_denied')
  assert.equal((await decide(launched, browser, page)).statusCode, 400, 'no second thoughts')
  assert.deepEqual(await grantsOf(scene), [])
})

test('OWASP ASVS 5.0 §3.5: nobody but the person on the page of this code can answer', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start } = scene
  const { ask, operate } = launched
  const browser = await signIn(launched, acme.owner, clock())
  const { id: mallory } = await operate<{ id: string }>('POST', '/users', { email: 'm@example.com', name: 'Mallory' })
  const other = await signIn(launched, mallory, clock())
  const [mine, theirs] = [await start(), await start()]
  const { fields } = formOf(await open(scene, browser, mine.user_code))
  const allow = { ...fields, decision: 'allow' }
  const post = (form: Record<string, string>, cookie?: string) =>
    ask('POST', '/device', { form, headers: cookie === undefined ? {} : { cookie } })
  const withoutToken = { user_code: mine.user_code, decision: 'allow' }
  for (const [form, cookie] of [
    [allow, undefined],
    [allow, other.cookie],
    [{ ...allow, user_code: theirs.user_code }, browser.cookie],
    [
      { ...allow, form_token: formOf(await open(scene, browser, theirs.user_code)).fields.form_token ?? '' },
      browser.cookie,
    ],
    [withoutToken, browser.cookie],
    [{ ...allow, form_token: '' }, browser.cookie],
    [{ ...allow, organization: '' }, browser.cookie],
    [{ ...allow, organization: 'all' }, browser.cookie],
    [
      {
        ...allow,
        organization: (await operate<{ id: string }>('POST', '/organizations', { name: 'Other', owner: mallory })).id,
      },
      browser.cookie,
    ],
    [{ ...allow, more: 'x' }, browser.cookie],
  ] as [Record<string, string>, string | undefined][])
    assert.equal((await post(form, cookie)).statusCode, 400, JSON.stringify(form))
  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ]
  for (const headers of foreign) {
    const posted = await ask('POST', '/device', { form: allow, headers: { cookie: browser.cookie, ...headers } })
    assert.equal(posted.statusCode, 400, JSON.stringify(headers))
  }
  const repeated = await ask('POST', '/device', {
    headers: { cookie: browser.cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: `${new URLSearchParams(allow).toString()}&decision=deny`,
  })
  assert.equal(repeated.statusCode, 400)
  assert.deepEqual(await grantsOf(scene), [])
  await operate('PATCH', `/users/${acme.owner}`, { suspended: true })
  assert.equal((await post(allow, browser.cookie)).statusCode, 400, 'suspended meanwhile')
  await operate('PATCH', `/users/${acme.owner}`, { suspended: false })
  const again = await signIn(launched, acme.owner, clock())
  const page = await open(scene, again, mine.user_code)
  clock.advance(600_000)
  assert.equal((await decide(launched, again, page)).statusCode, 400, 'the code has ended')
  assert.deepEqual(await grantsOf(scene), [])
})

test('RFC 8628 §3.3: of two people who allow at once one does', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start } = scene
  const { id } = await launched.operate<{ id: string }>('POST', '/users', { email: 'b@example.com', name: 'Bob' })
  await launched.operate('POST', `/organizations/${acme.organization}/members`, { user_id: id, role: 'member' })
  const both = [await signIn(launched, acme.owner, clock()), await signIn(launched, id, clock())]
  const { user_code } = await start()
  const pages = await Promise.all(both.map((browser) => open(scene, browser, user_code)))
  const answers = await Promise.all(
    both.map((browser, index) => decide(launched, browser, pages[index] as { body: string })),
  )
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other),
    [200, 400],
  )
  assert.equal((await grantsOf(scene)).length, 1)
})

test('RFC 8628 §5.4: names that strangers choose cannot dress the page', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start } = scene
  const name = '<script>alert(1)</script>"\''
  const { client_id } = await acme.client({ name, public: true, grants: [deviceGrant], apis: ['multi'] })
  const browser = await signIn(launched, acme.owner, clock())
  const { user_code } = await start({ client_id })
  const page = await open(scene, browser, user_code)
  assert.equal(page.statusCode, 200)
  assert.ok(!page.body.includes('<script>'))
  const typed = await open(scene, browser, '"><script>alert(1)</script>')
  assert.equal(typed.statusCode, 400)
  assert.ok(!typed.body.includes('<script>'))
  await launched.operate('DELETE', `/organizations/${acme.organization}/clients/${client_id}`)
  assert.equal((await open(scene, browser, user_code)).statusCode, 404)
})

test('RFC 8628 §5.1: codes are not guessed: not by a person, not from an address, not by all of them', async (t) => {
  const scene = await deviceScene(t)
  const { launched, clock, acme, start } = scene
  const { user_code } = await start()
  const wrong = user_code.startsWith('B') ? 'CCCC-CCCC' : 'BBBB-BBBB'
  const browser = await signIn(launched, acme.owner, clock())
  const forwarded = (last: number) => ({ 'x-forwarded-for': `203.0.113.${last}` })
  let tries = 0
  while ((await open(scene, browser, wrong, forwarded(1))).statusCode === 404) tries++
  assert.equal(tries, 20)
  const refused = await open(scene, browser, user_code, forwarded(2))
  assert.equal(refused.statusCode, 429, 'from wherever')
  assert.equal(refused.headers['retry-after'], '600')
  assert.equal((await open(scene, browser)).statusCode, 200, 'the empty page tells nothing')

  const people = await Promise.all(
    Array.from({ length: 55 }, async (_, index) => {
      const { id } = await launched.operate<{ id: string }>('POST', '/users', {
        email: `p${index}@example.com`,
        name: 'P',
      })
      return signIn(launched, id, clock())
    }),
  )
  let fromOne = 20
  for (const other of people.slice(0, 4))
    for (let count = 0; count < 12 && (await open(scene, other, wrong, forwarded(1))).statusCode === 404; count++)
      fromOne++
  assert.equal(fromOne, 60)
  let inAll = fromOne
  for (const [index, other] of people.slice(4).entries())
    for (
      let count = 0;
      count < 20 && (await open(scene, other, wrong, forwarded(10 + index))).statusCode === 404;
      count++
    )
      inAll++
  assert.equal(inAll, 1_000)
  clock.advance(600_000)
  assert.equal((await open(scene, browser, wrong)).statusCode, 404)
})
