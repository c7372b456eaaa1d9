// RFC 8628 §3.1, §3.2, §6.1: what a device that asks is given, and which clients may ask.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readUserCode } from '../../src/oauth/device/user-code.ts'
import { deviceGrant, deviceScene } from './device-scene.ts'

const endpoint = '/oauth/device_authorization'
const errorOf = (answer: { json: <T>() => T }): string => answer.json<{ error: string }>().error

test('RFC 8628 §3.1, §3.2: the device authorization endpoint', async (t) => {
  const scene = await deviceScene(t)
  const { launched, acme, client_id, start, poll } = scene
  const { issuer } = launched.config
  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    launched.ask('POST', endpoint, { form, headers })

  await t.test('both codes, where to enter one and how often to ask with the other', async () => {
    const answer = await ask({ client_id, scope: 'read' })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const codes = answer.json<Awaited<ReturnType<typeof start>>>()
    assert.match(codes.device_code, /^dc_[\w-]{43}$/, '256 bits')
    assert.match(codes.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    assert.deepEqual(
      { ...codes, device_code: '', user_code: '' },
      {
        device_code: '',
        user_code: '',
        verification_uri: `${issuer}/device`,
        verification_uri_complete: `${issuer}/device?user_code=${codes.user_code}`,
        expires_in: 600,
        interval: 5,
      },
    )
  })

  await t.test('no two alike', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => start()))
    assert.equal(new Set(made.map(({ device_code }) => device_code)).size, 20)
    assert.equal(new Set(made.map(({ user_code }) => user_code)).size, 20)
  })

  await t.test('neither code lies in the store, which would give either away', async () => {
    const codes = await start()
    const rows = JSON.stringify(await launched.app.store.db.selectFrom('device_codes').selectAll().execute())
    for (const code of [codes.device_code, codes.user_code, codes.user_code.replace('-', '')])
      assert.ok(!rows.includes(code))
  })

  await t.test('clients without the grant, and without proof of themselves, are refused', async () => {
    const web = await acme.client({ redirect_uris: ['https://app.example.com/cb'] })
    const { client_id: other } = await acme.client({ public: true, redirect_uris: ['https://app.example.com/cb'] })
    const confidential = await acme.client({ grants: [deviceGrant], apis: ['multi'] })
    assert.equal(errorOf(await ask(web)), 'unauthorized_client')
    assert.equal(errorOf(await ask({ client_id: other })), 'unauthorized_client')
    const unproven: Record<string, string>[] = [
      {},
      { client_id: 'unknown' },
      { client_id: confidential.client_id },
      { ...confidential, client_secret: 'cs_wrong' },
      { client_id, client_secret: confidential.client_secret },
    ]
    for (const form of unproven) {
      const answer = await ask(form)
      assert.deepEqual([answer.statusCode, errorOf(answer)], [401, 'invalid_client'], JSON.stringify(form))
    }
    const basic = Buffer.from(`${confidential.client_id}:${confidential.client_secret}`).toString('base64')
    const empty = await launched.ask('POST', endpoint, {
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(empty.statusCode, 200, 'the body may be empty')
  })

  await t.test('scopes and resource are held to what the client may have', async () => {
    assert.equal(errorOf(await ask({ client_id, scope: 'read  write' })), 'invalid_scope')
    assert.equal(errorOf(await ask({ client_id, scope: 'read manage' })), 'invalid_scope')
    assert.equal(errorOf(await ask({ client_id, scope: 'unknown' })), 'invalid_scope')
    assert.equal(errorOf(await ask({ client_id, resource: 'https://unknown.example' })), 'invalid_target')
    assert.equal(errorOf(await ask({ client_id, resource: issuer })), 'invalid_target', 'the client is held to multi')
    const narrow = await start({ scope: 'read' })
    await scene.allow(narrow.user_code)
    assert.equal((await poll(narrow.device_code)).json<{ scope: string }>().scope, 'read')
  })

  await t.test('a form by POST and nothing else, of 16 KB at most, each parameter once', async () => {
    assert.equal((await launched.ask('GET', `${endpoint}?client_id=${client_id}`)).statusCode, 405)
    assert.equal((await launched.ask('POST', endpoint, { body: { client_id } })).statusCode, 400)
    const large = await ask({ client_id, scope: 'x'.repeat(1_000_000) })
    assert.deepEqual([large.statusCode, errorOf(large)], [413, 'invalid_request'])
    const repeated = await launched.ask('POST', endpoint, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `client_id=${client_id}&scope=read&scope=write`,
    })
    assert.equal(errorOf(repeated), 'invalid_request')
    assert.equal(
      (await launched.ask('POST', endpoint, { host: 'auth.multi.localhost', form: { client_id } })).statusCode,
      404,
    )
  })

  await t.test('anybody may ask in the name of a public client, but one address only so often', async () => {
    let refused = await ask({ client_id })
    for (let tries = 0; tries < 100 && refused.statusCode === 200; tries++) refused = await ask({ client_id })
    assert.equal(refused.statusCode, 429)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    const before = await launched.app.store.db.selectFrom('device_codes').select('hash').execute()
    await ask({ client_id })
    assert.equal(
      (await launched.app.store.db.selectFrom('device_codes').select('hash').execute()).length,
      before.length,
    )
    assert.equal((await ask({ client_id }, { 'x-forwarded-for': '203.0.113.7' })).statusCode, 200)
    scene.clock.advance(600_000)
    assert.equal((await ask({ client_id })).statusCode, 200)
  })
})

test('RFC 8628 §6.1: a user code is read in any case and with anything between its letters', () => {
  for (const typed of ['WDJB-MJHT', 'wdjbmjht', ' wdjb mjht ', 'W.D.J.B/M_J_H_T', 'WDJB—MJHT'])
    assert.equal(readUserCode(typed), 'WDJBMJHT', typed)
  for (const typed of [
    '',
    'WDJB-MJH',
    'WDJB-MJHTT',
    'WDJB-MJHA',
    'WDJB-MJH1',
    'ＷDJBMJHT',
    `WDJBMJHT${' '.repeat(60)}`,
  ])
    assert.equal(readUserCode(typed), undefined, typed)
})
