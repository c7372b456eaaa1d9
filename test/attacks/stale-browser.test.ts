// A browser that somebody has left open, or whose cookie was stolen (OWASP ASVS 5.0 §7.5): it gives nothing away for good. What guards the account, and
// all that its person may do, wants a proof of the last quarter of an hour.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock } from '../harness.ts'
import { authorize, decide, pkce, sentTo } from '../oauth/flow.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const redirect_uri = 'https://shop.example.com/callback'
const quarter = 15 * 60_000

const scene = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { file: {}, now: clock })
  const id = await addPerson(launched)
  const browser = visitor(launched)
  await browser.signIn('ada@example.com', password)
  return { clock, launched, id, browser }
}

test('what guards the account is not changed there', async (t) => {
  const { clock, browser } = await scene(t)
  const steps: [string, string, object?][] = [
    ['POST', '/account/authenticator-app/start'],
    ['POST', '/account/authenticator-app', { setup: 'x', code: '000000' }],
    ['DELETE', '/account/authenticator-app'],
    ['POST', '/account/recovery-codes'],
    ['POST', '/account/passkeys/options'],
    ['DELETE', '/account/passkeys/0197a000-0000-7000-8000-0000000000ff'],
    ['POST', '/account/password', { new_password: 'a new pass phrase for her' }],
    ['DELETE', '/account'],
  ]
  clock.advance(quarter + 1)
  for (const [method, path, body] of steps) {
    const answer = await browser.api(method, path, body)
    assert.deepEqual(
      [answer.statusCode, answer.json<{ code: string }>().code],
      [403, 'reauthentication_required'],
      `${method} ${path}`,
    )
  }
  // to look around, and to sign out what is not one's own, needs no proof
  for (const path of ['/account', '/account/sessions', '/account/passkeys'])
    assert.equal((await browser.api('GET', path)).statusCode, 200)
  assert.equal((await browser.api('DELETE', '/account/sessions')).statusCode, 200)
})

test('nothing is made there that lives on without it, and no right is widened', async (t) => {
  const { clock, launched, id, browser } = await scene(t)
  const { operate } = launched
  await operate('PATCH', `/users/${id}`, { operator: true })
  const { id: organization } = await operate<{ id: string }>('POST', '/organizations', { name: 'Engines', owner: id })
  const path = `/organizations/${organization}`
  const made = async (where: string, body: object): Promise<string> =>
    (await operate<{ id: string }>('POST', where, body)).id
  const invitation = await made(`${path}/invitations`, { email: 'grace@example.com', role: 'admin' })
  const key = await made(`${path}/api-keys`, {
    name: 'Key',
    user_id: id,
    scopes: 'metrics',
    networks: ['203.0.113.0/24'],
  })
  const hook = await made(`${path}/webhooks`, { url: 'https://hooks.example.com/' })
  const grace = await addPerson(launched, { email: 'grace@example.com', name: 'Grace' })
  const steps: [string, string, object?][] = [
    ['POST', `${path}/invitations/${invitation}/resend`],
    [
      'POST',
      '/legacy-tokens/import',
      { lines: [{ line: 2, name: 'L', owner: grace, token: 'chosen-by-the-thief-0123456789' }] },
    ],
    ['PATCH', `${path}/api-keys/${key}`, { scopes: 'metrics verify' }],
    ['PATCH', `${path}/api-keys/${key}`, { networks: null }],
    ['DELETE', `/users/${grace}/factors`],
    ['POST', `${path}/webhooks`, { url: 'https://thief.example.com/' }],
    ['PATCH', `${path}/webhooks/${hook}`, { url: 'https://thief.example.com/' }],
    ['POST', `${path}/webhooks/${hook}/rotate-secret`, {}],
  ]
  clock.advance(quarter + 1)
  for (const [method, where, body] of steps) {
    const answer = await browser.api(method, where, body)
    assert.deepEqual(
      [answer.statusCode, answer.json<{ code: string }>().code],
      [403, 'reauthentication_required'],
      `${method} ${where}`,
    )
  }
  // taking away needs no proof
  for (const [where, body] of [
    [`${path}/api-keys/${key}`, { networks: ['203.0.113.7'] }],
    [`${path}/webhooks/${hook}`, { enabled: false }],
  ] as const)
    assert.equal((await browser.api('PATCH', where, body)).statusCode, 200)
  assert.equal((await browser.api('POST', '/account/reauthenticate', { password })).statusCode, 200)
  for (const [method, where, body] of steps) {
    const answer = await browser.api(method, where, body)
    assert.ok(answer.statusCode < 300, `${method} ${where}: ${answer.body}`)
  }
})

test('the proof gives the session another value: whoever has copied the cookie is out', async (t) => {
  const { clock, launched, browser } = await scene(t)
  const thief = visitor(launched)
  thief.cookies.set('latchkey_session', browser.cookies.get('latchkey_session') ?? '')
  assert.equal((await thief.api('GET', '/account')).statusCode, 200)
  clock.advance(quarter + 1)
  const proven = await browser.api('POST', '/account/reauthenticate', { password })
  assert.equal(proven.statusCode, 200, proven.body)
  assert.equal(proven.json<{ proven_until: string }>().proven_until, new Date(clock() + quarter).toISOString())
  assert.equal((await thief.api('GET', '/account')).statusCode, 401)
  assert.equal((await browser.api('POST', '/account/passkeys/options')).statusCode, 200)
  const { data } = (await browser.api('GET', '/account/sessions')).json<{ data: unknown[] }>()
  assert.equal(data.length, 1, 'it is the same session')
})

test('the password cannot be guessed there, from however many addresses, and the owner still signs in', async (t) => {
  const { clock, launched, browser } = await scene(t)
  const counts = { wrong: 0, held: 0 }
  for (let attempt = 0; attempt < 60; attempt++) {
    const path = attempt % 2 === 0 ? '/account/reauthenticate' : '/account/password'
    const answer = await launched.ask('POST', `/api/v1${path}`, {
      headers: {
        cookie: `latchkey_session=${browser.cookies.get('latchkey_session')}`,
        'x-latchkey-dashboard': '1',
        'x-forwarded-for': `198.51.100.${attempt}`,
      },
      body:
        path === '/account/password'
          ? { current_password: `guess number ${attempt}`, new_password: 'a new pass phrase for her' }
          : { password: `guess number ${attempt}` },
    })
    if (answer.statusCode === 403) counts.wrong += 1
    else {
      assert.equal(answer.statusCode, 429, answer.body)
      assert.ok(Number(answer.headers['retry-after']) > 0)
      counts.held += 1
    }
  }
  assert.deepEqual(counts, { wrong: 10, held: 50 })
  assert.equal((await visitor(launched).signIn('ada@example.com', password)).statusCode, 303)
  clock.advance(quarter)
  assert.equal((await browser.api('POST', '/account/reauthenticate', { password })).statusCode, 200)
})

test('nor does a browser take all places in the line for hashing, by passwords that cannot be taken', async (t) => {
  const { browser } = await scene(t)
  const statuses = []
  for (let attempt = 0; attempt < 8; attempt++)
    statuses.push(
      (await browser.api('POST', '/account/password', { new_password: 'a new pass phrase for her' })).statusCode,
    )
  assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429, 429, 429], 'one is set: the present one is wanted')
})

test('no application is given all that the person may do, by a page that was left open either', async (t) => {
  const { clock, launched, id, browser } = await scene(t)
  const { id: organization } = await launched.operate<{ id: string }>('POST', '/organizations', {
    name: 'Engines',
    owner: id,
  })
  const { client_id } = await launched.operate<{ client_id: string }>(
    'POST',
    `/organizations/${organization}/clients`,
    { name: 'Console', redirect_uris: [redirect_uri], grants: ['authorization_code'], scopes: 'manage' },
  )
  const request = {
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'manage',
    resource: launched.config.management.audience,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }
  const own = () => ({ cookie: `latchkey_session=${browser.cookies.get('latchkey_session')}`, userId: id })
  const open = await authorize(launched, own(), request)
  assert.equal(open.statusCode, 200)
  clock.advance(quarter + 1)
  assert.equal((await decide(launched, own(), open, 'allow', { organization: 'all' })).statusCode, 400)
  const asked = await authorize(launched, own(), request)
  assert.equal(asked.statusCode, 303)
  const login = String(asked.headers.location)
  assert.match(login, /^\/login\?.*prompt=login/)
  const form = formOf((await browser.get(login)).body, '/login')
  await browser.post('/login', { ...form, email: 'ada@example.com', password })
  const back = await browser.get(form.return_to ?? '')
  assert.equal(back.statusCode, 200, back.body)
  const answered = await decide(launched, own(), back, 'allow', { organization: 'all' })
  assert.match(sentTo(answered, redirect_uri).code ?? '', /^ac_/)
  const grants = await launched.app.store.db.selectFrom('grants').selectAll().execute()
  assert.deepEqual(
    grants.map(({ scopes, methods }) => [scopes, methods]),
    [['manage', 'pwd']],
  )
})

test('nor is the command line', async (t) => {
  const { clock, launched, browser } = await scene(t)
  clock.advance(quarter - 60_000)
  const open = (
    await launched.ask('POST', '/oauth/device_authorization', { form: { client_id: 'latchkey-cli', scope: 'manage' } })
  ).json<{ user_code: string }>()
  const page = await browser.get(`/device?user_code=${open.user_code}`)
  assert.equal(page.statusCode, 200)
  clock.advance(60_001)
  const late = await browser.post('/device', {
    ...formOf(page.body, '/device'),
    decision: 'allow',
    organization: 'all',
  })
  const location = `/login?${new URLSearchParams({ return_to: `/device?user_code=${open.user_code}`, prompt: 'login' }).toString()}`
  assert.deepEqual([late.statusCode, late.headers.location], [303, location])
  assert.equal((await browser.get(`/device?user_code=${open.user_code}`)).headers.location, location)
  assert.deepEqual(await launched.app.store.db.selectFrom('grants').selectAll().execute(), [])
})
