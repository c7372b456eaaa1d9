// One's e-mail address (OWASP ASVS 5.0 §6.3.7): confirmed, and changed, by a link that is mailed to it and opened by the same person.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock } from '../harness.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { type Visitor, addPerson, formOf, password, visitor } from '../visitor.ts'

const open = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { now: clock, file: {} })
  const id = await addPerson(launched)
  const ada = visitor(launched)
  await ada.signIn('ada@example.com', password)
  const want = (person: Visitor, email: string) =>
    launched.ask('POST', '/api/v1/account/email', {
      headers: {
        cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-latchkey-dashboard': '1',
        'sec-fetch-site': 'same-origin',
      },
      body: { email },
    })
  const link = async (email: string) => linkIn(await lettersTo(launched, email), launched.config.issuer)
  const confirm = async (person: Visitor, to: string) =>
    person.post('/verify-email', formOf((await person.get(to)).body, '/verify-email'))
  const user = () => launched.operate<{ email: string; email_verified: boolean }>('GET', `/users/${id}`)
  return { ...launched, clock, id, ada, want, link, confirm, user }
}

test('one’s own address is confirmed by its mail, once', async (t) => {
  const launched = await open(t)
  assert.equal((await launched.user()).email_verified, false, 'an operator made the account')
  const asked = await launched.want(launched.ada, 'Ada@example.com')
  assert.equal(asked.statusCode, 202, asked.body)
  const link = await launched.link('ada@example.com')
  assert.equal((await launched.ada.get(link)).statusCode, 200)
  assert.equal((await launched.user()).email_verified, false, 'opening changes nothing')
  assert.equal((await launched.confirm(launched.ada, link)).statusCode, 200)
  assert.equal((await launched.user()).email_verified, true)
  assert.equal((await launched.want(launched.ada, 'ada@example.com')).statusCode, 409)
})

test('another address counts once it is confirmed; the former one is told before and after', async (t) => {
  const launched = await open(t)
  await launched.want(launched.ada, 'countess@example.com')
  assert.equal((await launched.user()).email, 'ada@example.com')
  const [before] = await lettersTo(launched, 'ada@example.com')
  assert.match(before?.text ?? '', /wants it to have the address countess@example\.com/)
  const link = await launched.link('countess@example.com')
  assert.equal((await launched.confirm(launched.ada, link)).statusCode, 200)
  assert.deepEqual(await launched.user().then(({ email, email_verified }) => [email, email_verified]), [
    'countess@example.com',
    true,
  ])
  const [after] = await lettersTo(launched, 'ada@example.com')
  assert.match(after?.subject ?? '', /was changed/)
  assert.equal((await launched.ada.get(link)).statusCode, 404, 'once')
  assert.equal((await visitor(launched).signIn('ada@example.com', password)).statusCode, 403)
  assert.equal((await visitor(launched).signIn('countess@example.com', password)).statusCode, 303)
})

test('what waits to be confirmed is seen, counts as it was asked for last, and is taken back', async (t) => {
  const launched = await open(t)
  const { ada, want } = launched
  const account = async () =>
    (await ada.api('GET', '/account')).json<{ email_verified: boolean; email_requested: object | null }>()
  assert.deepEqual((await account()).email_requested, null)
  const asked = (await want(ada, 'countess@example.com')).json<object>()
  assert.deepEqual((await account()).email_requested, asked)
  const former = await launched.link('countess@example.com')
  await want(ada, 'lady@example.com')
  assert.equal((await ada.get(former)).statusCode, 404, 'only the last one counts')
  const link = await launched.link('lady@example.com')
  const form = formOf((await ada.get(link)).body, '/verify-email')
  assert.equal((await ada.api('DELETE', '/account/email')).statusCode, 200)
  assert.deepEqual((await account()).email_requested, null)
  assert.equal((await ada.post('/verify-email', form)).statusCode, 404, 'taken back while the page was open')
  assert.equal((await ada.api('DELETE', '/account/email')).statusCode, 404)
  assert.equal((await launched.user()).email, 'ada@example.com')

  // asked for again, the same address by the former link too, until the hour is over
  await want(ada, 'lady@example.com')
  assert.equal((await ada.get(link)).statusCode, 200)
  launched.clock.advance(60 * 60_000)
  assert.deepEqual((await account()).email_requested, null)
  assert.equal((await ada.get(link)).statusCode, 404)
})

test('a new password stops a change that somebody else began', async (t) => {
  const launched = await open(t)
  await launched.want(launched.ada, 'thief@example.com') // by whoever has taken her browser
  const link = await launched.link('thief@example.com')
  const guest = visitor(launched)
  await guest.post('/reset', { ...formOf((await guest.get('/reset')).body, '/reset'), email: 'ada@example.com' })
  const reset = await launched.link('ada@example.com')
  await guest.post('/reset/password', {
    ...formOf((await guest.get(reset)).body, '/reset/password'),
    password: 'another horse battery',
  })
  const again = visitor(launched)
  await again.signIn('ada@example.com', 'another horse battery')
  assert.equal((await again.get(link)).statusCode, 404)
  assert.equal((await launched.user()).email, 'ada@example.com')
})

test('nobody confirms for an account of somebody else that an address is theirs', async (t) => {
  const launched = await open(t)
  // Mallory wants Grace's address on her own account, verified; Grace opens the mail
  await launched.want(launched.ada, 'grace@example.com')
  const link = await launched.link('grace@example.com')
  const stranger = visitor(launched)
  const toSignIn = await stranger.get(link)
  assert.equal(toSignIn.statusCode, 303)
  assert.match(String(toSignIn.headers.location), /^\/login\?return_to=%2Fverify-email/)
  await addPerson(launched, { email: 'other@example.com' })
  await stranger.signIn('other@example.com', password)
  const page = await stranger.get(link)
  assert.equal(page.statusCode, 403)
  assert.doesNotMatch(page.body, /action="\/verify-email"/)
  const form = formOf((await launched.ada.get(link)).body, '/verify-email')
  assert.equal((await stranger.post('/verify-email', form)).statusCode, 403)
  assert.equal((await launched.user()).email, 'ada@example.com')
})

test('an address that somebody has is asked for with the same answer, and only its mailbox is told', async (t) => {
  const launched = await open(t)
  await addPerson(launched, { email: 'grace@example.com' })
  const [free, taken] = [
    await launched.want(launched.ada, 'free@example.com'),
    await launched.want(launched.ada, 'grace@example.com'),
  ]
  assert.deepEqual([free.statusCode, taken.statusCode], [202, 202])
  assert.equal(free.body.replace('free@', 'grace@'), taken.body)
  const [letter] = await lettersTo(launched, 'grace@example.com')
  assert.match(letter?.text ?? '', /nothing was changed/)
  assert.doesNotMatch(letter?.text ?? '', /https?:/)

  // and one that was free when it was asked for, and is not any more
  await launched.want(launched.ada, 'free@example.com')
  const link = await launched.link('free@example.com')
  await addPerson(launched, { email: 'free@example.com' })
  assert.equal((await launched.confirm(launched.ada, link)).statusCode, 409)
  assert.equal((await launched.user()).email, 'ada@example.com')
})

test('it takes a browser in which the person has proven lately who they are', async (t) => {
  const launched = await open(t)
  const { token } = await launched.operate<{ token: string }>('POST', `/users/${launched.id}/tokens`, {
    name: 'T',
    all_organizations: true,
  })
  const byToken = await launched.ask('POST', '/api/v1/account/email', { as: token, body: { email: 'x@example.com' } })
  assert.equal(byToken.statusCode, 403)
  launched.clock.advance(15 * 60_000 + 1)
  const late = await launched.want(launched.ada, 'x@example.com')
  assert.equal(late.statusCode, 403)
  assert.match(late.body, /reauthentication_required/)
})
