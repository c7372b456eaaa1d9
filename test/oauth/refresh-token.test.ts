// RFC 6749 §6, RFC 9700 §4.14: refresh tokens rotate; one that comes twice ends its family, but for ten seconds of grace.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowedCode, pkce, signIn, token } from './flow.ts'

const file: LatchkeyConfig = {
  apis: { orders: { audience: 'https://orders.example.com', scopes: { read: 'Read orders', write: 'Change orders' } } },
  oauth: { refreshTokens: { idleDays: 10, absoluteDays: 25 } },
}
const redirect_uri = 'https://shop.example.com/callback'
const day = 86_400_000

const scene = async (t: Parameters<typeof launch>[0], fields: Record<string, unknown> = {}) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri], ...fields })
  const browser = await signIn(launched, acme.owner, clock())
  const start = async () => {
    const { verifier, challenge } = pkce()
    const code = await allowedCode(launched, browser, {
      client_id: client.client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'read write',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const { body } = await token(launched, client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri,
      code_verifier: verifier,
    })
    return body
  }
  const refresh = (refresh_token = '', more: Record<string, string> = {}) =>
    token(launched, client, { grant_type: 'refresh_token', refresh_token, ...more })
  const code = async (credential: string) =>
    (await launched.operate<{ code: string }>('POST', '/verify', { credential, api: 'orders' })).code
  return { clock, launched, acme, client, start, refresh, code }
}

test('each use gives a new one, with the same scopes or fewer, never more', async (t) => {
  const { start, refresh, code } = await scene(t)
  const first = await start()
  const second = await refresh(first.refresh_token, { scope: 'read' })
  assert.equal(second.status, 200, JSON.stringify(second.body))
  assert.equal(second.body.scope, 'read')
  assert.notEqual(second.body.refresh_token, first.refresh_token)
  assert.equal(await code(second.body.access_token), 'valid')
  const third = await refresh(second.body.refresh_token)
  assert.equal(third.body.scope, 'read write', 'what was granted stays granted')
  const wider = await refresh(third.body.refresh_token, { scope: 'read write admin' })
  assert.deepEqual([wider.status, wider.body.error], [400, 'invalid_scope'])
  assert.equal((await refresh(third.body.refresh_token)).status, 200, 'a refusal uses nothing up')
})

test('within ten seconds the same answer comes again: two tabs do not sign a person out', async (t) => {
  const { start, refresh, code, clock } = await scene(t)
  const first = await start()
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1, 'one successor, one family')
  clock.advance(10_000)
  assert.equal((await refresh(first.refresh_token)).status, 200)
  const next = await refresh(answers[0]?.body.refresh_token)
  assert.equal(next.status, 200)
  assert.equal(await code(next.body.access_token), 'valid')
})

test('used again later, or once its successor was used, it is stolen: the family ends', async (t) => {
  const { start, refresh, code, clock } = await scene(t)
  const late = await start()
  const successor = await refresh(late.refresh_token)
  clock.advance(10_001)
  assert.equal((await refresh(late.refresh_token)).body.error, 'invalid_grant')
  assert.equal((await refresh(successor.body.refresh_token)).body.error, 'invalid_grant')
  assert.equal(await code(successor.body.access_token), 'invalid_api_key')
  assert.equal(await code(late.access_token), 'invalid_api_key')

  const quick = await start()
  const second = await refresh(quick.refresh_token)
  const third = await refresh(second.body.refresh_token)
  assert.equal((await refresh(quick.refresh_token)).body.error, 'invalid_grant', 'the successor was used already')
  assert.equal((await refresh(third.body.refresh_token)).body.error, 'invalid_grant')
})

test('another client, a suspended person, a lost membership: nothing more', async (t) => {
  const { start, refresh, acme, launched, code } = await scene(t)
  const { refresh_token, access_token } = await start()
  const other = await acme.client({ redirect_uris: [redirect_uri] })
  assert.equal((await refresh(refresh_token, other as never)).body.error, 'invalid_grant')
  assert.equal((await refresh('rt_unknown')).body.error, 'invalid_grant')
  assert.equal((await refresh('x'.repeat(5000))).body.error, 'invalid_grant')
  await launched.operate('PATCH', `/users/${acme.owner}`, { suspended: true })
  assert.equal(await code(access_token), 'invalid_api_key')
  assert.equal((await refresh(refresh_token)).body.error, 'invalid_grant')
})

test('it ends when it lies unused, and with what the person allowed', async (t) => {
  const { start, refresh, clock } = await scene(t)
  const idle = await start()
  clock.advance(10 * day)
  assert.equal((await refresh(idle.refresh_token)).body.error, 'invalid_grant')
  let { refresh_token } = await start()
  for (let passed = 9; passed < 25; passed += 9) {
    clock.advance(9 * day)
    const answer = await refresh(refresh_token)
    assert.equal(answer.status, passed < 25 ? 200 : 400, `${passed}`)
    refresh_token = answer.body.refresh_token
  }
  clock.advance(7 * day)
  assert.equal((await refresh(refresh_token)).body.error, 'invalid_grant', 'the 25 days are over')
})

test('a client without the grant gets none, and its secret is asked for at each refresh', async (t) => {
  const bare = await scene(t, { grants: ['authorization_code'] })
  const answer = await bare.start()
  assert.ok(answer.access_token)
  assert.equal(answer.refresh_token, undefined)
  const { start, launched, client } = await scene(t)
  const { refresh_token = '' } = await start()
  const { status, body } = await token(
    launched,
    { client_id: client.client_id },
    { grant_type: 'refresh_token', refresh_token },
  )
  assert.deepEqual([status, body.error], [401, 'invalid_client'])
})
