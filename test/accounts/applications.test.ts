// Connected applications over the management API: what a person has allowed, and taking it back, at once and everywhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch } from '../harness.ts'
import { authorize, signIn } from '../oauth/flow.ts'
import { addPerson } from '../visitor.ts'
import { documentId, file, scene } from './applications-scene.ts'

interface Listed {
  data: { client_id: string; name: string; access: { scopes: string }[] }[]
  next_cursor: string | null
}

const ownToken = async (
  { launched, ada }: Awaited<ReturnType<typeof scene>>,
  fields: object = { all_organizations: true },
) => (await launched.operate<{ token: string }>('POST', `/users/${ada}/tokens`, { name: 'Own', ...fields })).token

test('a list tells who, where from, what it may in words, for which organization and since when', async (t) => {
  const ada = await scene(t)
  const { launched, clientId, clock, organization, connect } = ada
  await connect(clientId)
  clock.advance(86_400_000)
  await connect(clientId, 'read write')
  await connect(documentId, 'openid offline_access')
  const as = await ownToken(ada)
  const own = await launched.ask('GET', '/api/v1/account/applications', { as })
  assert.equal(own.statusCode, 200, own.body)
  assert.deepEqual(own.json(), {
    data: [
      {
        client_id: documentId,
        name: 'Notes <b>',
        registration: 'document',
        host: 'notes.example',
        access: [
          {
            api: 'orders',
            scopes: 'openid offline_access',
            may: ['Know who you are', 'Stay connected while you are away'],
            organization_id: null,
            organization_name: null,
            all_organizations: false,
          },
        ],
        connected_at: '2026-11-23T12:00:00.000Z',
      },
      {
        client_id: clientId,
        name: 'Shop',
        registration: 'managed',
        host: null,
        access: [
          {
            api: 'orders',
            scopes: 'read write',
            may: ['Read orders', 'Change orders'],
            organization_id: organization,
            organization_name: 'Engines',
            all_organizations: false,
          },
        ],
        connected_at: '2026-11-22T12:00:00.000Z',
      },
    ],
    next_cursor: null,
  })
  assert.deepEqual(await launched.operate('GET', `/users/${ada.ada}/applications`), own.json())
  // page by page, each once
  const pages: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Listed = (await launched.ask('GET', `/api/v1/account/applications?limit=1${query}`, { as })).json()
    pages.push(...page.data.map(({ client_id }) => client_id))
    cursor = page.next_cursor
  }
  assert.deepEqual(pages, [documentId, clientId])
})

for (const [how, path] of [
  ['in the path', (id: string) => `/${id}`],
  ['in the query', (id: string) => `?client_id=${encodeURIComponent(id)}`],
] as const) {
  test(`revoked by its id ${how}: access tokens, refresh tokens and codes end at once, at every process`, async (t) => {
    const ada = await scene(t)
    const { launched, clientId, connect, code, refresh, statusOf } = ada
    const other = await launch(t, { file: file ?? {}, folder: launched.folder, now: ada.clock })
    const kept = await connect(documentId)
    const first = await connect(clientId)
    const second = await connect(clientId, 'read write')
    const redeem = await code(clientId)
    for (const at of [launched, other])
      for (const { access_token } of [kept, first, second]) assert.equal(await statusOf(access_token, at), 200)
    const as = await ownToken(ada)
    const answer = await launched.ask('DELETE', `/api/v1/account/applications${path(clientId)}`, { as })
    assert.deepEqual([answer.statusCode, answer.json()], [200, { client_id: clientId, revoked: true }])
    for (const at of [other, launched]) {
      for (const { access_token } of [first, second]) assert.equal(await statusOf(access_token, at), 401)
      assert.equal(await statusOf(kept.access_token, at), 200, 'another application goes on')
    }
    for (const { refresh_token } of [first, second])
      assert.equal((await refresh(clientId, refresh_token ?? '')).body.error, 'invalid_grant')
    assert.equal((await redeem()).body.error, 'invalid_grant')
    assert.equal((await refresh(documentId, kept.refresh_token ?? '')).status, 200)
    // it must ask again
    const browser = await signIn(launched, ada.ada, ada.clock())
    const request = { client_id: clientId, redirect_uri: 'https://shop.example.com/callback', response_type: 'code' }
    const pkce = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
    assert.equal((await authorize(launched, browser, { ...request, ...pkce, scope: 'read' })).statusCode, 200)
    const again = await launched.ask('DELETE', `/api/v1/account/applications${path(clientId)}`, { as })
    assert.equal(again.statusCode, 404)
  })
}

test('a client whose id is an address is revoked by the query, and by an operator', async (t) => {
  const ada = await scene(t)
  const { access_token } = await ada.connect(documentId)
  const answer = await ada.launched.operate(
    'DELETE',
    `/users/${ada.ada}/applications?client_id=${encodeURIComponent(documentId)}`,
  )
  assert.deepEqual(answer, { client_id: documentId, revoked: true })
  assert.equal(await ada.statusOf(access_token), 401)
})

test('nobody sees or revokes what others have allowed, nor with a token for a part of them', async (t) => {
  const ada = await scene(t)
  const { launched, clientId, organization, connect, statusOf } = ada
  const { access_token } = await connect(clientId)
  const mallory = await addPerson(launched, { email: 'mallory@example.com' })
  await launched.operate('POST', `/organizations/${organization}/members`, { user_id: mallory, role: 'admin' })
  const malloryToken = (
    await launched.operate<{ token: string }>('POST', `/users/${mallory}/tokens`, {
      name: 'T',
      all_organizations: true,
    })
  ).token
  const tries: [string, string, string, number][] = [
    ['GET', `/users/${ada.ada}/applications`, malloryToken, 403],
    ['DELETE', `/users/${ada.ada}/applications/${clientId}`, malloryToken, 403],
    ['DELETE', `/users/${ada.ada}/applications?client_id=${clientId}`, malloryToken, 403],
    ['DELETE', `/account/applications/${clientId}`, malloryToken, 404],
    ['GET', '/account/applications', await ownToken(ada, { organization_ids: [organization] }), 403],
    ['DELETE', `/account/applications/${clientId}`, await ownToken(ada, { organization_ids: [organization] }), 403],
    // the application itself is not the person
    ['GET', '/account/applications', access_token, 401],
  ]
  for (const [method, path, as, status] of tries) {
    const answer = await launched.ask(method, `/api/v1${path}`, { as })
    assert.equal(answer.statusCode, status, `${method} ${path}: ${answer.body}`)
  }
  assert.deepEqual(
    (await launched.ask('GET', '/api/v1/account/applications', { as: malloryToken })).json<Listed>().data,
    [],
  )
  assert.equal(await statusOf(access_token), 200)
})

test('what has ended or is remembered only: grants over are not told, a consent still is, and goes', async (t) => {
  const ada = await scene(t)
  const { launched, clientId, clock, connect } = ada
  await connect(clientId)
  clock.advance(400 * 86_400_000)
  const listed = () => launched.operate<Listed>('GET', `/users/${ada.ada}/applications`)
  assert.deepEqual(
    (await listed()).data.map(({ client_id }) => client_id),
    [clientId],
    'it would not be asked again',
  )
  await launched.operate('DELETE', `/users/${ada.ada}/applications/${clientId}`)
  assert.deepEqual((await listed()).data, [])
})

test('revoking stands in the trail, also of the organization that it acted for', async (t) => {
  const ada = await scene(t)
  const { launched, clientId, organization, connect } = ada
  await connect(clientId)
  await connect(clientId)
  await launched.operate('DELETE', `/users/${ada.ada}/applications/${clientId}`)
  const { data } = await launched.operate<{ data: Record<string, unknown>[] }>(
    'GET',
    `/organizations/${organization}/audit?action=application.revoked`,
  )
  assert.deepEqual(
    data.map(({ target_kind, target_id, detail }) => ({ target_kind, target_id, detail })),
    [{ target_kind: 'application', target_id: clientId, detail: { user_id: ada.ada, grants: 2 } }],
  )
})
