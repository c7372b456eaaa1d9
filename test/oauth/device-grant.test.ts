// RFC 8628 §3.4, §3.5, §5: what a device is told while it asks, and that it gets its tokens once, alone, and never by another's code.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Prover, prover, withNonce } from '../dpop.ts'
import { type Launched, launch } from '../harness.ts'
import { deviceGrant, deviceScene, secret, type Tokens } from './device-scene.ts'

const told = (answer: { statusCode: number; json: <T>() => T }) => [
  answer.statusCode,
  answer.json<{ error?: string }>().error,
]
const interval = 5_000

test('RFC 8628 §3.5: pending, then tokens once', async (t) => {
  const { start, poll, allow, clock, launched } = await deviceScene(t)
  const { device_code, user_code } = await start()
  assert.deepEqual(told(await poll(device_code)), [400, 'authorization_pending'])
  clock.advance(interval)
  assert.deepEqual(told(await poll(device_code)), [400, 'authorization_pending'])
  const grantId = await allow(user_code)
  clock.advance(interval)
  const answer = await poll(device_code)
  assert.equal(answer.statusCode, 200)
  const tokens = answer.json<Tokens>()
  assert.equal(
    (await launched.ask('GET', '/v1/users', { host: 'api.multi.localhost', as: tokens.access_token })).statusCode,
    200,
  )
  const refreshed = await launched.ask('POST', '/oauth/token', {
    form: {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token ?? '',
      client_id: (await launched.app.store.lookups.grantById(grantId))?.clientId ?? '',
    },
  })
  assert.equal(refreshed.statusCode, 200)
  clock.advance(interval)
  assert.deepEqual(told(await poll(device_code)), [400, 'invalid_grant'])
  await assert.rejects(allow(user_code), /Nobody waits/)
})

test('RFC 8628 §3.5: fifty at once, one set of tokens', async (t) => {
  const { start, poll, allow, launched } = await deviceScene(t)
  const { device_code, user_code } = await start()
  const grantId = await allow(user_code)
  const answers = await Promise.all(Array.from({ length: 50 }, () => poll(device_code)))
  assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const answer of answers.filter(({ statusCode }) => statusCode !== 200))
    assert.ok(['slow_down', 'invalid_grant'].includes(String(told(answer)[1])))
  const { db } = launched.app.store
  assert.equal((await db.selectFrom('refresh_tokens').selectAll().where('grant_id', '=', grantId).execute()).length, 1)
})

test('RFC 8628 §3.5: of two servers on one store each knows what the other was asked', async (t) => {
  const { start, allow, clock, launched, client_id } = await deviceScene(t)
  const second = await launch(t, { folder: launched.folder, env: { LATCHKEY_SECRET: secret }, now: clock })
  const poll = ({ ask }: Launched, device_code: string) =>
    ask('POST', '/oauth/token', { form: { grant_type: deviceGrant, client_id, device_code } })
  const { device_code, user_code } = await start()
  assert.deepEqual(told(await poll(launched, device_code)), [400, 'authorization_pending'])
  clock.advance(interval - 1_000)
  assert.deepEqual(told(await poll(second, device_code)), [400, 'slow_down'])
  clock.advance(interval)
  assert.deepEqual(told(await poll(launched, device_code)), [400, 'slow_down'])
  await allow(user_code)
  clock.advance(4 * interval)
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => poll(index % 2 === 0 ? launched : second, device_code)),
  )
  assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
})

test('RFC 8628 §3.5: who asks too often waits longer; a denial and an end are told', async (t) => {
  const { start, poll, allow, deny, clock } = await deviceScene(t)
  const hasty = await start()
  assert.deepEqual(told(await poll(hasty.device_code)), [400, 'authorization_pending'])
  clock.advance(interval - 1_000)
  assert.deepEqual(told(await poll(hasty.device_code)), [400, 'slow_down'])
  clock.advance(interval)
  assert.deepEqual(told(await poll(hasty.device_code)), [400, 'slow_down'], '10 seconds now')
  await allow(hasty.user_code)
  clock.advance(interval)
  assert.deepEqual(told(await poll(hasty.device_code)), [400, 'slow_down'], 'allowed or not')
  clock.advance(4 * interval)
  assert.equal((await poll(hasty.device_code)).statusCode, 200)

  const denied = await start()
  await deny(denied.user_code)
  assert.deepEqual(told(await poll(denied.device_code)), [400, 'access_denied'])
  await assert.rejects(allow(denied.user_code), /Nobody waits/)

  const late = await start()
  const collected = await start()
  await allow(collected.user_code)
  clock.advance(600_000)
  assert.deepEqual(told(await poll(late.device_code)), [400, 'expired_token'])
  assert.deepEqual(told(await poll(collected.device_code)), [400, 'expired_token'], 'allowed, and never collected')
  await assert.rejects(allow(late.user_code), /Nobody waits/)
})

test('RFC 8628 §5: nobody gets tokens by a code that is not theirs', async (t) => {
  const scene = await deviceScene(t)
  const { start, poll, allow, acme, launched } = scene
  const { device_code, user_code } = await start()
  await allow(user_code)
  const { client_id: other } = await acme.client({ public: true, grants: [deviceGrant], apis: ['multi'] })
  const without = await acme.client({ redirect_uris: ['https://app.example.com/cb'] })
  assert.deepEqual(told(await poll(device_code, { client_id: other })), [400, 'invalid_grant'])
  assert.deepEqual(told(await poll(device_code, without)), [400, 'unauthorized_client'])
  assert.deepEqual(told(await poll(device_code, { client_id: 'unknown' })), [401, 'invalid_client'])
  for (const wrong of [
    user_code,
    user_code.replace('-', ''),
    `${device_code}x`,
    device_code.slice(0, -1),
    'x'.repeat(9_000),
  ])
    assert.deepEqual(told(await poll(wrong)), [400, 'invalid_grant'])
  assert.deepEqual(told(await poll('')), [400, 'invalid_request'])
  assert.deepEqual(
    told(await poll(device_code, { resource: launched.config.issuer })),
    [400, 'invalid_target'],
    'what was allowed is for one API',
  )
  scene.clock.advance(20_000)
  assert.deepEqual(told(await poll(device_code, { scope: 'read write manage' })), [400, 'invalid_scope'])
  scene.clock.advance(20_000)
  assert.equal((await poll(device_code)).statusCode, 200, 'none of that used it up')
})

test('RFC 8628 §3.5: what was allowed is looked at again when it is collected', async (t) => {
  const { start, poll, allow, acme, launched } = await deviceScene(t)
  const suspended = await start()
  await allow(suspended.user_code)
  await launched.operate('PATCH', `/users/${acme.owner}`, { suspended: true })
  assert.deepEqual(told(await poll(suspended.device_code)), [400, 'invalid_grant'])
  await launched.operate('PATCH', `/users/${acme.owner}`, { suspended: false })
  const revoked = await start()
  const grantId = await allow(revoked.user_code)
  await launched.app.store.transaction((trx) =>
    trx.updateTable('grants').set({ revoked_at: 1 }).where('id', '=', grantId).execute(),
  )
  assert.deepEqual(told(await poll(revoked.device_code)), [400, 'invalid_grant'])
})

test('RFC 8628 §3.5: without the refresh token grant there is none', async (t) => {
  const { start, poll, allow, acme } = await deviceScene(t)
  const { client_id } = await acme.client({ public: true, grants: [deviceGrant], apis: ['multi'] })
  const { device_code, user_code } = await start({ client_id })
  await allow(user_code)
  const tokens = (await poll(device_code, { client_id })).json<Tokens>()
  assert.ok(tokens.access_token)
  assert.equal(tokens.refresh_token, undefined)
})

test('RFC 9449 §5: asked for with a proof, the code gives its tokens to that key alone', async (t) => {
  const { launched, clock, allow } = await deviceScene(t)
  const { issuer } = launched.config
  const [mine, other] = [await prover('ES256', clock), await prover('ES256', clock)]
  const post = (by: Prover | undefined, path: string, form: Record<string, string>) => {
    const ask = (dpop?: string) =>
      launched.ask('POST', path, {
        form: { client_id: 'latchkey-cli', ...form },
        headers: dpop === undefined ? {} : { dpop },
      })
    return by ? withNonce(by, { url: issuer + path }, ask) : ask()
  }
  const started = await post(mine, '/oauth/device_authorization', { scope: 'manage' })
  assert.equal(started.statusCode, 200, started.body)
  const { device_code, user_code } = started.json<{ device_code: string; user_code: string }>()
  await allow(user_code, { organizationId: null, allOrganizations: true })
  const collect = async (by: Prover | undefined) => {
    clock.advance(10_000)
    return post(by, '/oauth/token', { grant_type: deviceGrant, device_code })
  }
  assert.deepEqual(told(await collect(undefined)), [400, 'invalid_grant'])
  assert.deepEqual(told(await collect(other)), [400, 'invalid_grant'])
  const tokens = await collect(mine)
  assert.equal(tokens.statusCode, 200, tokens.body)
  assert.equal(tokens.json<{ token_type: string }>().token_type, 'DPoP')
  const malformed = await launched.ask('POST', '/oauth/device_authorization', {
    form: { client_id: 'latchkey-cli', scope: 'manage' },
    headers: { dpop: 'e30.e30.' },
  })
  assert.deepEqual(told(malformed), [400, 'invalid_dpop_proof'])
})
