// CONTRACT §4, RFC 9700 §2.3: a person gives away no more than they have, where they have it, and as long as they have it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedCode, authorize, claimsOf, decide, formOf, sentTo, signIn, token } from '../oauth/flow.ts'
import { assertShown, authorizationScene, redirect_uri } from './authorization-scene.ts'

const foreign = '0197a000-0000-7000-8000-000000000000'

/** A further person with this role in the organization, signed in. */
const member = async (
  { launched, acme, clock }: Pick<Awaited<ReturnType<typeof authorizationScene>>, 'launched' | 'acme' | 'clock'>,
  role: string,
) => {
  const { id } = await launched.operate<{ id: string }>('POST', '/users', {
    email: `${role}@example.org`,
    name: 'Person',
  })
  const path = `/organizations/${acme.organization}/members`
  await launched.operate('POST', path, { user_id: id, role })
  return {
    id,
    browser: await signIn(launched, id, clock()),
    become: (other: string) => launched.operate('PATCH', `${path}/${id}`, { role: other }),
    leave: () => launched.operate('DELETE', `${path}/${id}`),
  }
}

test('a viewer cannot give away what viewers may not do, neither at once nor later', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, redeem, judge, client } = scene
  const viewer = await member(scene, 'viewer')
  const { body } = await redeem(await allowedCode(launched, viewer.browser, request))
  assert.equal(body.scope, 'read')
  assert.equal(claimsOf(body.access_token).scope, 'read')
  assert.deepEqual((await judge(body.access_token)).principal?.scopes, ['read'])
  const wider = await token(launched, client, {
    grant_type: 'refresh_token',
    refresh_token: body.refresh_token as string,
    scope: 'read write',
  })
  assert.deepEqual([wider.status, wider.body.error], [400, 'invalid_scope'])
  await viewer.become('owner')
  const { principal } = await judge(body.access_token)
  assert.deepEqual(principal?.scopes, ['read'], 'what was not allowed does not come with a promotion')
})

test('a role that was lowered, and scopes that were taken from the client, are gone from tokens and from what is made next', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, redeem, judge, client } = scene
  const refresh = (refresh_token = '', more = {}) =>
    token(launched, client, { grant_type: 'refresh_token', refresh_token, ...more })
  const person = await member(scene, 'member')
  const first = await redeem(await allowedCode(launched, person.browser, request))
  assert.equal(first.body.scope, 'read write')
  await person.become('viewer')
  assert.deepEqual((await judge(first.body.access_token)).principal?.scopes, ['read'])
  // those who verify by the published keys alone see only what the token says
  const second = await refresh(first.body.refresh_token)
  assert.equal(second.body.scope, 'read')
  assert.equal(claimsOf(second.body.access_token).scope, 'read')
  await person.become('member')
  const third = await refresh(second.body.refresh_token)
  assert.equal(third.body.scope, 'read write')

  await launched.operate('PATCH', `/clients/${client.client_id}`, { scopes: 'read' })
  assert.deepEqual((await judge(third.body.access_token)).principal?.scopes, ['read'])
  const fourth = await refresh(third.body.refresh_token)
  assert.equal(claimsOf(fourth.body.access_token).scope, 'read')
  assert.equal((await refresh(fourth.body.refresh_token, { scope: 'write' })).body.error, 'invalid_scope')
  const denied = sentTo(await authorize(launched, person.browser, request), redirect_uri)
  assert.equal(denied.error, 'invalid_scope', 'nor is more remembered than the client may have')

  await launched.operate('PATCH', `/clients/${client.client_id}`, { apis: ['stock'] })
  assert.equal((await judge(fourth.body.access_token)).code, 'forbidden')
  assert.equal((await refresh(fourth.body.refresh_token)).body.error, 'invalid_target')
  await launched.operate('PATCH', `/clients/${client.client_id}`, { apis: null, grants: ['authorization_code'] })
  assert.equal((await refresh(fourth.body.refresh_token)).body.error, 'unauthorized_client')
})

test('who has left an organization acts for it no more: not by the form that was open, the consent that is remembered, or tokens', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, redeem, judge, client, rows } = scene
  const person = await member(scene, 'admin')
  const { body } = await redeem(await allowedCode(launched, person.browser, request))
  const open = await authorize(launched, person.browser, { ...request, prompt: 'consent' })
  const remembered = await authorize(launched, person.browser, request)
  assert.equal(remembered.statusCode, 303)
  const late = sentTo(remembered, redirect_uri).code as string
  await person.leave()
  assert.notEqual((await judge(body.access_token)).code, 'valid')
  const attempts: Record<string, string>[] = [
    { grant_type: 'refresh_token', refresh_token: body.refresh_token as string },
    { grant_type: 'authorization_code', code: late, redirect_uri, code_verifier: scene.verifier },
  ]
  for (const grant of attempts) assert.equal((await token(launched, client, grant)).body.error, 'invalid_grant')
  const { grants: before } = await rows()
  assertShown(await decide(launched, person.browser, open), 400, 'the form names an organization of old')
  const again = await authorize(launched, person.browser, request)
  assert.equal(again.statusCode, 200, 'asked anew')
  assert.equal((await rows()).grants.length, before.length)
})

test('an organization that is not the person’s is not chosen, and not named in a request', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, redeem, judge, browser, acme, rows } = scene
  const page = await authorize(launched, browser, request)
  for (const organization of [foreign, '', 'all', acme.organization.toUpperCase()])
    assertShown(await decide(launched, browser, page, 'allow', { organization }), 400, organization)
  assert.deepEqual((await rows()).grants, [])

  // somebody in no organization at all, and a token about a person alone
  const { id } = await launched.operate<{ id: string }>('POST', '/users', { email: 'nobody@example.org', name: 'N' })
  const nobody = await signIn(launched, id, scene.clock())
  const alone = await redeem(await allowedCode(launched, nobody, request))
  const identity = await redeem(await allowedCode(launched, browser, { ...request, scope: 'openid' }))
  for (const { body } of [alone, identity]) {
    for (const organization_id of [acme.organization, foreign])
      assert.equal((await judge(body.access_token, 'orders', { organization_id })).code, 'organization_forbidden')
    const called = await launched.ask('GET', `/organizations/${acme.organization}`, {
      host: 'orders.test',
      as: body.access_token,
    })
    assert.equal(called.statusCode, 403, called.body)
  }
  const { body } = await redeem(await allowedCode(launched, browser, request))
  assert.equal((await judge(body.access_token, 'orders', { organization_id: foreign })).code, 'organization_forbidden')
})

test('a client of one organization serves people of another, who pay themselves, at the APIs that it is held to', async (t) => {
  const scene = await authorizationScene(t, { apis: ['paid', 'stock'] })
  const { launched, request, redeem, judge, acme, clock } = scene
  const paid = { ...request, scope: 'read', resource: 'https://paid.example.com' }
  const { id } = await launched.operate<{ id: string }>('POST', '/users', { email: 'b@example.org', name: 'B' })
  const { id: theirs } = await launched.operate<{ id: string }>('POST', '/organizations', {
    name: 'Theirs',
    owner: id,
    tier: 'pro',
  })
  const browser = await signIn(launched, id, clock())
  const elsewhere = await authorize(launched, browser, { ...request, resource: 'https://orders.example.com' })
  assert.equal(sentTo(elsewhere, redirect_uri).error, 'invalid_target')
  const { body } = await redeem(await allowedCode(launched, browser, paid))
  const { principal, limits } = await judge(body.access_token, 'paid', { cost: 5 })
  assert.deepEqual(
    [principal?.subject, principal?.organization_id, principal?.tier, principal?.client_id],
    [id, theirs, 'pro', request.client_id],
  )
  assert.deepEqual(
    limits?.map(({ limit, remaining }) => [limit, remaining]),
    [[20, 15]],
  )
  const own = (await acme.key({ apis: ['paid'] })).key
  assert.deepEqual((await judge(own, 'paid', { cost: 1 })).limits?.[0]?.remaining, 9, 'the client’s owner pays nothing')
  assert.equal(
    (await judge(body.access_token, 'paid', { organization_id: acme.organization })).code,
    'organization_forbidden',
  )
  assert.equal((await judge(body.access_token, 'stock')).code, 'invalid_api_key', 'a token is for one API')
  const wandering = await token(launched, scene.client, {
    grant_type: 'refresh_token',
    refresh_token: body.refresh_token as string,
    resource: 'https://stock.example.com',
  })
  assert.equal(wandering.body.error, 'invalid_target')
  // both ends: the person's organization, and the client's
  await launched.operate('PATCH', `/organizations/${theirs}`, { suspended: true })
  assert.notEqual((await judge(body.access_token, 'paid')).code, 'valid')
  await launched.operate('PATCH', `/organizations/${theirs}`, { suspended: false })
  assert.equal((await judge(body.access_token, 'paid')).code, 'valid')
  await launched.operate('PATCH', `/organizations/${acme.organization}`, { suspended: true })
  assert.equal((await judge(body.access_token, 'paid')).code, 'invalid_api_key')
  assertShown(await authorize(launched, browser, paid), 400, 'the client is of a suspended organization')
})

test('manage is had by clients that an operator gave it to, and by nobody in passing', async (t) => {
  const scene = await authorizationScene(t)
  const { launched, request, redeem, browser, acme, client } = scene
  const { config, ask } = launched
  const owner = (await acme.token()).token
  const refusedFor = async (scopes: string) => {
    const answer = await ask('POST', `/api/v1/organizations/${acme.organization}/clients`, {
      as: owner,
      body: { name: 'Grasping', redirect_uris: [redirect_uri], scopes },
    })
    assert.equal(answer.statusCode, 403, answer.body)
  }
  for (const scopes of ['manage', 'read manage', 'manage:clients', 'verify']) await refusedFor(scopes)
  const resource = config.management.audience
  for (const scope of ['manage', 'openid manage', 'manage:clients', 'verify', 'introspect', 'metrics'])
    assert.equal(
      sentTo(await authorize(launched, browser, { ...request, scope, resource }), redirect_uri).error,
      'invalid_scope',
      scope,
    )
  const patched = await ask('PATCH', `/api/v1/clients/${client.client_id}`, { as: owner, body: { scopes: 'manage' } })
  assert.equal(patched.statusCode, 403)

  // a token for Latchkey itself that only says who the person is opens nothing there
  const { body } = await redeem(await allowedCode(launched, browser, { ...request, scope: 'openid email', resource }))
  const path = `/api/v1/organizations/${acme.organization}`
  for (const [method, url, sent] of [
    ['GET', path],
    ['PATCH', path, { name: 'Taken' }],
    ['DELETE', path],
    ['GET', `${path}/members`],
    ['GET', `${path}/clients`],
    ['POST', `${path}/api-keys`, { name: 'Key' }],
    ['POST', '/api/v1/account/tokens', { name: 'Token', all_organizations: true }],
    ['GET', '/api/v1/account/tokens'],
    ['POST', '/api/v1/organizations', { name: 'New' }],
    ['GET', '/api/v1/users'],
    ['POST', '/api/v1/verify', { credential: body.access_token, api: 'orders' }],
  ] as const) {
    const { statusCode } = await ask(method, url, { as: body.access_token, ...(sent && { body: sent }) })
    assert.equal(statusCode, 403, `${method} ${url}`)
  }
  const me = (await ask('GET', '/api/v1/users/me', { as: body.access_token })).json<Record<string, unknown>>()
  assert.deepEqual([me.organization_ids, me.operator], [[], false])
  const reached = (await ask('GET', '/api/v1/organizations', { as: body.access_token })).json<{ data: [] }>()
  assert.deepEqual(reached.data, [])

  const trusted = await acme.client({ redirect_uris: [redirect_uri], scopes: 'manage' })
  const asking = { ...request, client_id: trusted.client_id, scope: 'manage', resource }
  const page = await authorize(launched, browser, asking)
  assert.match(page.body, /Manage everything/)
  assert.doesNotMatch(page.body, /You are an operator/)
  const first = await decide(launched, browser, page, 'allow', { organization: 'all' })
  assert.ok(sentTo(first, redirect_uri).code)
  await launched.operate('PATCH', `/users/${acme.owner}`, { operator: true })
  const again = await authorize(launched, browser, asking)
  assert.ok(formOf(again), 'asked again every time')
  assert.match(again.body, /You are an operator/, 'who gives away more is told so')
  const silent = await authorize(launched, browser, { ...asking, prompt: 'none' })
  assert.equal(sentTo(silent, redirect_uri).error, 'consent_required')
})
