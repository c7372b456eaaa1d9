// /signup: by invitation unless the configuration opens it; then a mailed link, which proves the address before there is an account.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock } from '../harness.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const day = 86_400_000

const open = async (t: Parameters<typeof launch>[0], signUp: 'open' | 'invitation' = 'open') => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { now: clock, file: { signIn: { signUp } } })
  const request = async (email: string) => {
    const guest = visitor(launched)
    const answer = await guest.post('/signup', { ...formOf((await guest.get('/signup')).body, '/signup'), email })
    await launched.app.settled()
    return answer
  }
  const create = async (link: string, fields: Record<string, string> = {}) => {
    const guest = visitor(launched)
    const page = await guest.get(link)
    if (page.statusCode !== 200) return { guest, answer: page }
    const form = formOf(page.body, '/signup/account')
    return {
      guest,
      answer: await guest.post('/signup/account', { ...form, name: 'Ada Lovelace', password, ...fields }),
    }
  }
  const users = async () =>
    (await launched.operate<{ data: { email: string; email_verified: boolean; operator: boolean }[] }>('GET', '/users'))
      .data
  return { ...launched, clock, request, create, users }
}

test('where sign-up is open, a mailed link leads to a name, a password and a verified account', async (t) => {
  const launched = await open(t)
  const asked = await launched.request(' Ada@Example.com')
  assert.equal(asked.statusCode, 200)
  assert.deepEqual(await launched.users(), [], 'no account before the address is proven')
  const link = linkIn(await lettersTo(launched, 'ada@example.com'), launched.config.issuer)
  for (let times = 0; times < 3; times++) assert.equal((await visitor(launched).get(link)).statusCode, 200)
  const short = await launched.create(link, { password: 'short', name: '' })
  assert.equal(short.answer.statusCode, 400)
  assert.match(short.answer.body, /A name is needed.*at least 12 characters/s)
  const { guest, answer } = await launched.create(link)
  assert.equal(answer.headers.location, '/organizations')
  assert.match((await guest.get('/login')).body, /As Ada Lovelace \(ada@example\.com\)/)
  const [user] = await launched.users()
  assert.deepEqual([user?.email, user?.email_verified, user?.operator], ['ada@example.com', true, false])
  // once: now there is an account
  assert.match((await visitor(launched).get(link)).body, /You have an account/)
})

test('somebody who has an account is told so by mail alone', async (t) => {
  const launched = await open(t)
  await addPerson(launched)
  await launched.request('ada@example.com')
  const [letter] = await lettersTo(launched, 'ada@example.com')
  assert.match(letter?.text ?? '', /There is one already/)
  assert.equal(linkIn([letter ?? assert.fail()], launched.config.issuer), '/login')
})

test('two who use links of one address at once make one account', async (t) => {
  const launched = await open(t)
  await launched.request('ada@example.com')
  const link = linkIn(await lettersTo(launched, 'ada@example.com'), launched.config.issuer)
  const answers = await Promise.all([launched.create(link), launched.create(link)])
  assert.deepEqual(
    answers.map(({ answer }) => answer.statusCode).toSorted((a, b) => a - b),
    [303, 409],
  )
  assert.equal((await launched.users()).length, 1)
})

test('a link ends after a day, and with open sign-up', async (t) => {
  const launched = await open(t)
  await launched.request('ada@example.com')
  const link = linkIn(await lettersTo(launched, 'ada@example.com'), launched.config.issuer)
  launched.clock.advance(day - 1)
  assert.equal((await visitor(launched).get(link)).statusCode, 200)
  launched.clock.advance(1)
  assert.equal((await visitor(launched).get(link)).statusCode, 404)
})

test('by invitation, the page says how to get in, and neither asks nor takes an address', async (t) => {
  const launched = await open(t, 'invitation')
  const page = await visitor(launched).get('/signup')
  assert.match(page.body, /Accounts are made by invitation/)
  const guest = visitor(launched)
  const form = formOf((await guest.get('/reset')).body, '/reset')
  assert.equal((await guest.post('/signup', { ...form, email: 'ada@example.com' })).statusCode, 404)
  assert.equal((await guest.post('/signup/account', { token: 'v1.x', name: 'A', password })).statusCode, 404)
  assert.deepEqual(await lettersTo(launched, 'ada@example.com'), [])
})
