// Invitations: to one address, once, for seven days, by the present right of whoever made them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const day = 86_400_000

interface Sent {
  id: string
  url: string
  mailed: boolean
  status: string
}

const open = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { now: clock, file: {} })
  const acme = await world(launched)
  const path = `/organizations/${acme.organization}`
  const invite = (email = 'ada@example.com', role = 'member') =>
    launched.operate<Sent>('POST', `${path}/invitations`, { email, role })
  const mailedLink = async (email = 'ada@example.com') =>
    linkIn(await lettersTo(launched, email), launched.config.issuer)
  const roleOf = async (userId: string): Promise<string | undefined> =>
    (await launched.operate<{ data: { user_id: string; role: string }[] }>('GET', `${path}/members`)).data.find(
      ({ user_id }) => user_id === userId,
    )?.role
  const userOf = async (email: string) =>
    (
      await launched.operate<{ data: { id: string; email: string; email_verified: boolean }[] }>('GET', '/users')
    ).data.find((user) => user.email === email)
  return { ...launched, clock, acme, path, invite, mailedLink, roleOf, userOf }
}

const shownLink = ({ url }: Sent, { config }: Pick<Launched, 'config'>): string => url.slice(config.issuer.length)

const create = async (launched: Launched, link: string, fields: Record<string, string> = {}) => {
  const guest = visitor(launched)
  const page = await guest.get(link)
  const form = formOf(page.body, `${link}/account`)
  return { guest, answer: await guest.post(`${link}/account`, { ...form, name: 'Ada Lovelace', password, ...fields }) }
}

test('somebody without an account follows the mail, chooses a password, and is in, with a verified address', async (t) => {
  const launched = await open(t)
  const sent = await launched.invite()
  assert.equal(sent.mailed, true)
  const [letter] = await lettersTo(launched, 'ada@example.com')
  assert.match(letter?.text ?? '', /to join Organization \d+ at localhost:8000 as a member/)
  const link = await launched.mailedLink()
  for (let times = 0; times < 3; times++)
    assert.equal((await visitor(launched).get(link)).statusCode, 200, 'opening uses nothing up')
  const page = await visitor(launched).get(link)
  assert.equal(page.headers['referrer-policy'], 'no-referrer')

  const { guest, answer } = await create(launched, link)
  assert.equal(answer.statusCode, 303, answer.body)
  assert.equal(answer.headers.location, launched.path)
  const user = await launched.userOf('ada@example.com')
  assert.equal(user?.email_verified, true)
  assert.equal(await launched.roleOf(user.id), 'member')
  assert.match((await guest.get('/login')).body, /You are signed in/)
  assert.equal((await visitor(launched).get(link)).statusCode, 404, 'once')
  assert.equal((await visitor(launched).get(shownLink(sent, launched))).statusCode, 404, 'and the other link with it')
})

test('who invites is told a link too, which proves no mailbox: the account that it makes has an unverified address', async (t) => {
  const launched = await open(t)
  const link = shownLink(await launched.invite(), launched)
  assert.doesNotMatch(link, /~/)
  assert.equal((await create(launched, link)).answer.statusCode, 303)
  assert.equal((await launched.userOf('ada@example.com'))?.email_verified, false)
})

test('a person who has an account signs in and joins by one click; a role that they have stays', async (t) => {
  const launched = await open(t)
  const id = await addPerson(launched)
  await launched.invite()
  const link = await launched.mailedLink()
  const ada = visitor(launched)
  const before = await ada.get(link)
  assert.match(before.body, /You have an account/)
  const [, login = ''] = /href="(\/login[^"]*)"/.exec(before.body) ?? []
  const query = login.slice('/login'.length).replaceAll('&amp;', '&')
  assert.equal((await ada.signIn('ada@example.com', password, query)).headers.location, link)
  const page = await ada.get(link)
  const joined = await ada.post(link, formOf(page.body, link))
  assert.equal(joined.headers.location, launched.path)
  assert.equal(await launched.roleOf(id), 'member')
  assert.equal((await launched.userOf('ada@example.com'))?.email_verified, true)
  assert.equal((await ada.post(link, formOf(page.body, link))).statusCode, 404, 'once')

  // invited before somebody added them by hand
  const grace = await addPerson(launched, { email: 'grace@example.com', name: 'Grace' })
  await launched.invite('grace@example.com', 'viewer')
  await launched.operate('POST', `${launched.path}/members`, { user_id: grace, role: 'admin' })
  const other = visitor(launched)
  await other.signIn('grace@example.com', password)
  const second = await launched.mailedLink('grace@example.com')
  const answer = await other.post(second, formOf((await other.get(second)).body, second))
  assert.equal(answer.statusCode, 303)
  assert.equal(await launched.roleOf(grace), 'admin')
})

test('another account cannot use the link, whoever gave it to them', async (t) => {
  const launched = await open(t)
  const eve = await addPerson(launched, { email: 'eve@example.com', name: 'Eve' })
  await launched.invite('ada@example.com', 'admin')
  const link = await launched.mailedLink()
  const browser = visitor(launched)
  await browser.signIn('eve@example.com', password)
  const page = await browser.get(link)
  assert.match(page.body, /This invitation is for <strong>ada@example\.com<\/strong>/)
  assert.match(page.body, /Sign out and use the other account/)
  // with a token that is good for another form of hers
  const [, token = ''] = /name="form_token" value="([^"]+)"/.exec(page.body) ?? []
  assert.equal((await browser.post(link, { form_token: token })).statusCode, 403)
  assert.equal(await launched.roleOf(eve), undefined)
  // by the form for new accounts the account is made of the invited address all the same
  const strangers = visitor(launched)
  const form = formOf((await strangers.get(link)).body, `${link}/account`)
  assert.equal(
    (await strangers.post(`${link}/account`, { ...form, email: 'eve@example.com', name: 'E', password })).statusCode,
    400,
  )
  const out = await browser.post('/logout', formOf(page.body, '/logout'))
  assert.equal(out.headers.location, link, 'where it says whether to sign in or to make an account')
})

test('a link ends after seven days, when it is sent again, withdrawn, or its organization is suspended or deleted', async (t) => {
  const launched = await open(t)
  const works = async (link: string): Promise<boolean> => (await visitor(launched).get(link)).statusCode === 200
  const { id } = await launched.invite()
  const first = await launched.mailedLink()
  launched.clock.advance(7 * day - 1)
  assert.equal(await works(first), true)
  launched.clock.advance(1)
  assert.equal(await works(first), false)
  const list = () => launched.operate<{ data: Sent[] }>('GET', `${launched.path}/invitations`)
  assert.deepEqual(
    (await list()).data.map(({ status }) => status),
    ['expired'],
  )

  await launched.operate('POST', `${launched.path}/invitations/${id}/resend`)
  const second = await launched.mailedLink()
  assert.notEqual(second, first)
  assert.equal(await works(first), false)
  assert.equal(await works(second), true)
  await launched.operate('PATCH', launched.path, { suspended: true })
  assert.equal(await works(second), false)
  await launched.operate('PATCH', launched.path, { suspended: false })
  assert.equal(await works(second), true)
  const page = await visitor(launched).get(second)
  await launched.operate('DELETE', `${launched.path}/invitations/${id}`)
  assert.equal(await works(second), false)
  const late = visitor(launched)
  assert.equal((await late.post(`${second}/account`, formOf(page.body, `${second}/account`))).statusCode, 404)
  assert.deepEqual((await list()).data, [])
  assert.equal(await launched.userOf('ada@example.com'), undefined)
})

test('it stands by the present right of whoever made it', async (t) => {
  const launched = await open(t)
  const { operate, path } = launched
  const admin = await addPerson(launched, { email: 'admin@example.com', name: 'Admin' })
  await operate('POST', `${path}/members`, { user_id: admin, role: 'admin' })
  const { token } = await operate<{ token: string }>('POST', `/users/${admin}/tokens`, {
    name: 'T',
    all_organizations: true,
  })
  const as = (method: string, url: string, body?: object) =>
    launched.ask(method, `/api/v1${url}`, { as: token, ...(body && { body }) })
  const made = await as('POST', `${path}/invitations`, { email: 'ada@example.com', role: 'admin' })
  assert.equal(made.statusCode, 201, made.body)
  const sent = made.json<Sent>()
  const link = shownLink(sent, launched)
  const works = async (): Promise<boolean> => (await visitor(launched).get(link)).statusCode === 200
  assert.equal(await works(), true)
  await operate('PATCH', `${path}/members/${admin}`, { role: 'member' })
  assert.equal(await works(), false)
  await operate('PATCH', `${path}/members/${admin}`, { role: 'admin' })
  assert.equal(await works(), true)
  await operate('DELETE', `${path}/members/${admin}`)
  assert.equal(await works(), false, 'whoever is removed leaves no way back in')
  const { data } = await operate<{ data: Sent[] }>('GET', `${path}/invitations`)
  assert.deepEqual(
    data.map(({ status }) => status),
    ['void'],
  )
  // sent again by somebody who may, it stands by their right
  await operate('POST', `${path}/invitations/${sent.id}/resend`)
  assert.equal((await visitor(launched).get(await launched.mailedLink())).statusCode, 200)
})

test('nobody gives more than they have: admins neither make, send again nor withdraw an invitation to be owner', async (t) => {
  const launched = await open(t)
  const { operate, path, acme } = launched
  const admin = await addPerson(launched, { email: 'admin@example.com', name: 'Admin' })
  await operate('POST', `${path}/members`, { user_id: admin, role: 'admin' })
  const tokenOf = async (userId: string): Promise<string> =>
    (await operate<{ token: string }>('POST', `/users/${userId}/tokens`, { name: 'T', all_organizations: true })).token
  const as = async (userId: string, method: string, url: string, body?: object) =>
    launched.ask(method, `/api/v1${path}${url}`, { as: await tokenOf(userId), ...(body && { body }) })
  const body = { email: 'ada@example.com', role: 'owner' }
  assert.equal((await as(admin, 'POST', '/invitations', body)).statusCode, 403)
  const made = await as(acme.owner, 'POST', '/invitations', body)
  assert.equal(made.statusCode, 201)
  const { id } = made.json<Sent>()
  assert.equal((await as(admin, 'POST', `/invitations/${id}/resend`)).statusCode, 403)
  assert.equal((await as(admin, 'DELETE', `/invitations/${id}`)).statusCode, 403)
  // of another organization it is not found, whoever asks there
  const other = await world(launched)
  const foreign = await launched.ask('POST', `/api/v1/organizations/${other.organization}/invitations/${id}/resend`, {
    as: (await other.token()).token,
  })
  assert.equal(foreign.statusCode, 404)
})

test('one address is invited once; members, strangers’ limits and the number that waits are held', async (t) => {
  const launched = await open(t)
  const { invite, operate, path, acme, ask } = launched
  await invite()
  await assert.rejects(invite(' ADA@example.com'), /409/)
  await addPerson(launched, { email: 'member@example.com' })
  const { id } = (await launched.userOf('member@example.com')) ?? assert.fail()
  await operate('POST', `${path}/members`, { user_id: id, role: 'viewer' })
  await assert.rejects(invite('member@example.com'), /409.*member already/)
  for (const email of ['a', 'a@b@c', 'a@example.com\r\nBcc: b@example.com', 'a@example.com,b@example.com'])
    await assert.rejects(invite(email), /400/)

  // one mailbox is not flooded by sending again and again
  const { data } = await operate<{ data: Sent[] }>('GET', `${path}/invitations`)
  const mailed = []
  for (let times = 0; times < 8; times++)
    mailed.push((await operate<Sent>('POST', `${path}/invitations/${data[0]?.id}/resend`)).mailed)
  assert.deepEqual(mailed, [true, true, true, true, false, false, false, false])

  const { token } = await acme.token()
  const post = (email: string) =>
    ask('POST', `/api/v1${path}/invitations`, { as: token, body: { email, role: 'viewer' } })
  for (let number = 0; number < 100; number++) assert.equal((await post(`p${number}@example.com`)).statusCode, 201)
  const refused = await post('one-more@example.com')
  assert.equal(refused.statusCode, 429, refused.body)
  launched.clock.advance(day)
  for (let number = 100; number < 199; number++) assert.equal((await post(`p${number}@example.com`)).statusCode, 201)
  const full = await post('one-more@example.com')
  assert.equal(full.statusCode, 409)
  assert.match(full.body, /200 invitations/)
})

test('operators invite people without an organization', async (t) => {
  const launched = await open(t)
  const sent = await launched.operate<Sent & { organization_id: null }>('POST', '/invitations', {
    email: 'ada@example.com',
  })
  assert.equal(sent.organization_id, null)
  const { answer } = await create(launched, await launched.mailedLink())
  assert.equal(answer.headers.location, '/organizations')
  await assert.rejects(launched.operate('POST', '/invitations', { email: 'ada@example.com' }), /409/)
})

test('a form from elsewhere joins nothing, and signs nobody in to an account of somebody else’s making', async (t) => {
  const launched = await open(t)
  await launched.invite()
  const link = await launched.mailedLink()
  // the attacker has a link, a password, and the token of a form of their own browser
  const attacker = visitor(launched)
  const form = formOf((await attacker.get(link)).body, `${link}/account`)
  const victim = visitor(launched)
  await victim.get('/login')
  const answer = await victim.post(`${link}/account`, { ...form, name: 'A', password })
  assert.equal(answer.statusCode, 403)
  const posted = await attacker.post(
    `${link}/account`,
    { ...form, name: 'A', password },
    { 'sec-fetch-site': 'cross-site' },
  )
  assert.equal(posted.statusCode, 403)
  assert.equal(await launched.userOf('ada@example.com'), undefined)
})
