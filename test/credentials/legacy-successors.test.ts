// Moving from a legacy token to a personal access token: the new one names the old one, so that both are seen together until the old one goes.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { refused, scene } from './scene.ts'

const world = await scene({
  file: {
    apis: {
      zones: {
        profile: 'default',
        accepts: ['legacy_token', 'personal_access_token'],
        legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2028-01-01', link: 'https://example.com/legacy' },
      },
    },
    defaultApi: 'zones',
  },
})
const { app, call, clock, operate, person } = world

interface Legacy {
  id: string
  name: string
  user_name: string
  user_email: string
  organization_id: string | null
  organization_name: string | null
  successor: { id: string; name: string; last_used_at: string | null } | null
}

/** Somebody with an organization and a legacy token, for it or for all. */
const holder = async (organization = 'Zones', name = 'Old script') => {
  const ada = await person()
  const id = await world.organization(ada.id, 'Zones')
  const value = randomBytes(20).toString('hex')
  await operate('POST', '/legacy-tokens/import', {
    lines: [{ line: 2, name, owner: ada.email, organization, token: value }],
  })
  const [legacy] = (await call(ada.token, 'GET', '/account/legacy-tokens')).body.data as unknown as Legacy[]
  assert.ok(legacy)
  const read = async (): Promise<Legacy> =>
    (await call(ada.token, 'GET', `/account/legacy-tokens/${legacy.id}`)).body as unknown as Legacy
  return { ...ada, organization: id, value, legacy, read }
}

const valid = async (credential: string): Promise<boolean> =>
  (await operate<{ valid: boolean }>('POST', '/verify', { credential, dry_run: true })).valid

test('a legacy token tells whose it is, what it reaches, and what takes its place', async () => {
  const { id, email, organization, legacy } = await holder()
  assert.deepEqual(
    [legacy.user_name, legacy.user_email, legacy.organization_id, legacy.organization_name, legacy.successor],
    ['Ada', email, organization, 'Zones', null],
  )
  const everywhere = await holder('')
  assert.deepEqual([everywhere.legacy.organization_id, everywhere.legacy.organization_name], [null, null])
  await operate('POST', `/organizations/${organization}/members`, { user_id: (await person()).id, role: 'owner' })
  await operate('DELETE', `/organizations/${organization}/members/${id}`)
  const { data } = await operate<{ data: Legacy[] }>('GET', `/legacy-tokens?q=${encodeURIComponent(email)}`)
  assert.deepEqual(
    data.map(({ id: found, organization_name }) => [found, organization_name]),
    [[legacy.id, null]],
  )
})

test('its successor works beside it until it is deleted, and through rotation', async () => {
  const { token: as, organization, value, legacy, read } = await holder()
  const made = await call(as, 'POST', '/account/tokens', {
    name: 'New script',
    organization_ids: [organization],
    succeeds: legacy.id,
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.succeeds, legacy.id)
  assert.deepEqual([await valid(value), await valid(String(made.body.token))], [true, true])
  await app.store.recordLastUse(new Map([[String(made.body.id), clock.at]]))
  const { successor } = await read()
  assert.deepEqual(
    [successor?.id, successor?.name, successor?.last_used_at],
    [made.body.id, 'New script', new Date(clock.at).toISOString()],
  )
  const rotated = await call(as, 'POST', `/account/tokens/${made.body.id}/rotate`)
  assert.equal(rotated.body.succeeds, legacy.id)
  assert.equal((await read()).successor?.id, rotated.body.id)
  assert.equal((await call(as, 'DELETE', `/account/legacy-tokens/${legacy.id}`)).status, 200)
  assert.deepEqual([await valid(value), await valid(String(rotated.body.token))], [false, true])
  assert.equal((await call(as, 'GET', `/account/tokens/${rotated.body.id}`)).body.succeeds, legacy.id)
  const { data } = await operate<{ data: { detail: { succeeds?: string } }[] }>(
    'GET',
    '/audit?action=personal_access_token.created',
  )
  assert.ok(data.some(({ detail }) => detail.succeeds === legacy.id))
})

test('one that is revoked or has ended takes no place any more', async () => {
  const { token: as, legacy, read } = await holder()
  const make = async (name: string, fields: object = {}) =>
    String(
      (await call(as, 'POST', '/account/tokens', { name, all_organizations: true, succeeds: legacy.id, ...fields }))
        .body.id,
    )
  const first = await make('First')
  const second = await make('Second', { expires_in: 60 })
  assert.equal((await read()).successor?.id, second)
  clock.advance(60_000)
  assert.equal((await read()).successor?.id, first)
  await call(as, 'DELETE', `/account/tokens/${first}`)
  assert.equal((await read()).successor, null)
})

test('only one’s own legacy tokens are read and succeeded, and through a token that reaches them', async () => {
  const { token: as, id, organization, legacy } = await holder('')
  const mallory = await person()
  const body = { name: 'Token', all_organizations: true }
  refused(await call(mallory.token, 'POST', '/account/tokens', { ...body, succeeds: legacy.id }), 'not_found')
  refused(await call(mallory.token, 'GET', `/account/legacy-tokens/${legacy.id}`), 'not_found')
  refused(await call(mallory.token, 'GET', `/legacy-tokens/${legacy.id}`), 'not_found')
  // a personal token, an API key, and what is no id
  refused(await call(as, 'POST', '/account/tokens', { ...body, succeeds: mallory.tokenId }), 'not_found')
  refused(await call(as, 'POST', '/account/tokens', { ...body, succeeds: 'x' }), 'invalid_request')
  const held = await call(as, 'POST', '/account/tokens', { name: 'Held', organization_ids: [organization] })
  const through = { name: 'Token', organization_ids: [organization], succeeds: legacy.id }
  refused(await call(String(held.body.token), 'POST', '/account/tokens', through), 'forbidden')
  await operate('POST', `/users/${id}/tokens`, { ...body, succeeds: legacy.id })
  await assert.rejects(operate('POST', `/users/${mallory.id}/tokens`, { ...body, succeeds: legacy.id }), /404/)
})

test('operators find legacy tokens by name, owner and end; others only their own', async () => {
  const ada = await holder('', 'Nightly DNS sync')
  const bob = await holder('', 'Backup of zones')
  const find = async (q: string): Promise<string[]> =>
    (await operate<{ data: Legacy[] }>('GET', `/legacy-tokens?q=${encodeURIComponent(q)}`)).data.map(({ id }) => id)
  assert.deepEqual(await find('dns SYNC'), [ada.legacy.id])
  assert.deepEqual(await find(bob.email.toUpperCase()), [bob.legacy.id])
  assert.deepEqual(await find(ada.value.slice(-4)), [ada.legacy.id])
  const own = await call(bob.token, 'GET', '/account/legacy-tokens?q=dns')
  assert.deepEqual(own.body.data, [])
  assert.equal((await operate<Legacy>('GET', `/legacy-tokens/${ada.legacy.id}`)).name, 'Nightly DNS sync')
})
