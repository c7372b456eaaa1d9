// OpenID Connect Core §3.1, RFC 9207, RFC 9700 §4: signing in by an issuer elsewhere, and how nobody gets another's account by it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock } from '../harness.ts'
import { lettersTo } from '../mail/letters.ts'
import { type Visitor, addPerson, password, visitor } from '../visitor.ts'
import { clientId, clientSecret, issuerElsewhere } from './issuer-elsewhere.ts'

type SignIn = NonNullable<LatchkeyConfig['signIn']>
type Upstream = NonNullable<SignIn['upstream']>[number]

const open = async (
  t: Parameters<typeof launch>[0],
  { upstream = {}, signUp }: { upstream?: Partial<Upstream>; signUp?: 'open' } = {},
) => {
  const elsewhere = await issuerElsewhere(t)
  const clock = stoppedClock(Date.now())
  const launched = await launch(t, {
    now: clock,
    env: { ELSEWHERE_SECRET: clientSecret },
    file: {
      signIn: {
        ...(signUp && { signUp }),
        upstream: [
          {
            name: 'elsewhere',
            label: 'Elsewhere',
            issuer: elsewhere.url,
            clientId,
            clientSecretVariable: 'ELSEWHERE_SECRET',
            ...upstream,
          },
        ],
      },
    },
  })
  const start = (person: Visitor, query = '') => person.get(`/login/upstream/elsewhere${query}`)
  const signIn = async (
    person: Visitor = visitor(launched),
    { query = '', change = {} }: { query?: string; change?: Record<string, string | undefined> } = {},
  ): Promise<LightMyRequestResponse> => {
    const { headers } = await start(person, query)
    return person.get(elsewhere.signIn(String(headers.location), change))
  }
  const verify = (id: string) =>
    launched.app.store.transaction((trx) =>
      trx.updateTable('users').set({ email_verified_at: clock() }).where('id', '=', id).execute(),
    )
  const identities = () => launched.app.store.db.selectFrom('identities').selectAll().execute()
  const manage = (person: Visitor, method: string, path: string, body?: object) =>
    launched.ask(method, `/api/v1/account/identities${path}`, {
      headers: {
        cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-latchkey-dashboard': '1',
        'sec-fetch-site': 'same-origin',
      },
      ...(body && { body }),
    })
  return { ...launched, elsewhere, clock, start, signIn, verify, identities, manage }
}

const isIn = (answer: LightMyRequestResponse): boolean =>
  answer.statusCode === 303 && answer.cookies.some(({ name, value }) => name === 'latchkey_session' && value !== '')

test('the sign-in page leads there with PKCE, state and nonce, and nothing of them is in the clear', async (t) => {
  const launched = await open(t)
  assert.match(
    (await visitor(launched).get('/login?return_to=%2Faccount')).body,
    /href="\/login\/upstream\/elsewhere\?return_to=%2Faccount"[^>]*>Sign in with Elsewhere/,
  )
  const guest = visitor(launched)
  const { statusCode, headers } = await launched.start(guest)
  assert.equal(statusCode, 303)
  const url = new URL(String(headers.location))
  assert.equal(url.origin, launched.elsewhere.url)
  const asked = Object.fromEntries(url.searchParams)
  assert.equal(asked.client_id, clientId)
  assert.equal(asked.redirect_uri, `${launched.config.issuer}/login/upstream/elsewhere/callback`)
  assert.equal(asked.response_type, 'code')
  assert.equal(asked.scope, 'openid email profile')
  assert.equal(asked.code_challenge_method, 'S256')
  assert.match(asked.code_challenge ?? '', /^[\w-]{43}$/)
  for (const random of [asked.state, asked.nonce]) assert.match(random ?? '', /^[\w-]{43}$/)
  const cookie = guest.cookies.get('latchkey_upstream') ?? ''
  assert.ok(
    !Buffer.from(cookie, 'base64url')
      .toString('latin1')
      .includes(asked.state ?? ''),
  )
})

test('two who are the same by an address that both sides have proven are linked, and the person is told', async (t) => {
  const launched = await open(t)
  const id = await addPerson(launched)
  await launched.verify(id)
  const ada = visitor(launched)
  const answer = await launched.signIn(ada, { query: '?return_to=%2Faccount%2Fsecurity' })
  assert.ok(isIn(answer), answer.body)
  assert.equal(answer.headers.location, '/account/security')
  assert.match((await ada.get('/login')).body, /As Ada Lovelace/)
  const [exchange] = launched.elsewhere.exchanges
  assert.match(exchange?.form.get('code_verifier') ?? '', /^[\w-]{43}$/)
  assert.match(exchange?.authorization ?? '', /^Basic /)
  assert.match(
    (await lettersTo(launched, 'ada@example.com')).map(({ subject }) => subject).join(),
    /Elsewhere signs you in/,
  )
  // from now on by the subject, whatever the address
  launched.elsewhere.person = { sub: 'ada', email: 'other@example.com', email_verified: false }
  assert.ok(isIn(await launched.signIn()))
  assert.equal((await launched.identities()).length, 1)
})

test('an address that either side has not proven links nothing, and creates nothing', async (t) => {
  const launched = await open(t, { signUp: 'open', upstream: { createsAccounts: true } })
  const id = await addPerson(launched) // made by an operator: not verified
  const unproven = await launched.signIn()
  assert.equal(unproven.statusCode, 403)
  assert.match(unproven.body, /Show first that it is yours/)
  await launched.verify(id)
  for (const email_verified of [false, undefined, 'false', 1, null]) {
    launched.elsewhere.person = { sub: 'eve', email: 'ada@example.com', email_verified }
    const answer = await launched.signIn()
    assert.equal(answer.statusCode, 403)
    assert.match(answer.body, /does not say that an e-mail address is yours/)
    // the same for an address that nobody has
    launched.elsewhere.person = { sub: 'eve', email: 'nobody@example.com', email_verified }
    const same = await launched.signIn()
    assert.equal(same.body, answer.body)
  }
  launched.elsewhere.person = { sub: 'eve' }
  assert.equal((await launched.signIn()).statusCode, 403)
  assert.deepEqual(await launched.identities(), [])
  assert.equal((await launched.operate<{ data: unknown[] }>('GET', '/users')).data.length, 1)
})

test('an account with a second factor is linked by its person alone, and asks for the factor all the same', async (t) => {
  const launched = await open(t)
  const id = await addPerson(launched)
  await launched.verify(id)
  await launched.app.store.transaction((trx) =>
    trx.insertInto('totp').values({ user_id: id, sealed: '', created_at: 0, last_step: 0 }).execute(),
  )
  assert.match((await launched.signIn()).body, /Show first that it is yours/)
  await launched.app.store.transaction((trx) =>
    trx
      .insertInto('identities')
      .values({
        id: '01998e3a-0000-7000-8000-000000000001',
        user_id: id,
        issuer: launched.elsewhere.url,
        subject: 'ada',
        email: null,
        created_at: 0,
      })
      .execute(),
  )
  const answer = await launched.signIn()
  assert.match(String(answer.headers.location), /^\/login\/verify/)
  assert.equal(isIn(answer), false)
})

test('where the configuration trusts the issuer with it, no second factor is asked for here', async (t) => {
  const launched = await open(t, { upstream: { trustsSecondFactor: true } })
  const id = await addPerson(launched)
  await launched.verify(id)
  assert.ok(isIn(await launched.signIn()))
  await launched.app.store.transaction((trx) =>
    trx.insertInto('totp').values({ user_id: id, sealed: '', created_at: 0, last_step: 0 }).execute(),
  )
  assert.ok(isIn(await launched.signIn()))
})

test('accounts are made where sign-up is open, an issuer may, or somebody is invited; else the page says so', async (t) => {
  for (const options of [{ signUp: 'open' as const }, { upstream: { createsAccounts: true } }]) {
    const launched = await open(t, options)
    assert.ok(isIn(await launched.signIn()))
    const { data } = await launched.operate<{
      data: { email: string; name: string; email_verified: boolean; operator: boolean }[]
    }>('GET', '/users')
    assert.deepEqual(
      data.map(({ email, name, email_verified, operator }) => [email, name, email_verified, operator]),
      [['ada@example.com', 'Ada Lovelace', true, false]],
    )
  }
  const launched = await open(t)
  const refused = await launched.signIn()
  assert.equal(refused.statusCode, 403)
  assert.match(refused.body, /Accounts are made by invitation/)
  const owner = await addPerson(launched, { email: 'owner@example.com' })
  const { id } = await launched.operate<{ id: string }>('POST', '/organizations', { name: 'Acme', owner })
  await launched.operate('POST', `/organizations/${id}/invitations`, { email: 'ada@example.com', role: 'viewer' })
  assert.ok(isIn(await launched.signIn()))
  const { data } = await launched.operate<{ data: { email: string; role: string }[] }>(
    'GET',
    `/organizations/${id}/members`,
  )
  assert.ok(data.some(({ email, role }) => email === 'ada@example.com' && role === 'viewer'))
})

test('one’s own account is linked and unlinked from inside, with a recent proof, and never the only way in', async (t) => {
  const launched = await open(t)
  await addPerson(launched)
  launched.elsewhere.person = { sub: 'countess', email: 'countess@elsewhere.example', email_verified: false }
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const begun = await launched.manage(ada, 'POST', '', { upstream: 'elsewhere' })
  assert.equal(begun.statusCode, 201, begun.body)
  for (const { name, value } of begun.cookies) ada.cookies.set(name, value)
  const { url } = begun.json<{ url: string }>()
  assert.equal(new URL(url).searchParams.get('prompt'), 'login', 'the person sees which account it is')
  const back = await ada.get(launched.elsewhere.signIn(url))
  assert.equal(back.headers.location, '/account/security')
  assert.ok(isIn(await launched.signIn()))
  const list = await launched.manage(ada, 'GET', '')
  const { data } = list.json<{ data: { id: string; label: string; email: string }[] }>()
  assert.deepEqual([data[0]?.label, data[0]?.email], ['Elsewhere', 'countess@elsewhere.example'])

  launched.clock.advance(16 * 60_000)
  assert.match((await launched.manage(ada, 'POST', '', { upstream: 'elsewhere' })).body, /reauthentication_required/)
  assert.match((await launched.manage(ada, 'DELETE', `/${data[0]?.id}`)).body, /reauthentication_required/)
  const again = visitor(launched)
  await again.signIn('ada@example.com', password)
  await launched.app.store.transaction((trx) => trx.updateTable('users').set({ password_hash: null }).execute())
  assert.equal((await launched.manage(again, 'DELETE', `/${data[0]?.id}`)).statusCode, 409)
  await launched.app.store.transaction((trx) => trx.updateTable('users').set({ password_hash: 'x' }).execute())
  assert.equal((await launched.manage(again, 'DELETE', `/${data[0]?.id}`)).statusCode, 200)
  const [told] = await lettersTo(launched, 'ada@example.com')
  assert.match(told?.text ?? '', /The account at Elsewhere does not sign you in any more/)
  assert.equal((await launched.signIn()).statusCode, 403)
})

test('whoever is merely known at the issuer, in a browser that was left open, has proven nothing anew', async (t) => {
  const launched = await open(t)
  const { elsewhere, clock } = launched
  await launched.verify(await addPerson(launched))
  const day = 86_400_000
  const provenAgo = (milliseconds: number): void => {
    elsewhere.idToken = { auth_time: Math.floor((clock() - milliseconds) / 1000) }
  }
  const dangerous = async (person: Visitor): Promise<[number, string | undefined]> => {
    const answer = await launched.manage(person, 'POST', '', { upstream: 'elsewhere' })
    return [answer.statusCode, answer.json<{ code?: string }>().code]
  }
  provenAgo(60 * 60_000)
  const ada = visitor(launched)
  assert.ok(isIn(await launched.signIn(ada)))
  assert.deepEqual(await dangerous(ada), [403, 'reauthentication_required'])
  assert.ok(isIn(await launched.signIn(ada)), 'nor by coming once more')
  assert.deepEqual(await dangerous(ada), [403, 'reauthentication_required'])

  // the way to prove it: the page leads there with the wish to be asked
  const page = await ada.get('/login?prompt=login&return_to=/account')
  const [, way = ''] = /href="(\/login\/upstream\/[^"]+)"/.exec(page.body) ?? []
  assert.equal(way, '/login/upstream/elsewhere?return_to=%2Faccount&amp;prompt=login')
  const begun = await ada.get(way.replaceAll('&amp;', '&'))
  assert.equal(new URL(String(begun.headers.location)).searchParams.get('prompt'), 'login')
  const ignored = await ada.get(elsewhere.signIn(String(begun.headers.location)))
  assert.ok(isIn(ignored))
  assert.deepEqual(await dangerous(ada), [403, 'reauthentication_required'], 'an issuer that does not ask')
  const asked = await ada.get(way.replaceAll('&amp;', '&'))
  provenAgo(1_000)
  await ada.get(elsewhere.signIn(String(asked.headers.location)))
  assert.deepEqual(await dangerous(ada), [201, undefined])

  // a session is as long as any other, however long ago that was; and no time of an issuer lies ahead
  provenAgo(100 * day)
  const grace = visitor(launched)
  assert.ok(isIn(await launched.signIn(grace)))
  clock.advance(13 * day)
  assert.equal((await grace.api('GET', '/account')).statusCode, 200)
  provenAgo(-100 * day)
  assert.ok(isIn(await launched.signIn(grace)))
  const { proven_until } = (await grace.api('GET', '/account')).json<{ proven_until: string }>()
  assert.equal(Date.parse(proven_until), clock() + 15 * 60_000)
})

test('linking is begun by the person’s own page, finished in the same session, and takes nobody’s identity', async (t) => {
  const launched = await open(t)
  await addPerson(launched)
  const grace = await addPerson(launched, { email: 'grace@example.com', name: 'Grace' })
  const begin = async (person: Visitor): Promise<string> => {
    const begun = await launched.manage(person, 'POST', '', { upstream: 'elsewhere' })
    for (const { name, value } of begun.cookies) person.cookies.set(name, value)
    return begun.json<{ url: string }>().url
  }
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  // an attacker leads her browser through a sign-in of theirs: nothing is linked to her account
  launched.elsewhere.person = { sub: 'eve', email: 'eve@example.com', email_verified: true }
  assert.equal((await launched.signIn(ada)).statusCode, 403)
  assert.deepEqual(await launched.identities(), [])
  // somebody else is signed in by the time it comes back
  const url = await begin(ada)
  await ada.signIn('grace@example.com', password, '?prompt=login')
  assert.equal((await ada.get(launched.elsewhere.signIn(url))).statusCode, 403)
  assert.deepEqual(await launched.identities(), [])
  // an identity that is Grace's stays hers
  await ada.get(launched.elsewhere.signIn(await begin(ada)))
  assert.deepEqual(
    (await launched.identities()).map(({ user_id }) => user_id),
    [grace],
  )
  await ada.signIn('ada@example.com', password, '?prompt=login')
  assert.equal((await ada.get(launched.elsewhere.signIn(await begin(ada)))).statusCode, 409)
  assert.deepEqual(
    (await launched.identities()).map(({ user_id }) => user_id),
    [grace],
  )
})

test('whatever is not right about the answer signs nobody in', async (t) => {
  const launched = await open(t, { signUp: 'open' })
  const { elsewhere } = launched
  const refused = async (what: string, change: Record<string, string | undefined> = {}): Promise<void> => {
    const answer = await launched.signIn(undefined, { change })
    assert.ok([403, 502].includes(answer.statusCode), `${what}: ${answer.statusCode}`)
    assert.equal(isIn(answer), false, what)
  }
  await refused('another state', { state: 'another' })
  await refused('no state', { state: undefined })
  await refused('another issuer (RFC 9207)', { iss: 'https://evil.example' })
  await refused('no issuer, which it says it sends', { iss: undefined })
  await refused('it says no', { error: 'access_denied', code: undefined })
  const seconds = Math.floor(Date.now() / 1000)
  for (const [what, idToken] of Object.entries({
    'another nonce': { nonce: 'another' },
    'no nonce': { nonce: undefined },
    'another issuer': { iss: 'https://evil.example' },
    'another audience': { aud: 'another' },
    'an old id_token': { iat: seconds - 7200, exp: seconds - 3600 },
    'no subject': { sub: undefined },
    'a subject without end': { sub: 'x'.repeat(10_000) },
  })) {
    elsewhere.idToken = idToken
    await refused(what)
  }
  elsewhere.idToken = {}
  const { generateKeyPair } = await import('jose')
  elsewhere.key = (await generateKeyPair('RS256')).privateKey
  await refused('another key')
  elsewhere.key = undefined
  assert.deepEqual((await launched.operate<{ data: unknown[] }>('GET', '/users')).data, [])
  assert.ok(isIn(await launched.signIn()), 'and what is right signs in')
})

test('a callback is for the browser that began it, once, and for ten minutes', async (t) => {
  const launched = await open(t, { signUp: 'open' })
  const { elsewhere, clock } = launched
  const begin = async (): Promise<{ person: Visitor; back: string }> => {
    const person = visitor(launched)
    return { person, back: elsewhere.signIn(String((await launched.start(person)).headers.location)) }
  }
  const one = await begin()
  const other = await begin()
  assert.equal((await visitor(launched).get(one.back)).statusCode, 403, 'no flow of its own')
  assert.equal(isIn(await other.person.get(one.back)), false, 'a flow of another')
  const late = await begin()
  clock.advance(10 * 60_000)
  assert.equal((await late.person.get(late.back)).statusCode, 403)
  const good = await begin()
  assert.ok(isIn(await good.person.get(good.back)))
  assert.equal((await good.person.get(good.back)).statusCode, 403, 'once')
  assert.equal((await visitor(launched).get('/login/upstream/unknown')).statusCode, 404)
})

test('an issuer that is down, slow in size or leads elsewhere is told of, and asked again after a while', async (t) => {
  const launched = await open(t, { signUp: 'open' })
  const { elsewhere, clock } = launched
  const starts = async (): Promise<number> => (await launched.start(visitor(launched))).statusCode
  const answers: Record<string, typeof elsewhere.instead> = {
    'an error': (_request, response) => Boolean(response.writeHead(500).end()),
    'another site': (_request, response) => Boolean(response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
    'no JSON': (_request, response) => Boolean(response.end('hello')),
    'an answer without end': (_request, response) => {
      response.setHeader('content-type', 'application/json')
      const chunk = `"${'x'.repeat(65_536)}",`
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(more))
      }
      response.write('[')
      more()
      return true
    },
  }
  for (const [what, instead] of Object.entries(answers)) {
    elsewhere.instead = instead
    clock.advance(3_600_000)
    assert.equal(await starts(), 502, what)
  }
  elsewhere.instead = () => false
  assert.equal(await starts(), 502, 'not asked again at once')
  clock.advance(10_000)
  assert.equal(await starts(), 303)
  for (const metadata of [
    { issuer: 'https://evil.example' },
    { authorization_endpoint: 'http://evil.example/authorize' },
    { authorization_endpoint: 'javascript:alert(1)' },
  ]) {
    elsewhere.metadata = metadata
    clock.advance(3_600_000)
    assert.equal(await starts(), 502, JSON.stringify(metadata))
  }
})

test('a suspended person does not come in this way either', async (t) => {
  const launched = await open(t)
  const id = await addPerson(launched)
  await launched.verify(id)
  assert.ok(isIn(await launched.signIn()))
  await launched.operate('PATCH', `/users/${id}`, { suspended: true })
  const answer = await launched.signIn()
  assert.equal(answer.statusCode, 403)
  assert.equal(isIn(answer), false)
})
