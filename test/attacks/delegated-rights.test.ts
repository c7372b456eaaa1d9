// What a client may do for a person at Latchkey itself (CONTRACT §4): as far as the person said, where the person said, and as the person
// only with `manage`; as an operator only with `manage` and everywhere. Each is tried one step short.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, type World, launch, world } from '../harness.ts'
import { allowed, type AllowedOptions } from '../oauth/allowed.ts'

/** `manage` and `writing` are the management API under scopes of their own; in `writing` viewers have none. */
const file: LatchkeyConfig = {
  apis: {
    books: { hosts: ['api.test'], path: '/v1', upstream: { live: 'echo', test: 'echo' } },
    manage: { hosts: ['manage.test'], upstream: 'management' },
    writing: {
      hosts: ['writing.test'],
      upstream: 'management',
      scopes: { write: 'Change' },
    },
  },
  defaultApi: 'books',
}

interface Scene {
  launched: Launched
  acme: World
  /** Another organization of the same person, who is an operator. */
  elsewhere: string
  /** A client that an operator gave `manage`. */
  client: { client_id: string; client_secret: string }
  /** An access token of the client by the person's leave. */
  delegated: (allowance: Partial<AllowedOptions>) => Promise<string>
  status: (as: string, method: string, path: string, body?: object, host?: string) => Promise<number>
}

const scene = async (t: Parameters<typeof launch>[0]): Promise<Scene> => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  await launched.operate('PATCH', `/users/${acme.owner}`, { operator: true })
  await launched.operate('POST', '/users', { email: 'root@example.com', name: 'Root', operator: true })
  const { id: elsewhere } = await launched.operate<{ id: string }>('POST', '/organizations', {
    name: 'Elsewhere',
    owner: acme.owner,
  })
  const client = await acme.client({
    redirect_uris: ['https://app.example.com/callback'],
    scopes: 'manage read write openid',
  })
  return {
    launched,
    acme,
    elsewhere,
    client,
    delegated: async (allowance) =>
      (await allowed(launched, { client, userId: acme.owner, scope: 'manage', api: 'latchkey', ...allowance }))
        .access_token,
    async status(as, method, path, body, host = 'localhost') {
      const url = host === 'localhost' ? `/api/v1${path}` : path
      return (await launched.ask(method, url, { host, as, ...(body && { body }) })).statusCode
    },
  }
}

/** What only the whole person may do. */
const ofTheWholePerson = (
  elsewhere: string,
  tokenId: string,
): readonly [method: string, path: string, body?: object][] => [
  ['POST', '/organizations', { name: 'Beyond' }],
  ['POST', '/account/tokens', { name: 'Token', all_organizations: true }],
  ['POST', '/account/tokens', { name: 'Token', organization_ids: [elsewhere] }],
  ['PATCH', `/account/tokens/${tokenId}`, { name: 'Mine' }],
  ['POST', `/account/tokens/${tokenId}/rotate`],
  ['DELETE', `/account/tokens/${tokenId}`],
  ['GET', '/account/applications'],
  ['DELETE', '/account/applications/latchkey-cli'],
  ['GET', `/organizations/${elsewhere}`],
  ['PATCH', `/organizations/${elsewhere}`, { name: 'Taken' }],
  ['GET', `/organizations/${elsewhere}/members`],
  ['POST', `/organizations/${elsewhere}/api-keys`, { name: 'Key' }],
  ['GET', `/organizations/${elsewhere}/audit`],
]

/** What only operators may do. */
const ofOperators: readonly [method: string, path: string, body?: object][] = [
  ['GET', '/users'],
  ['POST', '/users', { email: 'eve@example.com', name: 'Eve', operator: true }],
  ['GET', '/signing-keys'],
  ['POST', '/signing-keys/rotate', {}],
  ['GET', '/audit'],
]

const rows = async ({ app: { store } }: Launched) => [
  await store.db.selectFrom('organizations').selectAll().orderBy('id').execute(),
  await store.db.selectFrom('credentials').selectAll().orderBy('id').execute(),
  await store.db.selectFrom('users').selectAll().orderBy('id').execute(),
  await store.db.selectFrom('signing_keys').selectAll().orderBy('id').execute(),
]

test('manage for one organization is not the whole person, and no operator', async (t) => {
  const { launched, acme, elsewhere, delegated, status } = await scene(t)
  const { id: tokenId } = await acme.token()
  const held = await delegated({ organizationId: acme.organization })
  const before = await rows(launched)
  for (const [method, path, body] of [...ofTheWholePerson(elsewhere, tokenId), ...ofOperators])
    assert.equal(await status(held, method, path, body), 403, `${method} ${path}`)
  assert.equal(await status(held, 'PATCH', `/organizations/${acme.organization}`, { tier: 'enterprise' }), 403)
  assert.deepEqual(await rows(launched), before)
  // there it acts as the person does
  assert.equal(await status(held, 'PATCH', `/organizations/${acme.organization}`, { name: 'Renamed' }), 200)
  const me = (await launched.ask('GET', '/api/v1/users/me', { as: held })).json<Record<string, unknown>>()
  assert.deepEqual([me.subject, me.organization_ids, me.operator], [acme.owner, [acme.organization], false])
})

test('manage everywhere is the person, and an operator while the person is one', async (t) => {
  const { launched, acme, elsewhere, delegated, status } = await scene(t)
  const whole = await delegated({ allOrganizations: true })
  assert.equal(await status(whole, 'GET', '/users'), 200)
  assert.equal(await status(whole, 'GET', `/organizations/${elsewhere}`), 200)
  await launched.operate('PATCH', `/users/${acme.owner}`, { operator: false })
  for (const [method, path, body] of ofOperators) assert.equal(await status(whole, method, path, body), 403, path)
  assert.equal(await status(whole, 'POST', '/account/tokens', { name: 'Token', all_organizations: true }), 201)
  await launched.operate('PATCH', `/organizations/${elsewhere}`, { suspended: true })
  assert.equal(await status(whole, 'GET', `/organizations/${elsewhere}`), 403)
  await launched.operate('PATCH', `/users/${acme.owner}`, { suspended: true })
  assert.equal(await status(whole, 'GET', '/users/me'), 401)
})

test('everywhere without manage is nobody: neither asked for less, nor when the client or the token has lost it', async (t) => {
  const { launched, acme, elsewhere, client, delegated, status } = await scene(t)
  const { id: tokenId } = await acme.token()
  const { access_token: whole, refresh_token } = await allowed(launched, {
    client,
    userId: acme.owner,
    scope: 'manage openid',
    api: 'latchkey',
    allOrganizations: true,
  })
  const narrowed = (
    await launched.ask('POST', '/oauth/token', {
      form: { ...client, grant_type: 'refresh_token', refresh_token: refresh_token ?? '', scope: 'openid' },
    })
  ).json<{ access_token: string }>().access_token
  const without = await delegated({ allOrganizations: true, scope: 'openid' })
  assert.equal(await status(whole, 'GET', '/users'), 200)
  await launched.operate('PATCH', `/clients/${client.client_id}`, { scopes: 'read write openid' })
  const before = await rows(launched)
  for (const [name, token] of Object.entries({ narrowed, without, 'its client has lost manage': whole })) {
    for (const [method, path, body] of [...ofTheWholePerson(elsewhere, tokenId), ...ofOperators])
      assert.equal(await status(token, method, path, body), 403, `${name}: ${method} ${path}`)
    const me = (await launched.ask('GET', '/api/v1/users/me', { as: token })).json<Record<string, unknown>>()
    assert.deepEqual([me.user, me.organization_ids, me.operator], [null, [], false], name)
  }
  assert.deepEqual(await rows(launched), before)
})

test('scopes of an API that leads to Latchkey itself give the role that they cover, never the person', async (t) => {
  const { launched, acme, elsewhere, delegated, status } = await scene(t)
  const path = `/organizations/${acme.organization}`
  const { id: tokenId } = await acme.token()
  const reading = await delegated({ api: 'manage', scope: 'read', organizationId: acme.organization })
  assert.equal(await status(reading, 'GET', path, undefined, 'manage.test'), 200)
  const both = await delegated({ api: 'manage', scope: 'read write', organizationId: acme.organization })
  for (const token of [reading, both])
    for (const [method, tried, body] of [...ofTheWholePerson(elsewhere, tokenId), ...ofOperators])
      assert.equal(await status(token, method, tried, body, 'manage.test'), 403, `${method} ${tried}`)
  for (const [method, tried, body] of [
    ['PATCH', path, { name: 'Taken' }],
    ['POST', `${path}/api-keys`, { name: 'Key', scopes: 'read' }],
    ['DELETE', path],
  ] as const)
    assert.equal(await status(reading, method, tried, body, 'manage.test'), 403, `${method} ${tried}`)
  assert.equal(await status(reading, 'GET', path), 401, 'a token is for one API')
  assert.equal(await status(reading, 'GET', '/v1/x', undefined, 'api.test'), 401)
  await launched.operate('PATCH', `/users/${acme.owner}`, { suspended: true })
  assert.equal(await status(reading, 'GET', path, undefined, 'manage.test'), 401)
})

test('a client that no operator gave manage reads at most, whatever the scopes of the API are called', async (t) => {
  const { launched, acme, delegated, status } = await scene(t)
  const stranger = await acme.client({ redirect_uris: ['https://evil.example/callback'] })
  const path = `/organizations/${acme.organization}`
  const before = await rows(launched)
  for (const client of [stranger, undefined]) {
    const token = await delegated({
      ...(client && { client }),
      api: 'manage',
      scope: 'read write',
      organizationId: acme.organization,
    })
    assert.equal(await status(token, 'GET', path, undefined, 'manage.test'), 200)
    for (const [method, tried, body] of [
      ['PATCH', path, { name: 'Taken' }],
      ['POST', `${path}/api-keys`, { name: 'Key' }],
      ['POST', `${path}/clients`, { name: 'Client' }],
      ['DELETE', `${path}/members/${acme.owner}`],
      ['DELETE', path],
    ] as const)
      assert.equal(await status(token, method, tried, body, 'manage.test'), 403, `${method} ${tried}`)
  }
  assert.deepEqual(await rows(launched), before)
})

test('a token without a single scope has no role, even where viewers need none', async (t) => {
  const { launched, acme, delegated, status } = await scene(t)
  const { id: viewer } = await launched.operate<{ id: string }>('POST', '/users', { email: 'v@example.com', name: 'V' })
  await launched.operate('POST', `/organizations/${acme.organization}/members`, { user_id: viewer, role: 'viewer' })
  for (const allowance of [
    { scope: 'write', userId: viewer },
    { scope: 'openid', userId: acme.owner },
  ]) {
    const token = await delegated({ ...allowance, api: 'writing', organizationId: acme.organization })
    for (const path of ['', '/members', '/audit', '/clients'])
      assert.equal(
        await status(token, 'GET', `/organizations/${acme.organization}${path}`, undefined, 'writing.test'),
        403,
        `${allowance.scope} ${path}`,
      )
  }
})

test('what a client makes for a person is the person’s, and ends no later than what the person allowed', async (t) => {
  const { launched, acme } = await scene(t)
  const client = await acme.client({
    redirect_uris: ['https://app.example.com/callback'],
    scopes: 'manage',
    apis: ['latchkey'],
  })
  const { access_token } = await allowed(launched, {
    client,
    userId: acme.owner,
    scope: 'manage',
    api: 'latchkey',
    allOrganizations: true,
  })
  const path = `/api/v1/organizations/${acme.organization}/api-keys`
  const made = await launched.ask('POST', path, { as: access_token, body: { name: 'Key' } })
  assert.equal(made.statusCode, 201, made.body)
  const key = made.json<{ key: string; apis: null; expires_at: string }>()
  assert.equal(key.apis, null, 'where the client may call does not hold what the person makes')
  assert.equal((await launched.ask('GET', '/v1/x', { host: 'api.test', as: key.key })).statusCode, 200)
  const grant = await launched.app.store.db.selectFrom('grants').select('expires_at').executeTakeFirstOrThrow()
  assert.equal(Date.parse(key.expires_at), grant.expires_at)
  const longer = await launched.ask('POST', path, {
    as: access_token,
    body: { name: 'Key', expires_in: 2 * 365 * 86_400 },
  })
  assert.equal(longer.statusCode, 403)
})
