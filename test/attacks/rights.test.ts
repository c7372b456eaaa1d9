// Rights that grow on the way: a credential that is less than its owner tries to act as the whole person (CONTRACT: no credential makes one that reaches further).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, type World, launch, stoppedClock, world } from '../harness.ts'

const exchangeOf = 'urn:ietf:params:oauth:grant-type:token-exchange'
const tokenType = (name: string): string => `urn:latchkey:params:oauth:token-type:${name}`

/** `manage` is the management API under a profile of its own, with the scopes read and write. */
const file: LatchkeyConfig = {
  apis: {
    books: { hosts: ['api.test'], path: '/v1', upstream: { live: 'echo', test: 'echo' } },
    manage: { hosts: ['manage.test'], upstream: 'management' },
    counted: {
      hosts: ['counted.test'],
      upstream: 'echo',
      limits: [{ name: 'window', per: 'token', limit: 3, period: 60 }],
    },
  },
  defaultApi: 'books',
}

const exchanged = async (
  { ask }: Launched,
  kind: 'api-key' | 'personal-access-token',
  credential: string,
  fields: Record<string, string>,
): Promise<string> => {
  const { statusCode, body } = await ask('POST', '/oauth/token', {
    form: { grant_type: exchangeOf, subject_token: credential, subject_token_type: tokenType(kind), ...fields },
  })
  assert.equal(statusCode, 200, body)
  return (JSON.parse(body) as { access_token: string }).access_token
}

const heldTo = ({ token, organization }: World) =>
  token({ all_organizations: undefined, organization_ids: [organization] })

test('a token exchanged for fewer scopes is held to them at the management API too', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  const { token, organization } = await world(launched)
  const owner = (await token()).token
  const manage = (as: string, method: string, path: string, body?: object) =>
    ask(method, path, { host: 'manage.test', as, ...(body && { body }) })
  const status = async (...asked: Parameters<typeof manage>): Promise<number> => (await manage(...asked)).statusCode
  const path = `/organizations/${organization}`

  const reading = await exchanged(launched, 'personal-access-token', owner, { audience: 'manage', scope: 'read' })
  assert.equal(await status(reading, 'GET', path), 200)
  assert.equal(await status(reading, 'PATCH', path, { name: 'Taken' }), 403)
  assert.equal(await status(reading, 'POST', `${path}/api-keys`, { name: 'Key', scopes: 'read' }), 403)
  assert.equal(await status(reading, 'DELETE', path), 403)
  // the scope that counts is what writes: a token that cannot read cannot write either
  const writing = await exchanged(launched, 'personal-access-token', owner, { audience: 'manage', scope: 'write' })
  assert.equal(await status(writing, 'DELETE', path), 403)
  const whole = await exchanged(launched, 'personal-access-token', owner, { audience: 'manage' })
  assert.equal(await status(whole, 'PATCH', path, { name: 'Renamed' }), 200)
})

test('a token held to organizations, or exchanged, does not act for the whole person', async (t) => {
  const launched = await launch(t, { file })
  const { ask, app } = launched
  const made = await world(launched)
  const elsewhere = await launched.operate<{ id: string }>('POST', '/organizations', {
    name: 'Elsewhere',
    owner: made.owner,
  })
  const everywhere = await made.token()
  const other = await made.token({ all_organizations: undefined, organization_ids: [elsewhere.id] })
  const held = await heldTo(made)
  const beside = await heldTo(made)
  const short = await exchanged(launched, 'personal-access-token', everywhere.token, { audience: 'latchkey' })
  const rows = async () => [
    await app.store.db.selectFrom('organizations').selectAll().orderBy('id').execute(),
    await app.store.db.selectFrom('credentials').selectAll().orderBy('id').execute(),
  ]
  const before = await rows()
  for (const as of [held.token, short]) {
    const attempts: [string, string, object?][] = [
      ['POST', '/organizations', { name: 'Beyond' }],
      ...[everywhere.id, other.id].flatMap((id): [string, string, object?][] => [
        ['DELETE', `/account/tokens/${id}`],
        ['PATCH', `/account/tokens/${id}`, { name: 'Mine' }],
        ['DELETE', `/tokens/${id}`],
        ['POST', `/tokens/${id}/rotate`],
      ]),
    ]
    for (const [method, path, body] of attempts) {
      const { statusCode } = await ask(method, `/api/v1${path}`, { as, ...(body && { body }) })
      assert.equal(statusCode, 403, `${method} ${path}`)
    }
  }
  assert.deepEqual(await rows(), before)
  // within its reach it goes on working: itself, and tokens held as it is
  assert.equal((await ask('DELETE', `/api/v1/account/tokens/${beside.id}`, { as: held.token })).statusCode, 200)
  assert.equal((await ask('DELETE', `/api/v1/account/tokens/${held.id}`, { as: held.token })).statusCode, 200)
  assert.equal((await ask('GET', '/api/v1/users/me', { as: held.token })).statusCode, 401)
})

test('nor does it see where the person’s other tokens are used, or put aside what the person is warned of', async (t) => {
  const launched = await launch(t, { file })
  const { ask, app, operate } = launched
  const made = await world(launched)
  const everywhere = await made.token()
  const held = await heldTo(made)
  const short = await exchanged(launched, 'personal-access-token', everywhere.token, { audience: 'latchkey' })
  // it has leaked, and whoever found it would like nobody to know
  await operate('POST', '/leaks', { items: [{ credential: held.token }] })
  const alerts = async () => app.store.activity.selectFrom('alerts').select(['id', 'dismissed_at']).execute()
  const [alert] = await alerts()
  assert.ok(alert)
  const paths: [string, string][] = [
    ['POST', `/account/alerts/${alert.id}/dismiss`],
    ['GET', '/account/alerts'],
    ['GET', '/account/decisions'],
    ['GET', `/account/decisions/${alert.id}`],
    ['GET', '/account/usage/series'],
  ]
  for (const as of [held.token, short])
    for (const [method, path] of paths)
      assert.equal((await ask(method, `/api/v1${path}`, { as })).statusCode, 403, `${method} ${path}`)
  const useOf = async (id: string, as: string): Promise<number> =>
    (await ask('GET', `/api/v1/account/tokens/${id}/use`, { as })).statusCode
  assert.deepEqual([await useOf(everywhere.id, held.token), await useOf(held.id, held.token)], [403, 200])
  assert.deepEqual(
    (await alerts()).map(({ dismissed_at }) => dismissed_at),
    [null],
  )
  assert.equal((await ask('GET', '/api/v1/account/alerts', { as: everywhere.token })).statusCode, 200)
  assert.equal(await useOf(held.id, everywhere.token), 200)
})

test('a legacy token that reaches everything is not deleted through a token that does not', async (t) => {
  const launched = await launch(t, { file })
  const { ask, operate } = launched
  const made = await world(launched)
  await operate('POST', '/legacy-tokens/import', {
    lines: [{ line: 1, name: 'Old', owner: made.owner, token: 'an-old-token-of-somebody' }],
  })
  const [legacy] = (await operate<{ data: { id: string }[] }>('GET', '/legacy-tokens')).data
  const path = `/api/v1/account/legacy-tokens/${legacy?.id}`
  assert.equal((await ask('DELETE', path, { as: (await heldTo(made)).token })).statusCode, 403)
  assert.equal((await ask('DELETE', path, { as: (await made.token()).token })).statusCode, 200)
})

test('neither rotating nor exchanging begins a window of `per: token` anew', async (t) => {
  const clock = stoppedClock('2027-01-15T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const { ask, operate } = launched
  const { key, organization } = await world(launched)
  const first = await key()
  const use = async (as: string): Promise<number> => (await ask('GET', '/', { host: 'counted.test', as })).statusCode
  assert.deepEqual([await use(first.key), await use(first.key)], [200, 200])
  const second = await operate<{ key: string }>('POST', `/organizations/${organization}/api-keys/${first.id}/rotate`)
  const third = await exchanged(launched, 'api-key', second.key, { audience: 'counted' })
  assert.deepEqual([await use(third), await use(second.key), await use(first.key)], [200, 429, 429])
  assert.equal(await use(await exchanged(launched, 'api-key', first.key, { audience: 'counted' })), 429)
})

test('an exchanged token ends with the membership, the role and the person it stands on', async (t) => {
  const launched = await launch(t, { file })
  const { ask, operate } = launched
  const { organization } = await world(launched)
  const { owner: user, token } = await world(launched)
  await operate('POST', `/organizations/${organization}/members`, { user_id: user, role: 'admin' })
  const pat = (await token({ all_organizations: undefined, organization_ids: [organization] })).token
  const short = await exchanged(launched, 'personal-access-token', pat, { audience: 'latchkey' })
  const rename = async (): Promise<number> =>
    (await ask('PATCH', `/api/v1/organizations/${organization}`, { as: short, body: { name: 'Acme' } })).statusCode
  assert.equal(await rename(), 200)
  await operate('PATCH', `/organizations/${organization}/members/${user}`, { role: 'viewer' })
  assert.equal(await rename(), 403)
  await operate('PATCH', `/organizations/${organization}/members/${user}`, { role: 'admin' })
  await operate('DELETE', `/organizations/${organization}/members/${user}`)
  assert.equal(await rename(), 403)
  await operate('POST', `/organizations/${organization}/members`, { user_id: user, role: 'owner' })
  await operate('PATCH', `/users/${user}`, { suspended: true })
  assert.equal(await rename(), 401)
})

test('what an operator’s token is exchanged for is no operator, and a suspended operator is none', async (t) => {
  const launched = await launch(t, { file })
  const { ask, operate } = launched
  const { owner: user, token } = await world(launched)
  const { owner: second } = await world(launched)
  await operate('PATCH', `/users/${user}`, { operator: true })
  await operate('PATCH', `/users/${second}`, { operator: true })
  const pat = (await token()).token
  const list = async (as: string): Promise<number> => (await ask('GET', '/api/v1/users', { as })).statusCode
  assert.equal(await list(pat), 200)
  assert.equal(await list(await exchanged(launched, 'personal-access-token', pat, { audience: 'latchkey' })), 403)
  await operate('PATCH', `/users/${user}`, { suspended: true })
  assert.equal(await list(pat), 401)
})

test('the local operator’s header opens nothing on a server that listens', async (t) => {
  const launched = await launch(t, { file })
  const headers = launched.app.operatorHeaders()
  const [name = '', secret = ''] = Object.entries(headers)[0] ?? []
  const { buildApp } = await import('../../src/app.ts')
  const { pino } = await import('pino')
  const served = await buildApp(launched.config, { log: pino({ level: 'silent' }) })
  t.after(() => served.close())
  for (const value of [secret, '', 'undefined', 'x'.repeat(secret.length)]) {
    const { statusCode } = await served.server.inject({
      method: 'GET',
      url: '/api/v1/users',
      headers: { host: 'localhost', [name]: value },
    })
    assert.equal(statusCode, 401)
  }
  assert.throws(() => served.operatorHeaders())
  // nor is another process's secret taken where there is one
  for (const value of ['', 'x'.repeat(secret.length), 'é'.repeat(secret.length), `${secret}x`]) {
    const { statusCode } = await launched.ask('GET', '/api/v1/users', { headers: { [name]: value } })
    assert.equal(statusCode, 401, value)
  }
})
