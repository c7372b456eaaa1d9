// Personal access tokens: reach by present membership, and no token that makes one with a longer reach.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { hintOf } from '../../src/credentials/format.ts'
import { formatTime } from '../../src/rfc3339.ts'
import { day, refused, scene } from './scene.ts'

const world = await scene()
const { app, call, find, actions, operate, person, clock } = world

const reach = async (token: string): Promise<string[]> => [...((await find(token))?.memberships.keys() ?? [])].sort()

/** A person with two organizations, and a token for each way to reach them. */
const traveler = async () => {
  const someone = await person()
  const one = await world.organization(someone.id, 'One')
  const organizations = [one, await world.organization(someone.id, 'Two')].sort() as [string, string]
  const held = await operate<{ id: string; token: string }>('POST', `/users/${someone.id}/tokens`, {
    name: 'Held',
    organization_ids: [organizations[0]],
  })
  return { ...someone, one, organizations, held }
}

test('a token is told once, found at once, listed by its hint', async () => {
  const { id: user, token: as, organizations, one } = await traveler()
  const made = await call(as, 'POST', '/account/tokens', {
    name: 'CI/CD pipeline',
    organization_ids: [organizations[1], organizations[1]],
    expires_in: 60,
  })
  assert.equal(made.status, 201)
  assert.equal(made.headers['cache-control'], 'no-store')
  const { token, ...rest } = made.body
  assert.match(String(token), /^pat_[0-9a-f]{64}$/)
  assert.deepEqual(rest, {
    id: made.body.id,
    name: 'CI/CD pipeline',
    hint: hintOf(String(token)),
    user_id: user,
    all_organizations: false,
    organization_ids: [organizations[1]],
    organizations: [{ id: organizations[1], name: organizations[1] === one ? 'One' : 'Two' }],
    state: 'active',
    created_at: formatTime(clock.at),
    last_used_at: null,
    expires_at: formatTime(clock.at + 60_000),
    revoked_at: null,
    replaces: null,
    succeeds: null,
  })
  assert.deepEqual(await reach(String(token)), [organizations[1]])
  const listed = await call(as, 'GET', '/account/tokens')
  assert.deepEqual(
    listed.body.data.find(({ id }) => id === made.body.id),
    rest,
  )
  assert.ok(!JSON.stringify(listed.body).includes(String(token)))
  assert.deepEqual((await call(as, 'GET', `/tokens/${made.body.id}`)).body, rest)
  const all = await call(as, 'POST', '/account/tokens', { name: 'All', all_organizations: true })
  assert.equal(all.body.expires_at, null)
  assert.deepEqual(await reach(String(all.body.token)), organizations)
  assert.deepEqual(await actions(String(made.body.id)), ['personal_access_token.created'])
})

test('a token reaches where its owner is a member now', async () => {
  const { id: user, token, organizations, held } = await traveler()
  const [other] = [await person()]
  await operate('POST', `/organizations/${organizations[0]}/members`, { user_id: other.id, role: 'owner' })
  await operate('DELETE', `/organizations/${organizations[0]}/members/${user}`)
  assert.deepEqual(await reach(held.token), [])
  assert.deepEqual(await reach(token), [organizations[1]])
  await operate('POST', `/organizations/${organizations[0]}/members`, { user_id: user, role: 'viewer' })
  assert.equal((await find(held.token))?.memberships.get(organizations[0])?.role, 'viewer')
  await operate('PATCH', `/organizations/${organizations[0]}`, { suspended: true })
  assert.deepEqual(await reach(held.token), [])
})

test('exactly one of all and chosen organizations; malformed bodies are refused', async () => {
  const { token, organizations } = await traveler()
  for (const wrong of [
    {},
    { all_organizations: false },
    { all_organizations: true, organization_ids: [organizations[0]] },
    { organization_ids: [] },
    { organization_ids: ['x'] },
    { organization_ids: organizations[0] },
    { organization_ids: Array.from({ length: 1001 }, () => organizations[0]) },
    { all_organizations: 'true' },
    { all_organizations: true, name: '' },
    { all_organizations: true, user_id: randomUUIDv7() },
    { all_organizations: true, expires_in: 1, expires_at: formatTime(clock.at + day) },
    { all_organizations: true, expires_at: formatTime(clock.at) },
  ]) {
    refused(await call(token, 'POST', '/account/tokens', { name: 'Token', ...wrong }), 'invalid_request')
  }
})

test('foreign organizations and those that do not exist are refused alike', async () => {
  const { token, organizations, id } = await traveler()
  const foreign = await world.organization((await person()).id)
  const answers = [
    await call(token, 'POST', '/account/tokens', { name: 'Token', organization_ids: [foreign] }),
    await call(token, 'POST', '/account/tokens', {
      name: 'Token',
      organization_ids: [organizations[0], randomUUIDv7()],
    }),
  ]
  for (const answer of answers) refused(answer, 'organization_forbidden')
  assert.equal(answers[0]?.body.detail, answers[1]?.body.detail)
  await assert.rejects(operate('POST', `/users/${id}/tokens`, { name: 'Token', organization_ids: [foreign] }), /403/)
  await assert.rejects(
    operate('POST', `/users/${randomUUIDv7()}/tokens`, { name: 'Token', all_organizations: true }),
    /404/,
  )
  await assert.rejects(operate('GET', `/users/${randomUUIDv7()}/tokens`), /404/)
})

test('a token that is held to organizations makes none that reaches further', async () => {
  const { held, organizations, tokenId, token } = await traveler()
  const make = (fields: object) => call(held.token, 'POST', '/account/tokens', { name: 'Made', ...fields })
  assert.deepEqual((await make({ organization_ids: [organizations[0]] })).body.organization_ids, [organizations[0]])
  refused(await make({ all_organizations: true }), 'forbidden', /held/)
  refused(await make({ organization_ids: [organizations[1]] }), 'organization_forbidden')
  refused(await make({ organization_ids: organizations }), 'organization_forbidden')
  refused(await call(held.token, 'POST', `/account/tokens/${tokenId}/rotate`), 'forbidden')
  assert.equal((await find(token))?.expiresAt, null)
  refused(
    await call(held.token, 'POST', `/organizations/${organizations[1]}/api-keys`, { name: 'Key' }),
    'organization_forbidden',
  )
  const rotated = await call(held.token, 'POST', `/account/tokens/${held.id}/rotate`, { overlap_seconds: 0 })
  assert.equal(rotated.status, 201)
  assert.deepEqual(await reach(String(rotated.body.token)), [organizations[0]])
  assert.equal((await call(held.token, 'GET', '/account/tokens')).status, 401)
})

test('an operator’s token that is held to organizations is no operator’s', async () => {
  const { id, held, token } = await traveler()
  await operate('PATCH', `/users/${id}`, { operator: true })
  refused(await call(held.token, 'POST', '/account/tokens', { name: 'Made', all_organizations: true }), 'forbidden')
  refused(await call(held.token, 'GET', `/users/${id}/tokens`), 'forbidden')
  assert.equal((await call(token, 'GET', `/users/${id}/tokens`)).status, 200)
})

test('renaming, rotating and revoking hold from the next look-up on', async () => {
  const { token: as, organizations } = await traveler()
  const made = (
    await call(as, 'POST', '/account/tokens', {
      name: 'Token',
      organization_ids: organizations,
      expires_in: 10 * 86_400,
    })
  ).body
  assert.equal((await call(as, 'PATCH', `/account/tokens/${made.id}`, { name: ' New ' })).body.name, 'New')
  assert.equal((await find(String(made.token)))?.name, 'New')
  const rotated = (await call(as, 'POST', `/tokens/${made.id}/rotate`, { overlap_seconds: 60 })).body
  assert.equal(rotated.replaces, made.id)
  assert.equal(rotated.expires_at, made.expires_at)
  assert.deepEqual(rotated.organization_ids, organizations)
  assert.deepEqual(await reach(String(rotated.token)), organizations)
  assert.equal((await find(String(rotated.token)))?.lineageId, made.id)
  assert.equal((await find(String(made.token)))?.expiresAt, clock.at + 60_000)
  refused(await call(as, 'POST', `/account/tokens/${made.id}/rotate`), 'conflict')
  const revoked = await call(as, 'DELETE', `/account/tokens/${rotated.id}`)
  assert.equal((await find(String(rotated.token)))?.revoked, true)
  clock.advance(1000)
  assert.deepEqual((await call(as, 'DELETE', `/tokens/${rotated.id}`)).body, revoked.body)
  assert.deepEqual(await actions(String(rotated.id)), ['personal_access_token.revoked'])
  assert.deepEqual(await actions(String(made.id)), [
    'personal_access_token.created',
    'personal_access_token.renamed',
    'personal_access_token.rotated',
  ])
  assert.equal((await call(String(rotated.token), 'GET', '/account/tokens')).status, 401)
})

test('nobody else sees or touches a person’s tokens, not even the organization’s owner', async () => {
  const { id: user, tokenId, organizations, token } = await traveler()
  const stranger = await person()
  const colleague = await person({ of: organizations[0], role: 'owner' })
  for (const as of [stranger.token, colleague.token]) {
    for (const path of [`/tokens/${tokenId}`, `/account/tokens/${tokenId}`]) {
      for (const [method, tail, body] of [
        ['GET', ''],
        ['PATCH', '', { name: 'New' }],
        ['DELETE', ''],
        ['POST', '/rotate'],
      ] as const) {
        refused(await call(as, method, path + tail, body), 'not_found')
        const unknown = await call(as, method, `${path.replace(tokenId, randomUUIDv7())}${tail}`, body)
        refused(unknown, 'not_found')
      }
    }
    refused(await call(as, 'GET', `/users/${user}/tokens`), 'forbidden')
    refused(await call(as, 'POST', `/users/${user}/tokens`, { name: 'Token', all_organizations: true }), 'forbidden')
    assert.ok((await call(as, 'GET', '/account/tokens')).body.data.every(({ user_id }) => user_id !== user))
  }
  // an API key of their own organization is no token, by neither path
  const key = (await call(token, 'POST', `/organizations/${organizations[0]}/api-keys`, { name: 'Key' })).body
  refused(await call(token, 'DELETE', `/tokens/${key.id}`), 'not_found')
  refused(await call(token, 'DELETE', `/api-keys/${tokenId}`), 'not_found')
  assert.equal((await find(String(key.key)))?.revoked, false)
  assert.equal((await find(token))?.revoked, false)
})

test('operators manage the tokens of others; a suspended user gets none', async () => {
  const { id: user, tokenId, token } = await traveler()
  assert.equal((await operate<{ data: unknown[] }>('GET', `/users/${user}/tokens`)).data.length, 2)
  assert.equal((await operate('PATCH', `/tokens/${tokenId}`, { name: 'By the operator' })).name, 'By the operator')
  assert.ok((await operate('DELETE', `/tokens/${tokenId}`)).revoked_at)
  assert.equal((await find(token))?.revoked, true)
  await operate('PATCH', `/users/${user}`, { suspended: true })
  await assert.rejects(operate('POST', `/users/${user}/tokens`, { name: 'Token', all_organizations: true }), /409/)
  await assert.rejects(operate('GET', '/account/tokens'), /403/)
})

test('deleting an organization takes it from the tokens held to it', async () => {
  const { held, organizations, token } = await traveler()
  await operate('DELETE', `/organizations/${organizations[0]}`)
  assert.deepEqual(await reach(held.token), [])
  const { body } = await call(token, 'GET', `/tokens/${held.id}`)
  assert.deepEqual(body.organization_ids, [])
  assert.equal(body.all_organizations, false)
  const rows = await app.store.db
    .selectFrom('credential_organizations')
    .selectAll()
    .where('credential_id', '=', held.id)
    .execute()
  assert.deepEqual(rows, [])
})
