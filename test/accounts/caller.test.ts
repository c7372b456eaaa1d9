// GET /users/me through the front door, with every kind of credential.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setupLink } from '../../src/accounts/links.ts'
import { launch, world } from '../harness.ts'

const me = '/api/v1/users/me'

test('keys, tokens and clients learn who they are', async (t) => {
  const launched = await launch(t)
  const { ask } = launched
  const { owner, organization, key, token, client } = await world(launched)
  const madeKey = await key({ name: 'Deploy', environment: 'test' })
  const asKey = (await ask('GET', me, { as: madeKey.key })).json()
  assert.deepEqual(
    [asKey.kind, asKey.id, asKey.subject, asKey.name, asKey.user, asKey.organization_id, asKey.environment],
    ['api_key', madeKey.id, madeKey.id, 'Deploy', null, organization, 'test'],
  )
  const madeToken = await token({ name: 'Laptop' })
  const asToken = (await ask('GET', me, { as: madeToken.token })).json()
  assert.deepEqual(
    [asToken.kind, asToken.id, asToken.subject, asToken.name, asToken.user.id, asToken.organization_id],
    ['personal_access_token', madeToken.id, owner, 'Laptop', owner, null],
  )
  assert.deepEqual(asToken.organization_ids, [organization])
  const madeClient = await client()
  const form = {
    grant_type: 'client_credentials',
    client_id: madeClient.client_id,
    client_secret: madeClient.client_secret,
  }
  const host = 'api.example.localhost'
  const answer = await ask('POST', '/oauth/token', { host, form })
  assert.equal(answer.statusCode, 200, answer.body)
  const asClient = (await ask('GET', me, { host, as: answer.json().access_token })).json()
  assert.deepEqual(
    [asClient.kind, asClient.subject, asClient.organization_id, asClient.user],
    ['oauth_token', madeClient.client_id, organization, null],
  )
})

test('no credential, or an expired or revoked one, learns nothing', async (t) => {
  const clock = { at: Date.parse('2026-11-22T12:00:00Z') }
  const launched = await launch(t, { file: {}, now: () => clock.at })
  const { ask, operate } = launched
  const { organization, key } = await world(launched)
  assert.equal((await ask('GET', me)).statusCode, 401)
  const short = await key({ expires_in: 60 })
  const revoked = await key()
  await operate('DELETE', `/api-keys/${revoked.id}`)
  clock.at += 60_000
  for (const as of [short.key, revoked.key, `${short.key.slice(0, -1)}x`]) {
    for (const path of [me, `/api/v1/organizations/${organization}`, '/api/v1/organizations', '/api/v1/audit']) {
      const { statusCode, body } = await ask('GET', path, { as })
      assert.equal(statusCode, 401, path)
      assert.ok(!body.includes(organization))
    }
  }
})

test('the set-up page answers on the issuer’s host, and a first operator made there can be worked with', async (t) => {
  const { ask, app } = await launch(t, { file: {} })
  const url = new URL(String(await setupLink(app.store, app.config.issuer, Date.now())))
  assert.equal(url.origin, app.config.issuer)
  const path = url.pathname + url.search
  assert.equal((await ask('GET', path)).statusCode, 200)
  assert.equal((await ask('GET', path, { host: 'elsewhere.example.com' })).statusCode, 421)
  const fields = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery', organization: 'Acme' }
  const done = await ask('POST', '/setup', { form: { token: String(url.searchParams.get('token')), ...fields } })
  assert.equal(done.statusCode, 200, done.body)
})
