// Passkeys (WebAuthn Level 3 §7): a challenge of this server for this browser, once; this origin and host; a verified person; a count that never goes
// back. Whatever is wrong signs nobody in, and looks the same.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock } from '../harness.ts'
import { type Visitor, addPerson, formOf, password, visitor } from '../visitor.ts'
import { type Signing, type SoftwareAuthenticator, softwareAuthenticator } from './software-authenticator.ts'

const email = 'ada@example.com'

const scene = async (t: Parameters<typeof launch>[0], env: NodeJS.ProcessEnv = {}) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { file: {}, now: clock, env })
  const id = await addPerson(launched)
  const own = visitor(launched)
  await own.signIn(email, password)
  return { launched, clock, id, own }
}

const add = async (browser: Visitor, key: SoftwareAuthenticator, more: Signing = {}, name = 'Laptop') => {
  const options = (await browser.api('POST', '/account/passkeys/options')).json<{ challenge: string }>()
  return browser.api('POST', '/account/passkeys', { name, response: key.create(options, more) })
}

/** What the page hands to the browser. */
const challengeIn = (page: string): string =>
  (JSON.parse((/data-passkey="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&quot;', '"')) as { challenge: string })
    .challenge

/** Signs in with the passkey alone. */
const signInBy = async (browser: Visitor, key: SoftwareAuthenticator, more: Signing = {}, ip = '127.0.0.1') => {
  const { body } = await browser.get('/login')
  const challenge = challengeIn(body)
  return browser.post(
    '/login/passkey',
    {
      ...formOf(body, '/login/passkey'),
      response: JSON.stringify(key.get(challenge, more)),
    },
    { 'x-forwarded-for': ip },
  )
}

test('a passkey is added, listed, signs in alone as two factors, and is used', async (t) => {
  const { launched, clock, id, own } = await scene(t)
  const key = softwareAuthenticator()
  const options = (await own.api('POST', '/account/passkeys/options')).json<Record<string, unknown>>()
  assert.deepEqual(options.rp, { name: 'Latchkey', id: 'localhost' })
  assert.deepEqual(options.authenticatorSelection, {
    residentKey: 'preferred',
    userVerification: 'required',
    requireResidentKey: false,
  })
  assert.equal(options.attestation, 'none')
  const added = await add(own, key)
  assert.equal(added.statusCode, 201, added.body)
  assert.equal(added.json<{ recovery_codes: string[] }>().recovery_codes.length, 10)
  const second = await add(own, softwareAuthenticator(), { backedUp: true }, 'Phone')
  assert.equal(second.json<{ recovery_codes: null }>().recovery_codes, null, 'there are some already')
  clock.advance(1_000)
  const browser = visitor(launched)
  const answer = await signInBy(browser, key, { userHandle: id })
  assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/organizations'])
  const { data } = (await browser.api('GET', '/account/sessions')).json<{
    data: { current: boolean; methods: string[] }[]
  }>()
  assert.deepEqual(data.find(({ current }) => current)?.methods, ['hwk', 'user', 'mfa'])
  const passkeys = (await own.api('GET', '/account/passkeys')).json<{ data: Record<string, unknown>[] }>().data
  assert.deepEqual(
    passkeys.map(({ name, synced, last_used_at }) => [name, synced, last_used_at]),
    [
      ['Laptop', false, '2026-11-22T12:00:01.000Z'],
      ['Phone', true, null],
    ],
  )
  // a password alone is not enough any more, and the passkey is a second factor as well
  const other = visitor(launched)
  assert.equal((await other.signIn(email, password)).headers.location, '/login/verify')
  const { body } = await other.get('/login/verify')
  const response = JSON.stringify(key.get(challengeIn(body)))
  assert.equal((await other.post('/login/verify', { ...formOf(body, '/login/verify'), response })).statusCode, 303)
})

test('what is wrong with an answer signs nobody in, and all of it looks alike', async (t) => {
  const { launched, own } = await scene(t)
  const mallory = await addPerson(launched, { email: 'mallory@example.com' })
  const key = softwareAuthenticator()
  await add(own, key)
  const wrong: [string, Signing][] = [
    ['another origin', { origin: 'http://localhost:8001' }],
    ['a look-alike', { origin: 'https://localhost.evil.example' }],
    ['another host', { rpId: 'evil.example' }],
    ['within a page of another site', { crossOrigin: true }],
    ['made for registration', { type: 'webauthn.create' }],
    ['nobody verified', { verified: false }],
    ['nobody there', { present: false, verified: false }],
    ['somebody else’s handle', { userHandle: mallory }],
  ]
  const bodies = new Set<string>()
  for (const [index, [what, more]] of wrong.entries()) {
    const browser = visitor(launched)
    const answer = await signInBy(browser, key, more, `198.51.100.${index}`)
    assert.equal(answer.statusCode, 403, what)
    assert.equal(browser.cookies.has('latchkey_session'), false, what)
    bodies.add(answer.body.replaceAll(/(?:value|data-passkey)="[^"]*"/g, ''))
  }
  assert.equal(bodies.size, 1)
  for (const response of ['', '{}', 'null', '[]', '{"id":"x"}', '{"id":"x","response":null}', 'nonsense'.repeat(500)]) {
    const browser = visitor(launched)
    const form = formOf((await browser.get('/login')).body, '/login/passkey')
    const answer = await browser.post('/login/passkey', { ...form, response }, { 'x-forwarded-for': '203.0.113.1' })
    assert.ok([403, 429].includes(answer.statusCode), response.slice(0, 20))
  }
  const stranger = await signInBy(visitor(launched), softwareAuthenticator(), {}, '203.0.113.1')
  assert.equal(stranger.statusCode, 429, 'and from one address they are held back')
})

test('a challenge is good once, in its own browser, for ten minutes, and for what it was made for', async (t) => {
  const { launched, clock, own } = await scene(t)
  const key = softwareAuthenticator()
  await add(own, key)
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const browser = visitor(launched)
  const { body } = await browser.get('/login')
  const response = JSON.stringify(key.get(challengeIn(body)))
  const form = { ...formOf(body, '/login/passkey'), response }
  // of another browser
  const thief = visitor(launched)
  const theirs = formOf((await thief.get('/login')).body, '/login/passkey')
  assert.equal((await thief.post('/login/passkey', { ...theirs, response }, from('203.0.113.1'))).statusCode, 403)
  assert.equal((await browser.post('/login/passkey', form, from('203.0.113.2'))).statusCode, 303)
  // again, by whoever has seen it and has the cookies
  const replay = visitor(launched)
  for (const [name, value] of browser.cookies) replay.cookies.set(name, value)
  const page = (await replay.get('/login?prompt=login')).body
  const again = { ...formOf(page, '/login/passkey'), response }
  assert.equal((await replay.post('/login/passkey', again, from('203.0.113.3'))).statusCode, 403)
  // too late
  const late = visitor(launched)
  const slow = (await late.get('/login')).body
  const answer = JSON.stringify(key.get(challengeIn(slow)))
  clock.advance(10 * 60_000)
  const tooLate = { ...formOf(slow, '/login/passkey'), response: answer }
  assert.equal((await late.post('/login/passkey', tooLate, from('203.0.113.4'))).statusCode, 403)
  // made for the proof of somebody who is signed in
  const { passkey } = (await own.api('POST', '/account/reauthenticate/options')).json<{
    passkey: { challenge: string }
  }>()
  const other = visitor(launched)
  const otherForm = formOf((await other.get('/login')).body, '/login/passkey')
  const crossed = { ...otherForm, response: JSON.stringify(key.get(passkey.challenge)) }
  assert.equal((await other.post('/login/passkey', crossed, from('203.0.113.5'))).statusCode, 403)
  // where it is right
  assert.equal(
    (await own.api('POST', '/account/reauthenticate', { passkey: key.get(passkey.challenge) })).statusCode,
    200,
  )
  assert.equal(
    (await own.api('POST', '/account/reauthenticate', { passkey: key.get(passkey.challenge) })).statusCode,
    403,
  )
})

test('§6.1.1: a count that goes back is that of a copy, and signs nobody in', async (t) => {
  const { launched, own } = await scene(t)
  const key = softwareAuthenticator()
  await add(own, key, { count: 10 })
  assert.equal((await signInBy(visitor(launched), key, { count: 11 })).statusCode, 303)
  for (const count of [11, 10, 0])
    assert.equal((await signInBy(visitor(launched), key, { count })).statusCode, 403, String(count))
  assert.equal((await signInBy(visitor(launched), key, { count: 12 })).statusCode, 303)
  // many authenticators count nothing
  const uncounted = softwareAuthenticator()
  await add(own, uncounted, { count: 0 })
  for (let i = 0; i < 2; i++) assert.equal((await signInBy(visitor(launched), uncounted, { count: 0 })).statusCode, 303)
})

test('a registration is held to the same, and a passkey belongs to one person', async (t) => {
  const { launched, own } = await scene(t)
  await addPerson(launched, { email: 'mallory@example.com' })
  const mallory = visitor(launched)
  await mallory.signIn('mallory@example.com', password)
  const key = softwareAuthenticator()
  for (const more of [
    { origin: 'https://evil.example' },
    { rpId: 'evil.example' },
    { verified: false },
    { type: 'webauthn.get' },
  ] satisfies Signing[]) {
    const answer = await add(own, key, more)
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [400, 'invalid_request'])
  }
  const { challenge } = (await mallory.api('POST', '/account/passkeys/options')).json<{ challenge: string }>()
  const stolen = await own.api('POST', '/account/passkeys', { name: 'x', response: key.create({ challenge }) })
  assert.equal(stolen.statusCode, 400, 'a challenge of another session')
  assert.equal((await add(own, key)).statusCode, 201)
  assert.equal((await add(own, key)).statusCode, 409)
  assert.equal((await add(mallory, key)).statusCode, 409)
  for (const response of [{}, { ...key.create({ challenge }), extra: 'x'.repeat(10) }, { id: '*', rawId: '*' }])
    assert.equal((await own.api('POST', '/account/passkeys', { name: 'x', response })).statusCode, 400)
  // others neither see, rename, nor remove it
  const [passkey] = (await own.api('GET', '/account/passkeys')).json<{ data: { id: string }[] }>().data
  const path = `/account/passkeys/${passkey?.id}`
  assert.deepEqual((await mallory.api('GET', '/account/passkeys')).json(), { data: [] })
  assert.equal((await mallory.api('PATCH', path, { name: 'Mine' })).statusCode, 404)
  assert.equal((await mallory.api('DELETE', path)).statusCode, 404)
  assert.equal((await own.api('PATCH', path, { name: ' Blue key ' })).json<{ name: string }>().name, 'Blue key')
  assert.equal((await own.api('DELETE', path)).statusCode, 200)
  assert.equal((await signInBy(visitor(launched), key)).statusCode, 403)
  // with the last second factor the recovery codes go, and the password alone is enough again
  assert.equal((await own.api('GET', '/account')).json<{ recovery_codes_left: number }>().recovery_codes_left, 0)
  assert.equal((await visitor(launched).signIn(email, password)).headers.location, '/organizations')
})

test('twenty passkeys, and no more', async (t) => {
  const { own } = await scene(t)
  for (let i = 0; i < 20; i++) assert.equal((await add(own, softwareAuthenticator())).statusCode, 201)
  assert.equal((await add(own, softwareAuthenticator())).statusCode, 409)
})

test('where the deployment is an address there are none, and nothing offers them', async (t) => {
  const launched = await launch(t, { file: {}, env: { LATCHKEY_URL: 'http://127.0.0.1:8000' } })
  const page = await launched.ask('GET', '/login', { host: '127.0.0.1:8000' })
  assert.equal(page.statusCode, 200)
  assert.ok(!page.body.includes('data-passkey'))
})
