// /reset (OWASP ASVS 5.0 §6.4.3, §6.3.8): a mailed link, once, for an hour; second factors stay; nobody learns who has an account.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { type Launched, launch, stoppedClock } from '../harness.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const hour = 3_600_000
const another = 'another horse battery'

const open = async (t: Parameters<typeof launch>[0], env: NodeJS.ProcessEnv = {}) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { now: clock, file: {}, env })
  return { ...launched, clock, id: await addPerson(launched) }
}

const ask = async (launched: Launched, email: string): Promise<LightMyRequestResponse> => {
  const guest = visitor(launched)
  const form = formOf((await guest.get('/reset')).body, '/reset')
  const answer = await guest.post('/reset', { ...form, email })
  await launched.app.settled()
  return answer
}

const resetLink = async (launched: Launched, email = 'ada@example.com'): Promise<string> => {
  await ask(launched, email)
  return linkIn(await lettersTo(launched, email), launched.config.issuer)
}

const choose = async (launched: Launched, link: string, chosen: string) => {
  const guest = visitor(launched)
  const page = await guest.get(link)
  return guest.post('/reset/password', { ...formOf(page.body, '/reset/password'), password: chosen })
}

test('a forgotten password is replaced by a mailed link, once; all sessions end, and the person is told', async (t) => {
  const launched = await open(t)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const { body } = await ask(launched, '  ADA@example.com ')
  assert.match(body, /If there is an account/)
  const letters = await lettersTo(launched, 'ada@example.com')
  assert.match(letters[0]?.text ?? '', /works once, until 22 November 2026 at 13:00 UTC/)
  const link = linkIn(letters, launched.config.issuer)

  const opened = await visitor(launched).get(link)
  assert.equal(opened.headers['referrer-policy'], 'no-referrer')
  assert.equal(opened.headers['cache-control'], 'no-store')
  for (let times = 0; times < 3; times++)
    assert.equal((await visitor(launched).get(link)).statusCode, 200, 'opening uses nothing up')
  assert.equal((await choose(launched, link, 'short')).statusCode, 400)
  assert.equal((await choose(launched, link, another)).statusCode, 200)
  assert.equal((await ada.get('/login')).body.includes('You are signed in'), false)
  assert.equal((await visitor(launched).get(link)).statusCode, 404)
  assert.equal((await visitor(launched).signIn('ada@example.com', password)).statusCode, 403)
  assert.equal((await visitor(launched).signIn('ada@example.com', another)).statusCode, 303)
  const told = (await lettersTo(launched, 'ada@example.com')).map(({ subject }) => subject)
  assert.ok(told.includes('Your password at localhost:8000 was changed'), told.join())
  const { email_verified } = await launched.operate<{ email_verified: boolean }>('GET', `/users/${launched.id}`)
  assert.equal(email_verified, true, 'the mailbox was read')
  const { data } = await launched.operate<{ data: { action: string }[] }>('GET', '/audit?limit=50')
  assert.ok(data.some(({ action }) => action === 'user.password_reset'))
})

test('a link ends after an hour, by another password, another address and a suspension; two at once set one password', async (t) => {
  const launched = await open(t)
  const works = async (link: string): Promise<boolean> => (await visitor(launched).get(link)).statusCode === 200
  const late = await resetLink(launched)
  launched.clock.advance(hour - 1)
  assert.equal(await works(late), true)
  launched.clock.advance(1)
  assert.equal(await works(late), false)

  const [one, two] = [await resetLink(launched), await resetLink(launched)]
  assert.equal(await works(one), true, 'another link does not end it: anybody can ask for one')
  assert.equal((await choose(launched, two, another)).statusCode, 200)
  assert.equal(await works(one), false)

  launched.clock.advance(hour)
  const suspended = await resetLink(launched)
  await launched.operate('PATCH', `/users/${launched.id}`, { suspended: true })
  assert.equal(await works(suspended), false)
  await launched.operate('PATCH', `/users/${launched.id}`, { suspended: false })

  const both = await resetLink(launched)
  const pages = await Promise.all([0, 1].map(() => visitor(launched).get(both)))
  const answers = await Promise.all(
    pages.map(({ body }, index) =>
      visitor(launched).post('/reset/password', {
        ...formOf(body, '/reset/password'),
        password: `${another} ${index}`,
      }),
    ),
  )
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
    [200, 404],
  )
})

test('links that nobody made do not work: changed, of another purpose, of another deployment, huge', async (t) => {
  const launched = await open(t)
  const link = await resetLink(launched)
  const token = new URLSearchParams(link.split('?')[1]).get('token') ?? ''
  const other = await resetLink(await open(t))
  for (const wrong of [
    `/reset?token=${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    `/reset?token=${token}x`,
    `/reset?token=${token.toLowerCase()}`,
    other,
    '/reset?token=v1.',
    '/reset?token=x',
  ])
    assert.equal((await visitor(launched).get(wrong)).statusCode, 404, wrong)
  assert.equal((await visitor(launched).get(`/signup?token=${token}`)).statusCode, 200)
  assert.doesNotMatch((await visitor(launched).get(`/signup?token=${token}`)).body, /ada@example/)
  assert.equal((await visitor(launched).get(`/verify-email?token=${token}`)).statusCode, 404)
  assert.equal((await visitor(launched).get(`/reset?token=${'x'.repeat(3000)}`)).statusCode, 400)
})

test('a second factor stays: the new password alone signs nobody in', async (t) => {
  const launched = await open(t)
  await launched.app.store.transaction(async (trx) => {
    await trx
      .insertInto('passkeys')
      .values({
        id: '01998e3a-0000-7000-8000-000000000001',
        user_id: launched.id,
        credential_id: 'AAAA',
        public_key: 'AAAA',
        sign_count: 0,
        transports: '[]',
        name: 'Key',
        backed_up: 0,
        created_at: launched.clock(),
        last_used_at: null,
      })
      .execute()
  })
  await choose(launched, await resetLink(launched), another)
  const ada = visitor(launched)
  const answer = await ada.signIn('ada@example.com', another)
  assert.equal(answer.headers.location, '/login/verify')
  assert.equal(ada.cookies.has('latchkey_session'), false)
})

test('without a mail server a public deployment says that an operator has to give the link', async (t) => {
  const launched = await launch(t, { file: {}, env: { LATCHKEY_URL: 'https://auth.example.com' } })
  const host = 'auth.example.com'
  const page = await launched.ask('GET', '/reset', { host })
  assert.match(page.body, /An operator has to give you one/)
  assert.equal((await launched.ask('POST', '/reset', { host, form: { email: 'a@example.com' } })).statusCode, 404)
})
