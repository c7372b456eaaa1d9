// Management requests of a browser that somebody is signed in in (OWASP ASVS 5.0 §3.5): with the dashboard's header, from its own page, on its own host.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock } from '../harness.ts'
import { addPerson, password, visitor } from '../visitor.ts'

const dashboard = { 'x-latchkey-dashboard': '1' }

const scene = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-05-01T00:00:00Z')
  const launched = await launch(t, { now: clock })
  const ada = await addPerson(launched)
  const browser = visitor(launched)
  await browser.signIn('ada@example.com', password)
  return { clock, launched, ada, browser }
}

test('the session acts as its person, with the header of the dashboard', async (t) => {
  const { launched, ada, browser } = await scene(t)
  const own = await launched.operate<{ id: string }>('POST', '/organizations', { name: 'Own', owner: ada })
  await launched.operate('POST', '/organizations', {
    name: 'Foreign',
    owner: await addPerson(launched, { email: 'b@example.com' }),
  })
  const response = await browser.get('/api/v1/organizations', dashboard)
  assert.equal(response.statusCode, 200)
  assert.deepEqual(
    response.json<{ data: { id: string; role: string }[] }>().data.map(({ id, role }) => [id, role]),
    [[own.id, 'owner']],
  )
  assert.equal(response.headers['cache-control'], 'no-store')
  const audit = await launched.operate<{ data: { user_id: string | null }[] }>('GET', '/audit')
  assert.ok(audit.data.some(({ user_id }) => user_id === ada))
})

test('a cookie without the header, from elsewhere, on another host or beside a credential is nobody', async (t) => {
  const { launched, browser } = await scene(t)
  const url = '/api/v1/organizations'
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const status = async (headers: Record<string, string>, host = 'localhost') =>
    (await launched.ask('GET', url, { host, headers: { cookie, ...headers } })).statusCode
  assert.equal(await status(dashboard), 200)
  assert.equal(await status({}), 401)
  assert.equal(await status({ 'x-latchkey-dashboard': 'yes' }), 401)
  assert.equal(await status({ ...dashboard, 'sec-fetch-site': 'same-site' }), 401)
  assert.equal(await status({ ...dashboard, 'sec-fetch-site': 'cross-site' }), 401)
  assert.equal(await status({ ...dashboard, origin: 'https://evil.example' }), 401)
  assert.equal(await status({ ...dashboard, authorization: 'Bearer sk_wrong' }), 401)
  const onApi = await launched.ask('GET', '/organizations', {
    host: 'api.smoo.localhost',
    headers: { cookie, ...dashboard },
  })
  assert.equal(onApi.statusCode, 401)
})

test('signed out or suspended, it is nobody at the next request', async (t) => {
  const { launched, ada, browser } = await scene(t)
  assert.equal((await browser.get('/api/v1/organizations', dashboard)).statusCode, 200)
  await launched.operate('PATCH', `/users/${ada}`, { suspended: true })
  assert.equal((await browser.get('/api/v1/organizations', dashboard)).statusCode, 401)
})
