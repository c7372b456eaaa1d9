// OAuth clients from registration to deletion, under their organization and by their id alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client, ClientWithSecret } from '../../src/clients/client.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'

test('a client’s life', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const acme = await world(launched)
  const { operate } = launched
  const clients = `/organizations/${acme.organization}/clients`
  const create = (body: object) => operate<ClientWithSecret>('POST', clients, { name: 'Client', ...body })
  const refused = async (method: string, path: string, body: object, message: RegExp) => {
    const answer = await launched.ask(method, `/api/v1${path}`, { headers: launched.app.operatorHeaders(), body })
    assert.equal(answer.statusCode, 400, answer.body)
    assert.match(answer.json<{ detail: string }>().detail, message)
  }

  await t.test('registered with nothing but a name, it may ask for itself', async () => {
    const answer = await launched.ask('POST', `/api/v1${clients}`, {
      headers: launched.app.operatorHeaders(),
      body: { name: ' Nightly export ' },
    })
    assert.equal(answer.statusCode, 201)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { client_id, client_secret, secrets, ...client } = answer.json<ClientWithSecret>()
    assert.match(client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    assert.match(client_secret as string, /^cs_[\w-]{43}$/)
    assert.deepEqual(secrets, [
      {
        id: secrets[0]?.id,
        hint: `cs_…${client_secret?.slice(-4)}`,
        created_at: '2026-02-01T12:00:00.000Z',
        expires_at: null,
      },
    ])
    assert.deepEqual(client, {
      organization_id: acme.organization,
      name: 'Nightly export',
      public: false,
      pkce: 'required',
      redirect_uris: [],
      grants: ['client_credentials'],
      environment: 'live',
      scopes: null,
      apis: null,
      jwks: null,
      jwks_uri: null,
      dpop_bound: false,
      par_required: false,
      subject_type: 'public',
      post_logout_redirect_uris: [],
      uri: null,
      registration: 'managed',
      created_by: null,
      created_by_name: null,
      created_at: '2026-02-01T12:00:00.000Z',
      last_used_at: null,
    })
    for (const path of [`${clients}/${client_id}`, `/clients/${client_id}`]) {
      const shown = await operate<ClientWithSecret>('GET', path)
      assert.deepEqual(shown, { client_id, secrets, ...client })
      assert.equal(JSON.stringify(shown).includes(client_secret as string), false)
    }
  })

  await t.test('grants follow from what it is, unless they are named', async () => {
    const redirect_uris = ['https://app.example.com/cb']
    assert.deepEqual((await create({ redirect_uris })).grants, ['authorization_code', 'refresh_token'])
    assert.deepEqual((await create({ redirect_uris, grants: ['client_credentials', 'authorization_code'] })).grants, [
      'client_credentials',
      'authorization_code',
    ])
    const app = await create({ public: true, redirect_uris })
    assert.deepEqual(app.grants, ['authorization_code', 'refresh_token'])
    assert.equal('client_secret' in app, false)
    assert.deepEqual(app.secrets, [])
    assert.deepEqual((await create({ public: true, grants: [deviceCode] })).grants, [deviceCode])
  })

  await t.test('settings that are wrong, by themselves or together', async () => {
    const redirect_uris = ['https://app.example.com/cb']
    for (const [body, message] of [
      [{ public: true }, /public client needs a redirect URI/],
      [{ public: true, grants: ['client_credentials'] }, /public client/],
      [{ public: true, redirect_uris, pkce: 'optional' }, /PKCE/],
      [{ grants: ['authorization_code'] }, /needs a redirect URI/],
      [{ grants: ['password'] }, /grants/],
      [{ grants: [] }, /grants/],
      [{ environment: 'staging' }, /no environment "staging"; there are live, test/],
      [{ apis: ['nothing'] }, /no API "nothing"/],
      [{ apis: [] }, /apis/],
      [{ scopes: 'read fly' }, /no scope "fly"/],
      [{ scopes: 'read  write' }, /scopes/],
      [{ redirect_uris: ['https://app.example.com/#x'] }, /fragment/],
      [{ redirect_uris: Array.from({ length: 21 }, (_, i) => `https://app.example.com/${i}`) }, /redirect_uris/],
      [{ name: '  ' }, /name/],
      [{ client_id: '0197a000-0000-7000-8000-000000000001' }, /client_id/],
    ] as const) {
      await refused('POST', clients, { name: 'Client', ...body }, message)
    }
  })

  await t.test('changed at once; what is left out stays', async () => {
    const made = await create({ redirect_uris: ['https://app.example.com/cb'], scopes: 'read write', apis: ['smoo'] })
    const change = (body: object) => operate<Client>('PATCH', `/clients/${made.client_id}`, body)
    assert.deepEqual(await change({ name: 'Shop' }), {
      ...(await operate<Client>('GET', `/clients/${made.client_id}`)),
      name: 'Shop',
    })
    const after = await change({
      redirect_uris: ['https://shop.example.com/cb', 'https://shop.example.com/cb'],
      scopes: null,
      apis: null,
      pkce: 'optional',
    })
    assert.deepEqual(
      [after.name, after.redirect_uris, after.scopes, after.apis, after.pkce, after.grants],
      ['Shop', ['https://shop.example.com/cb'], null, null, 'optional', ['authorization_code', 'refresh_token']],
    )
    const path = `/clients/${made.client_id}`
    await refused('PATCH', path, {}, /body/)
    await refused('PATCH', path, { redirect_uris: [] }, /needs a redirect URI/)
    await refused('PATCH', path, { environment: 'test' }, /environment/)
    await refused('PATCH', path, { public: true }, /public/)
    await refused('PATCH', path, { scopes: 'fly' }, /no scope "fly"/)
  })

  await t.test('listed newest first, page by page', async () => {
    const fresh = await world(launched)
    const made: string[] = []
    for (let i = 0; i < 5; i++) made.unshift((await fresh.client({ name: `Client ${i}` })).client_id)
    const listed: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { data: Client[]; next_cursor: string | null } = await operate(
        'GET',
        `/organizations/${fresh.organization}/clients?limit=2${cursor && `&cursor=${cursor}`}`,
      )
      assert.ok(page.data.length <= 2)
      listed.push(...page.data.map(({ client_id }) => client_id))
      cursor = page.next_cursor
    }
    assert.deepEqual(listed, made, 'and none of another organization')
  })

  await t.test('deleted with its secrets; what was done is on record without any secret', async () => {
    const made = await create({})
    await operate('PATCH', `/clients/${made.client_id}`, { scopes: 'read' })
    const rotated = await operate<ClientWithSecret>('POST', `${clients}/${made.client_id}/rotate`, {
      overlap_seconds: 60,
    })
    assert.deepEqual(await operate('DELETE', `${clients}/${made.client_id}`), { id: made.client_id, deleted: true })
    for (const path of [`${clients}/${made.client_id}`, `/clients/${made.client_id}`]) {
      for (const method of ['GET', 'DELETE'])
        assert.equal(
          (await launched.ask(method, `/api/v1${path}`, { headers: launched.app.operatorHeaders() })).statusCode,
          404,
        )
    }
    const { store } = launched.app
    assert.deepEqual(
      await store.db.selectFrom('client_secrets').selectAll().where('client_id', '=', made.client_id).execute(),
      [],
    )
    const entries = await store.db
      .selectFrom('audit')
      .selectAll()
      .where('target_id', '=', made.client_id)
      .orderBy('id')
      .execute()
    assert.deepEqual(
      entries.map(({ action, organization_id }) => [action, organization_id]),
      ['client.created', 'client.updated', 'client.secret_rotated', 'client.deleted'].map((action) => [
        action,
        acme.organization,
      ]),
    )
    assert.deepEqual(JSON.parse(entries[1]?.detail as string), { scopes: 'read' })
    for (const secret of [made.client_secret, rotated.client_secret])
      assert.equal(JSON.stringify(entries).includes(secret as string), false)
  })

  await t.test('a change that changes nothing is not on record', async () => {
    const made = await create({ scopes: 'read' })
    await operate('PATCH', `/clients/${made.client_id}`, { scopes: 'read', name: 'Client' })
    const entries = await launched.app.store.db
      .selectFrom('audit')
      .select('action')
      .where('target_id', '=', made.client_id)
      .execute()
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['client.created'],
    )
  })

  await t.test('last used is told', async () => {
    const made = await create({})
    await launched.app.store.recordLastUse(new Map([[made.client_id, clock()]]))
    assert.equal((await operate<Client>('GET', `/clients/${made.client_id}`)).last_used_at, '2026-02-01T12:00:00.000Z')
  })

  await t.test('not for an organization that does not exist or is suspended', async () => {
    const nowhere = await launched.ask('POST', '/api/v1/organizations/0197a000-0000-7000-8000-000000000001/clients', {
      headers: launched.app.operatorHeaders(),
      body: { name: 'Client' },
    })
    assert.equal(nowhere.statusCode, 404)
    const stopped = await world(launched)
    await operate('PATCH', `/organizations/${stopped.organization}`, { suspended: true })
    await assert.rejects(stopped.client(), /409/)
  })
})
