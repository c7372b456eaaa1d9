// Who may see and change clients, and that nobody makes or takes over one that can do more than they can.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientWithSecret } from '../../src/clients/client.ts'
import { launch, stoppedClock, world } from '../harness.ts'

test('rights over clients', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const { operate, ask } = launched
  const acme = await world(launched)
  const other = await world(launched)
  const clients = `/organizations/${acme.organization}/clients`
  let people = 0
  const person = async (role?: string): Promise<{ id: string; token: string }> => {
    const { id } = await operate<{ id: string }>('POST', '/users', {
      email: `${role ?? 'stranger'}-${++people}@example.com`,
      name: 'Person',
    })
    if (role !== undefined) await operate('POST', `/organizations/${acme.organization}/members`, { user_id: id, role })
    const { token } = await operate<{ token: string }>('POST', `/users/${id}/tokens`, {
      name: 'Token',
      all_organizations: true,
    })
    return { id, token }
  }
  const status = async (as: string, method: string, path: string, body?: object): Promise<number> =>
    (await ask(method, `/api/v1${path}`, { as, ...(body && { body }) })).statusCode
  /** What each request is answered to a caller; the client is made anew for every one. */
  const answers = async (as: string): Promise<Record<string, number>> => {
    const result: Record<string, number> = {}
    result.list = await status(as, 'GET', clients)
    result.create = await status(as, 'POST', clients, { name: 'Client', scopes: 'read' })
    for (const [name, base] of [
      ['', clients],
      ['byId ', '/clients'],
    ]) {
      const { client_id } = await acme.client({ scopes: 'read' })
      const path = `${base}/${client_id}`
      result[`${name}get`] = await status(as, 'GET', path)
      result[`${name}update`] = await status(as, 'PATCH', path, { name: 'New name' })
      result[`${name}rotate`] = await status(as, 'POST', `${path}/rotate`)
      result[`${name}delete`] = await status(as, 'DELETE', path)
    }
    return result
  }
  const all = (value: number) => ({
    list: value,
    create: value,
    get: value,
    update: value,
    rotate: value,
    delete: value,
    'byId get': value,
    'byId update': value,
    'byId rotate': value,
    'byId delete': value,
  })
  const byId = (value: number) => ({
    'byId get': value,
    'byId update': value,
    'byId rotate': value,
    'byId delete': value,
  })
  const reading = { list: 200, get: 200, 'byId get': 200 }
  const managing = { ...all(200), create: 201, rotate: 201, 'byId rotate': 201 }

  await t.test('by role', async () => {
    assert.deepEqual(await answers((await person('viewer')).token), { ...all(403), ...reading })
    assert.deepEqual(await answers((await person('member')).token), { ...all(403), ...reading })
    assert.deepEqual(await answers((await person('admin')).token), managing)
    assert.deepEqual(await answers((await acme.token()).token), managing)
  })

  await t.test('strangers see nothing, and cannot tell whether a client exists', async () => {
    for (const as of [
      (await person()).token,
      (await other.token()).token,
      (await other.key({ scopes: 'manage:clients read' })).key,
    ])
      assert.deepEqual(await answers(as), { ...all(403), ...byId(404) })
    const { client_id } = await acme.client()
    const { token } = await other.token()
    const [foreign, missing] = await Promise.all(
      [client_id, '0197a000-0000-7000-8000-000000000001'].map(
        async (id) => (await ask('GET', `/api/v1/clients/${id}`, { as: token })).json<{ detail: string }>().detail,
      ),
    )
    assert.equal(foreign, missing)
    assert.equal(
      await status(token, 'GET', `/organizations/${other.organization}/clients/${client_id}`),
      404,
      'not under an organization of their own either',
    )
    assert.equal(await status(token, 'DELETE', `/organizations/${other.organization}/clients/${client_id}`), 404)
  })

  await t.test('keys need manage:clients; expired and missing ones are 401', async () => {
    assert.deepEqual(await answers((await acme.key()).key), all(403))
    assert.deepEqual(await answers((await acme.key({ scopes: 'manage:api-keys read' })).key), all(403))
    assert.deepEqual(await answers((await acme.key({ scopes: 'manage:clients read' })).key), managing)
    const { key } = await acme.key({ expires_in: 1 })
    clock.advance(1000)
    assert.deepEqual(await answers(key), all(401))
    assert.equal((await ask('GET', `/api/v1${clients}`)).statusCode, 401)
  })

  await t.test('only operators grant reserved scopes, at creation and later', async () => {
    const { token } = await person('admin')
    const { client_id } = await acme.client({ scopes: 'read' })
    for (const scope of ['verify', 'introspect', 'metrics', 'manage:clients', 'manage:api-keys']) {
      assert.equal(await status(token, 'POST', clients, { name: 'Client', scopes: `read ${scope}` }), 403, scope)
      assert.equal(await status(token, 'PATCH', `/clients/${client_id}`, { scopes: `read ${scope}` }), 403, scope)
    }
    assert.equal(
      await status((await acme.key({ scopes: 'manage:clients read' })).key, 'POST', clients, {
        name: 'Client',
        scopes: 'read manage:clients',
      }),
      403,
    )
  })

  await t.test('nobody takes over a client that can do more than they', async () => {
    const { token } = await person('admin')
    const { key } = await acme.key({ scopes: 'manage:clients read' })
    const strong = await acme.client({ scopes: 'read verify', redirect_uris: ['https://app.example.com/cb'] })
    const writing = await acme.client({ scopes: 'read write', redirect_uris: ['https://app.example.com/cb'] })
    for (const [as, { client_id }] of [
      [token, strong],
      [key, strong],
      [key, writing],
    ] as const) {
      assert.equal(await status(as, 'POST', `/clients/${client_id}/rotate`), 403)
      assert.equal(
        await status(as, 'PATCH', `/clients/${client_id}`, { redirect_uris: ['https://evil.example.com/cb'] }),
        403,
      )
      assert.equal(await status(as, 'PATCH', `/clients/${client_id}`, { grants: ['client_credentials'] }), 403)
      assert.equal(await status(as, 'PATCH', `/clients/${client_id}`, { pkce: 'optional' }), 403)
      assert.equal(await status(as, 'PATCH', `/clients/${client_id}`, { name: 'Renamed' }), 200)
    }
    assert.equal(
      await status(key, 'PATCH', `/clients/${writing.client_id}`, { scopes: 'write' }),
      200,
      'taking away is for everybody with the role',
    )
    assert.equal(
      await status(key, 'PATCH', `/clients/${writing.client_id}`, { scopes: 'read write' }),
      403,
      'giving back is not',
    )
    assert.equal(await status(key, 'PATCH', `/clients/${writing.client_id}`, { scopes: null }), 403)
    assert.equal(await status(token, 'PATCH', `/clients/${strong.client_id}`, { scopes: 'read' }), 200)
    assert.equal(await status(token, 'POST', `/clients/${strong.client_id}/rotate`), 201)
  })

  await t.test('a key passes on its own scopes, APIs and environment at most', async () => {
    const { key } = await acme.key({ scopes: 'manage:clients read', apis: ['smoo', 'latchkey'], environment: 'live' })
    const create = (body: object) =>
      status(key, 'POST', clients, { name: 'Client', scopes: 'read', apis: ['smoo'], ...body })
    assert.equal(await create({}), 201)
    assert.equal(await create({ scopes: 'read write' }), 403)
    assert.equal(await create({ scopes: undefined }), 403)
    assert.equal(await create({ apis: ['smoo', 'example'] }), 403)
    assert.equal(await create({ apis: undefined }), 403)
    assert.equal(await create({ environment: 'test' }), 403)
    const { client_id } = await acme.client({ scopes: 'read', apis: ['smoo'] })
    assert.equal(await status(key, 'PATCH', `/clients/${client_id}`, { apis: null }), 403)
    assert.equal(await status(key, 'PATCH', `/clients/${client_id}`, { apis: ['example'] }), 403)
  })

  await t.test('what tells of a person is that person’s to allow: whoever makes clients may let them ask', async () => {
    const { key } = await acme.key({ scopes: 'manage:clients read' })
    const admin = await person('admin')
    for (const as of [key, admin.token]) {
      assert.equal(await status(as, 'POST', clients, { name: 'C', scopes: 'read openid email' }), 201)
    }
    assert.equal(await status(key, 'POST', clients, { name: 'C', scopes: 'openid write' }), 403)
  })

  await t.test('a secret ends no later than the credential that made it', async () => {
    const { token } = await operate<{ token: string }>('POST', `/users/${acme.owner}/tokens`, {
      name: 'Short',
      all_organizations: true,
      expires_in: 3600,
    })
    const answer = await ask('POST', `/api/v1${clients}`, { as: token, body: { name: 'Client', apis: ['smoo'] } })
    const { client_id, client_secret, secrets } = answer.json<ClientWithSecret>()
    assert.deepEqual(
      secrets.map(({ expires_at }) => Date.parse(expires_at as string)),
      [clock() + 3_600_000],
    )
    const works = async () =>
      (
        await ask('POST', '/oauth/token', {
          form: { grant_type: 'client_credentials', client_id, client_secret: client_secret as string },
        })
      ).statusCode
    assert.equal(await works(), 200)
    clock.advance(3_600_000)
    assert.equal(await works(), 401)
  })

  await t.test('an admin who is removed has no say at the next request', async () => {
    const { id, token } = await person('admin')
    assert.equal(await status(token, 'GET', clients), 200)
    await operate('DELETE', `/organizations/${acme.organization}/members/${id}`)
    assert.deepEqual(await answers(token), { ...all(403), ...byId(404) })
  })
})
