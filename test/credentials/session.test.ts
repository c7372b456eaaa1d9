// Somebody signed in in a browser manages credentials as with a personal token for everything: as much as they may, and no more.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Launched, launch, stoppedClock } from '../harness.ts'
import { type Visitor, addPerson, password, visitor } from '../visitor.ts'

const quarter = 15 * 60_000

interface Answer {
  status: number
  body: Record<string, string> & { data: Record<string, string>[] }
}

interface Browser {
  id: string
  /** A request of the dashboard. */
  call: (method: string, path: string, body?: object) => Promise<Answer>
  visit: Visitor
}

const scene = async (t: TestContext) => {
  const clock = stoppedClock('2027-01-15T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const { operate } = launched
  const signedIn = async (email: string): Promise<Browser> => {
    const id = await addPerson(launched, { email })
    const visit = visitor(launched)
    await visit.signIn(email, password)
    return { id, visit, call: caller(launched, visit) }
  }
  return {
    clock,
    launched,
    signedIn,
    organization: async (owner: string, name = 'Acme') =>
      (await operate<{ id: string }>('POST', '/organizations', { name, owner })).id,
    join: (organization: string, user_id: string, role: string) =>
      operate('POST', `/organizations/${organization}/members`, { user_id, role }),
  }
}

const caller =
  ({ ask }: Launched, { cookies }: Visitor): Browser['call'] =>
  async (method, path, body) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await ask(method, `/api/v1${path}`, {
      headers: { cookie, 'x-latchkey-dashboard': '1' },
      ...(body && { body }),
    })
    return { status: response.statusCode, body: response.json() }
  }

test('a token made in the browser reaches what its person reaches, and outlives the session', async (t) => {
  const { launched, signedIn, organization } = await scene(t)
  const ada = await signedIn('ada@example.com')
  const ids = [await organization(ada.id, 'One'), await organization(ada.id, 'Two')]
  const all = await ada.call('POST', '/account/tokens', { name: 'All', all_organizations: true })
  assert.deepEqual([all.status, all.body.expires_at], [201, null])
  const one = await ada.call('POST', '/account/tokens', { name: 'One', organization_ids: [ids[0]] })
  assert.equal(one.status, 201)
  const reach = async (token: string | undefined) =>
    (await launched.ask('GET', '/api/v1/organizations', { as: token ?? '' }))
      .json<{ data: { id: string }[] }>()
      .data.map(({ id }) => id)
      .toSorted()
  ada.visit.cookies.clear()
  assert.deepEqual(await reach(all.body.token), ids.toSorted())
  assert.deepEqual(await reach(one.body.token), [ids[0]])
})

test('the browser manages its person’s own tokens and nobody else’s', async (t) => {
  const { launched, signedIn } = await scene(t)
  const [ada, mallory] = [await signedIn('ada@example.com'), await signedIn('mallory@example.com')]
  const { body: made } = await ada.call('POST', '/account/tokens', { name: 'CI', all_organizations: true })
  const path = `/account/tokens/${made.id}`
  for (const [method, at, body] of [
    ['GET', path],
    ['PATCH', path, { name: 'X' }],
    ['DELETE', path],
    ['POST', `${path}/rotate`, {}],
    ['DELETE', `/tokens/${made.id}`],
  ] as const)
    assert.equal((await mallory.call(method, at, body)).status, 404, `${method} ${at}`)
  assert.equal((await mallory.call('GET', `/users/${ada.id}/tokens`)).status, 403)
  assert.equal(
    (await mallory.call('POST', `/users/${ada.id}/tokens`, { name: 'X', all_organizations: true })).status,
    403,
  )
  assert.equal((await ada.call('PATCH', path, { name: 'Nightly' })).body.name, 'Nightly')
  const rotated = await ada.call('POST', `${path}/rotate`, { overlap_seconds: 0 })
  assert.equal(rotated.status, 201)
  const status = async (as: string | undefined) =>
    (await launched.ask('GET', '/api/v1/users/me', { as: as ?? '' })).statusCode
  assert.deepEqual([await status(made.token), await status(rotated.body.token)], [401, 200])
  assert.equal((await ada.call('DELETE', `/account/tokens/${rotated.body.id}`)).body.state, 'revoked')
  assert.equal(await status(rotated.body.token), 401)
  const trail = await launched.operate<{ data: Record<string, unknown>[] }>(
    'GET',
    '/audit?action=personal_access_token.revoked',
  )
  assert.deepEqual([trail.data[0]?.actor_kind, trail.data[0]?.user_id], ['session', ada.id])
})

test('neither foreign organizations nor those that one has left are reached', async (t) => {
  const { launched, signedIn, organization, join } = await scene(t)
  const [ada, bob] = [await signedIn('ada@example.com'), await signedIn('bob@example.com')]
  const foreign = await organization(bob.id)
  const make = () => ada.call('POST', '/account/tokens', { name: 'X', organization_ids: [foreign] })
  assert.equal((await make()).status, 403)
  await join(foreign, ada.id, 'member')
  assert.equal((await make()).status, 201)
  await launched.operate('DELETE', `/organizations/${foreign}/members/${ada.id}`)
  assert.equal((await make()).status, 403)
})

test('keys and clients: the role of the moment decides, as with a personal token', async (t) => {
  const { signedIn, organization, join, launched } = await scene(t)
  const [owner, ada] = [await signedIn('owner@example.com'), await signedIn('ada@example.com')]
  const id = await organization(owner.id)
  const attempts = [
    ['POST', `/organizations/${id}/api-keys`, { name: 'Key' }],
    ['POST', `/organizations/${id}/clients`, { name: 'Client' }],
    ['POST', `/organizations/${id}/clients`, { name: 'Client', scopes: 'introspect' }],
    ['POST', `/organizations/${id}/api-keys`, { name: 'Key', scopes: 'manage:members' }],
  ] as const
  const answers = async () => {
    const statuses: number[] = []
    for (const [method, path, body] of attempts) statuses.push((await ada.call(method, path, body)).status)
    return statuses
  }
  assert.deepEqual(await answers(), [403, 403, 403, 403])
  await join(id, ada.id, 'viewer')
  assert.deepEqual(await answers(), [403, 403, 403, 403])
  const member = { role: 'member' }
  await launched.operate('PATCH', `/organizations/${id}/members/${ada.id}`, member)
  assert.deepEqual(await answers(), [201, 403, 403, 403])
  await launched.operate('PATCH', `/organizations/${id}/members/${ada.id}`, { role: 'admin' })
  assert.deepEqual(await answers(), [201, 201, 403, 403])
})

test('a browser left alone makes nothing that outlives it: its person proves who they are first', async (t) => {
  const { clock, signedIn, organization } = await scene(t)
  const ada = await signedIn('ada@example.com')
  const id = await organization(ada.id)
  const { body: token } = await ada.call('POST', '/account/tokens', { name: 'CI', all_organizations: true })
  const { body: client } = await ada.call('POST', `/organizations/${id}/clients`, { name: 'Client' })
  const clients = `/organizations/${id}/clients/${client.client_id}`
  clock.advance(quarter + 1)
  for (const [method, path, body] of [
    ['POST', '/account/tokens', { name: 'X', all_organizations: true }],
    ['POST', `/account/tokens/${token.id}/rotate`, {}],
    ['POST', `/organizations/${id}/clients`, { name: 'X' }],
    ['POST', `${clients}/rotate`, {}],
    ['PATCH', clients, { redirect_uris: ['https://evil.example/cb'] }],
  ] as const) {
    const { status, body: answer } = await ada.call(method, path, body)
    assert.deepEqual([status, answer.code], [403, 'reauthentication_required'], `${method} ${path}`)
  }
  // what takes away, or only names, is done at once
  assert.equal((await ada.call('PATCH', `/account/tokens/${token.id}`, { name: 'Y' })).status, 200)
  assert.equal((await ada.call('DELETE', `/account/tokens/${token.id}`)).status, 200)
  assert.equal((await ada.call('PATCH', clients, { name: 'Z' })).status, 200)
  assert.equal((await ada.call('DELETE', clients)).status, 200)
})
