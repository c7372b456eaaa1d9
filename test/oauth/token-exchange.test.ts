// RFC 8693: a key in, a short-lived token out, never with more rights, further reach or a longer life than the key.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { buildConfig, type LatchkeyConfig } from '../../src/config/config.ts'
import { makeApiKey, makePersonalAccessToken } from '../../src/credentials/format.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const keyType = 'urn:latchkey:params:oauth:token-type:api-key'
const patType = 'urn:latchkey:params:oauth:token-type:personal-access-token'
const jwt = 'urn:ietf:params:oauth:token-type:jwt'
const cwt = 'urn:latchkey:params:oauth:token-type:cwt'

const file: LatchkeyConfig = {
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      environments: ['live', 'test'],
      limits: [{ name: 'window', per: 'credential', limit: 2, period: 60 }],
    },
    embeddings: { audience: 'https://embeddings.example.com', profile: 'smally' },
    zones: { audience: 'https://zones.example.com', profile: 'smoxy', accepts: ['personal_access_token'] },
    billed: {
      audience: 'https://billed.example.com',
      accepts: ['jwt'],
      limits: [{ name: 'month', per: 'organization', limit: 5, period: 'month' }],
    },
  },
  defaultApi: 'orders',
}

interface Answer {
  access_token: string
  issued_token_type: string
  token_type: string
  expires_in: number
  scope?: string
  error?: string
  error_description?: string
}

interface Verified {
  code: string
  principal: {
    kind: string
    id: string
    subject: string
    scopes: string[]
    organization_id?: string
    derived_from: { kind: string; id: string }
  }
  limits: { remaining: number }[]
}

test('token exchange', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched, 'pro')
  const other = await world(launched)
  const { key: checker } = await acme.key({ scopes: 'verify' })
  const ask = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await launched.ask('POST', '/oauth/token', { form: { grant_type: grantType, ...form }, headers })
    return { status: answer.statusCode, text: answer.body, body: answer.json<Answer>() }
  }
  const exchange = (value: string, form: Record<string, string> = {}, headers?: Record<string, string>) =>
    ask({ subject_token: value, subject_token_type: value.startsWith('pat_') ? patType : keyType, ...form }, headers)
  const issued = async (...request: Parameters<typeof exchange>): Promise<Answer> => {
    const { status, text, body } = await exchange(...request)
    assert.equal(status, 200, text)
    return body
  }
  const refused = async (error: string, ...request: Parameters<typeof exchange>): Promise<string> => {
    const { status, text, body } = await exchange(...request)
    assert.equal(status, 400, text)
    assert.equal(body.error, error, text)
    return text
  }
  const verify = async (credential: string, api: string, more: object = {}) =>
    (
      await launched.ask('POST', '/api/v1/verify', { as: checker, body: { credential, api, dry_run: true, ...more } })
    ).json<Verified>()

  await t.test('an API key becomes a JWT or a CWT that stands for it', async () => {
    const { id, key } = await acme.key()
    for (const [type, kind] of [
      [jwt, 'jwt'],
      [cwt, 'cwt'],
    ] as const) {
      const body = await issued(key, { requested_token_type: type })
      assert.deepEqual(
        { ...body, access_token: '' },
        { access_token: '', issued_token_type: type, token_type: 'Bearer', expires_in: 300, scope: 'read write' },
      )
      const { code, principal } = await verify(body.access_token, 'orders')
      assert.equal(code, 'valid')
      assert.equal(principal.kind, kind)
      assert.equal(principal.subject, id)
      assert.equal(principal.organization_id, acme.organization)
      assert.deepEqual(principal.derived_from, { kind: 'api_key', id })
      assert.equal((await verify(body.access_token, 'embeddings')).code, 'invalid_api_key', 'it is for one API')
    }
  })

  await t.test('resource or audience names the API; what it accepts decides the kind', async () => {
    const { key } = await acme.key()
    assert.equal((await issued(key)).issued_token_type, jwt)
    for (const target of [
      { audience: 'embeddings' },
      { audience: 'https://embeddings.example.com' },
      { resource: 'https://embeddings.example.com' },
      { resource: 'https://embeddings.example.com', audience: 'embeddings' },
    ] as Record<string, string>[]) {
      assert.equal((await issued(key, target)).issued_token_type, cwt)
    }
    await refused('invalid_target', key, { audience: 'embeddings', requested_token_type: jwt })
    await refused('invalid_target', key, { audience: 'zones' })
    await refused('invalid_target', key, { audience: 'nothing' })
    await refused('invalid_target', key, { audience: 'orders', resource: 'https://embeddings.example.com' })
    assert.equal(
      (await verify((await issued(key, { audience: 'billed' })).access_token, 'billed')).code,
      'valid',
      'the API need not take the key itself',
    )
    assert.equal((await verify(key, 'billed')).code, 'invalid_api_key')
  })

  await t.test('one answer to every key that is not good', async () => {
    const revoked = await acme.key()
    await launched.operate('DELETE', `/api-keys/${revoked.id}`)
    const short = await acme.key({ expires_in: 60 })
    const { key } = await acme.key()
    const exchanged = (await issued(key)).access_token
    const suspended = await world(launched)
    const stopped = await suspended.key()
    await launched.operate('PATCH', `/organizations/${suspended.organization}`, { suspended: true })
    clock.advance(60_000)
    const texts = new Set<string>()
    for (const value of [
      revoked.key,
      short.key,
      stopped.key,
      makeApiKey('sk', undefined),
      makePersonalAccessToken(),
      `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
      'sk_',
      'x'.repeat(9000),
      exchanged,
    ])
      texts.add(await refused('invalid_request', value))
    texts.add((await ask({ subject_token: key, subject_token_type: patType })).text)
    texts.add((await ask({ subject_token: (await acme.token()).token, subject_token_type: keyType })).text)
    assert.deepEqual([...texts], ['{"error":"invalid_request","error_description":"The subject_token is not valid"}'])
  })

  await t.test('it lives 300 seconds, and never past the key', async () => {
    const { key } = await acme.key({ expires_in: 100 })
    assert.equal((await issued(key)).expires_in, 100)
    clock.advance(99_500)
    await refused('invalid_request', key)
    const long = (await issued((await acme.key()).key)).access_token
    clock.advance(299_000)
    assert.equal((await verify(long, 'orders')).code, 'valid')
    clock.advance(1000)
    assert.equal((await verify(long, 'orders')).code, 'expired_token')
  })

  await t.test('scope goes down, never up', async () => {
    const { key } = await acme.key({ scopes: 'read' })
    assert.equal((await issued(key)).scope, 'read')
    for (const scope of ['write', 'read write', 'verify', 'manage:api-keys'])
      await refused('invalid_scope', key, { scope })
    const wide = await acme.key()
    const token = (await issued(wide.key, { scope: 'read' })).access_token
    assert.equal((await verify(token, 'orders', { scopes: ['read'] })).code, 'valid')
    assert.equal((await verify(token, 'orders', { scopes: ['write'] })).code, 'insufficient_scope')
    await launched.operate('PATCH', `/api-keys/${wide.id}`, { scopes: 'write' })
    assert.deepEqual(
      (await verify(token, 'orders')).principal.scopes,
      [],
      'what the key has lost is lost to its tokens',
    )
    await refused('invalid_scope', wide.key, { scope: 'read' })
  })

  await t.test('a reserved scope goes along to the management API and nowhere else', async () => {
    assert.equal((await issued(checker)).scope, undefined)
    const token = (await issued(checker, { resource: launched.config.issuer })).access_token
    assert.equal(
      (await launched.ask('POST', '/api/v1/verify', { as: token, body: { credential: 'x' } })).statusCode,
      200,
    )
  })

  await t.test('a key is exchanged only where it may be used', async () => {
    const held = await acme.key({ apis: ['embeddings'] })
    await refused('invalid_target', held.key, { audience: 'orders' })
    assert.equal((await issued(held.key, { audience: 'embeddings' })).token_type, 'Bearer')
    const tester = await acme.key({ environment: 'test' })
    await refused('invalid_target', tester.key, { audience: 'embeddings' })
    assert.equal((await issued(tester.key, { audience: 'orders' })).expires_in, 300)
  })

  await t.test('organization_id narrows a personal token and stays within its reach', async () => {
    const key = await acme.key()
    await refused('invalid_request', key.key, { organization_id: other.organization })
    assert.equal((await issued(key.key, { organization_id: acme.organization })).expires_in, 300)
    await launched.operate('POST', `/organizations/${other.organization}/members`, {
      user_id: acme.owner,
      role: 'viewer',
    })
    const { token } = await acme.token()
    await refused('invalid_request', token, { audience: 'billed' })
    await refused('invalid_request', token, { organization_id: '0197a000-0000-7000-8000-000000000001' })
    for (const organization_id of ['x', `${acme.organization} `, acme.organization.toUpperCase(), "' OR 1=1"])
      await refused('invalid_request', token, { organization_id })
    const narrowed = (await issued(token, { audience: 'billed', organization_id: acme.organization })).access_token
    assert.equal((await verify(narrowed, 'billed')).principal.organization_id, acme.organization)
    assert.equal(
      (await verify(narrowed, 'billed', { organization_id: other.organization })).code,
      'organization_forbidden',
    )
    const asViewer = await issued(token, { organization_id: other.organization })
    assert.equal(asViewer.scope, 'read', 'the role there')
    await refused('invalid_scope', token, { organization_id: other.organization, scope: 'write' })
    const held = await acme.token({ all_organizations: undefined, organization_ids: [acme.organization] })
    await refused('invalid_request', held.token, { organization_id: other.organization })
    await launched.operate('DELETE', `/organizations/${other.organization}/members/${acme.owner}`)
    assert.equal(
      (await verify(asViewer.access_token, 'orders')).code,
      'organization_forbidden',
      'a member removed is out at the next request',
    )
    await refused('invalid_request', token, { organization_id: other.organization })
  })

  await t.test('a revoked key takes its tokens with it', async () => {
    const { id, key } = await acme.key()
    const tokens = [await issued(key), await issued(key, { requested_token_type: cwt })]
    await launched.operate('DELETE', `/api-keys/${id}`)
    for (const { access_token } of tokens) assert.equal((await verify(access_token, 'orders')).code, 'invalid_api_key')
  })

  await t.test('it spends nothing, and what is exchanged spends the key’s', async () => {
    const { key } = await acme.key()
    for (let i = 0; i < 5; i++) await issued(key)
    assert.equal((await verify(key, 'orders')).limits[0]?.remaining, 2)
    const { access_token } = await issued(key)
    for (const credential of [key, access_token])
      assert.equal((await verify(credential, 'orders', { dry_run: false })).code, 'valid')
    assert.equal((await verify(access_token, 'orders', { dry_run: false })).code, 'rate_limit_exceeded')
    assert.equal(
      (await verify((await issued(key)).access_token, 'orders')).code,
      'rate_limit_exceeded',
      'exchanging goes on, but gains nothing',
    )
  })

  await t.test('the request itself must be right', async () => {
    const { key } = await acme.key()
    for (const form of [
      { subject_token: key },
      { subject_token_type: keyType },
      { subject_token: key, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      { subject_token: key, subject_token_type: 'toString' },
      {
        subject_token: key,
        subject_token_type: keyType,
        requested_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      },
      { subject_token: key, subject_token_type: keyType, actor_token: key },
      { subject_token: key, subject_token_type: keyType, actor_token_type: keyType },
    ] as Record<string, string>[]) {
      const { status, body } = await ask(form)
      assert.equal(status, 400)
      assert.equal(body.error, 'invalid_request')
    }
  })

  await t.test('the key alone authenticates; a client that is named must be right too', async () => {
    const { key } = await acme.key()
    const without = await acme.client()
    const allowed = await acme.client({ grants: [grantType], apis: ['embeddings'] })
    const basic = (id: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    })
    assert.equal((await exchange(key, {}, basic(allowed.client_id, 'wrong'))).status, 401)
    assert.equal((await exchange(key, { client_id: allowed.client_id })).status, 401)
    assert.equal(
      (await exchange(key, { client_id: without.client_id, client_secret: without.client_secret })).body.error,
      'unauthorized_client',
    )
    assert.equal((await exchange(key, {}, basic(allowed.client_id, allowed.client_secret))).status, 200)
    assert.equal(
      (await exchange(key, { audience: 'orders' }, basic(allowed.client_id, allowed.client_secret))).body.error,
      'invalid_target',
      'held to its own APIs',
    )
  })
})

test('an exchange is a use of the key', async (t) => {
  const config = buildConfig({ LATCHKEY_DATA: temporaryFolder(t) }, file)
  const log = pino({ level: 'silent' })
  const app = await buildApp(config, { log, localOperator: true })
  const operate = async (path: string, payload: object) =>
    (
      await app.server.inject({
        method: 'POST',
        url: `/api/v1${path}`,
        headers: { host: 'localhost', ...app.operatorHeaders() },
        payload,
      })
    ).json<Record<string, string>>()
  const { id: owner } = await operate('/users', { email: 'person@example.com', name: 'Person' })
  const { id: organization } = await operate('/organizations', { name: 'Organization', owner })
  const { id, key } = await operate(`/organizations/${organization}/api-keys`, { name: 'Key', user_id: owner })
  const answer = await app.server.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({
      grant_type: grantType,
      subject_token: key as string,
      subject_token_type: keyType,
    }).toString(),
  })
  assert.equal(answer.statusCode, 200)
  await app.close() // writes what has been noted
  const again = await buildApp(config, { log, localOperator: true })
  t.after(() => again.close())
  const shown = await again.server.inject({
    url: `/api/v1/api-keys/${id}`,
    headers: { host: 'localhost', ...again.operatorHeaders() },
  })
  assert.notEqual(shown.json<{ last_used_at: string | null }>().last_used_at, null)
})
