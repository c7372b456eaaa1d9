// GitHub's secret scanning partner program: signed reports, answered token by token; what is found is told, and ended where the policy says so.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type LaunchOptions, launch, seeds, stoppedClock, world } from '../harness.ts'
import { receiver } from '../webhooks/receiver.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const github = pair()
const pem = github.publicKey.export({ format: 'pem', type: 'spki' })

const scene = async (
  t: TestContext,
  leaks: object = { github: { keys: { 'a-key': pem } } },
  options: LaunchOptions = {},
) => {
  const clock = stoppedClock('2027-03-01T12:00:00Z')
  const launched = await launch(t, { file: { ...seeds, leaks }, now: clock, ...options })
  const acme = await world(launched)
  const report = (
    matches: object | string,
    {
      key = github.privateKey,
      id = 'a-key',
      signature,
    }: { key?: typeof github.privateKey; id?: string; signature?: string } = {},
  ) => {
    const body = typeof matches === 'string' ? matches : JSON.stringify(matches)
    return launched.ask('POST', '/api/v1/leaks/github', {
      headers: {
        'content-type': 'application/json',
        'github-public-key-identifier': id,
        'github-public-key-signature': signature ?? sign('sha256', Buffer.from(body), key).toString('base64'),
      },
      body,
    })
  }
  const valid = async (credential: string): Promise<boolean> =>
    (await launched.operate<{ valid: boolean }>('POST', '/verify', { credential, api: 'multi', dry_run: true })).valid
  const alerts = async () => launched.app.store.activity.selectFrom('alerts').selectAll().orderBy('id').execute()
  return { ...launched, clock, acme, report, valid, alerts }
}

const match = (token: string, url = 'https://github.com/octocat/hello/blob/1/app.js') => ({
  token,
  type: 'latchkey_api_key',
  url,
  source: 'content',
})

test('a key of production is told of, one of tests is revoked, and strangers’ are none of ours', async (t) => {
  const { acme, report, valid, alerts, operate, app, clock } = await scene(t)
  const live = await acme.key({ name: 'Production' })
  const trial = await acme.key({ name: 'Trial', environment: 'test' })
  const unknown = `${live.key.slice(0, -1)}${live.key.endsWith('0') ? '1' : '0'}`
  const answer = await report([match(live.key), match(trial.key), match(unknown)])
  assert.equal(answer.statusCode, 200, answer.body)
  const hashes = [live.key, trial.key, unknown].map((value) => createHash('sha256').update(value).digest('hex'))
  assert.deepEqual(answer.json(), [
    { token_hash: hashes[0], token_type: 'latchkey_api_key', label: 'true_positive' },
    { token_hash: hashes[1], token_type: 'latchkey_api_key', label: 'true_positive' },
    { token_hash: hashes[2], token_type: 'latchkey_api_key', label: 'false_positive' },
  ])
  assert.ok(!answer.body.includes(live.key))
  assert.deepEqual([await valid(live.key), await valid(trial.key)], [true, false])
  const raised = (await alerts()).map(
    ({ kind, subject_id, organization_id }) => `${kind} ${subject_id} ${organization_id}`,
  )
  assert.deepEqual(
    new Set(raised),
    new Set([live, trial].map(({ id }) => `credential.leaked ${id} ${acme.organization}`)),
  )
  const trail = await operate<{ data: { action: string; actor_kind: string; actor_id: string; detail: object }[] }>(
    'GET',
    `/audit?target_id=${trial.id}&actor_id=github`,
  )
  assert.deepEqual(trail.data.map(({ action, actor_kind }) => `${action} ${actor_kind}`).toSorted(), [
    'api_key.leaked leak_report',
    'api_key.revoked leak_report',
  ])
  await app.watcher.run(clock())
  const mails = await app.store.activity.selectFrom('outbox').select('id').execute()
  assert.equal(mails.length, 1, 'what comes together is one letter')
})

test('said again it changes nothing; found elsewhere it is told again', async (t) => {
  const { acme, report, alerts, app } = await scene(t)
  const { key } = await acme.key()
  const entries = async () =>
    (await app.store.db.selectFrom('audit').select('action').where('actor_kind', '=', 'leak_report').execute()).length
  for (let count = 0; count < 3; count++) assert.equal((await report([match(key), match(key)])).statusCode, 200)
  assert.deepEqual([(await alerts()).length, await entries()], [1, 1])
  await report([match(key, 'https://gist.github.com/elsewhere')])
  assert.deepEqual([(await alerts()).length, await entries()], [2, 2])
})

test('tokens, client secrets and refresh tokens are known too; a token’s alert is its owner’s', async (t) => {
  const { acme, report, valid, alerts } = await scene(t, {
    github: { keys: { 'a-key': pem } },
    policy: { live: 'revoke' },
  })
  const token = await acme.token()
  const client = await acme.client({ grants: ['client_credentials'] })
  const answer = await report([
    match(token.token),
    match(client.client_secret),
    match('cs_nothing'),
    match('rt_nothing'),
  ])
  assert.deepEqual(
    answer.json<{ label: string }[]>().map(({ label }) => label),
    ['true_positive', 'true_positive', 'false_positive', 'false_positive'],
  )
  assert.equal(await valid(token.token), false)
  const owners = (await alerts()).map(
    ({ user_id, organization_id, subject_kind }) => `${subject_kind} ${user_id ?? organization_id}`,
  )
  assert.deepEqual(owners.toSorted(), [`client_secret ${acme.organization}`, `personal_access_token ${acme.owner}`])
})

test('a leaked client secret does not work any more where the policy says so', async (t) => {
  const { acme, report, ask } = await scene(t, { github: { keys: { 'a-key': pem } }, policy: { live: 'revoke' } })
  const { client_id, client_secret } = await acme.client({ grants: ['client_credentials'], apis: ['multi'] })
  const token = () =>
    ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', client_id, client_secret, audience: 'multi' },
    })
  const before = (await token()).statusCode
  assert.notEqual(before, 401)
  await report([match(client_secret)])
  assert.equal((await token()).statusCode, 401)
})

test('whoever has no valid signature learns nothing', async (t) => {
  const { acme, report, ask, alerts, valid } = await scene(t)
  const { key } = await acme.key({ environment: 'test' })
  const stranger = pair().privateKey
  const right = JSON.stringify([match(key)])
  const signature = sign('sha256', Buffer.from(right), github.privateKey).toString('base64')
  const answers = [
    await report([match(key)], { key: stranger }),
    await report([match('nothing')], { key: stranger }),
    await report([match(key)], { id: 'another-key' }),
    await report([match(key)], { signature: '' }),
    await report([match(key)], { signature: 'x'.repeat(5000) }),
    await report(`${right} `, { signature }),
    await ask('POST', '/api/v1/leaks/github', { body: right, headers: { 'content-type': 'application/json' } }),
    await ask('POST', '/api/v1/leaks/github'),
  ]
  for (const { statusCode, body } of answers) {
    assert.equal(statusCode, 403)
    assert.equal(body.replace(/"request_id":"[^"]+"/, ''), answers[0]?.body.replace(/"request_id":"[^"]+"/, ''))
  }
  assert.deepEqual(await alerts(), [])
  assert.equal(await valid(key), true)
})

test('what is signed and no report is refused; too much of it too', async (t) => {
  const { report } = await scene(t)
  for (const body of ['', '{}', 'null', '[1]', '[{"token":1,"type":"a"}]', '[{"token":"a"}]', 'no json'])
    assert.equal((await report(body)).statusCode, 400, body)
  assert.equal((await report(Array.from({ length: 1001 }, () => match('x')))).statusCode, 400)
  assert.equal((await report(' '.repeat(1024 * 1024 + 1))).statusCode, 413)
  assert.equal((await report([])).statusCode, 200)
})

test('it is off unless it was turned on', async (t) => {
  const { acme, report } = await scene(t, {})
  assert.equal((await report([match((await acme.key()).key)])).statusCode, 404)
})

test('GitHub’s keys are fetched when one is not known, and not for every stranger', async (t) => {
  const there = await receiver(t)
  let keys = [{ key_identifier: 'first', key: pem, is_current: true }]
  there.answer = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ public_keys: keys }))
  const { report, clock } = await scene(t, { github: { keysUrl: there.url } })
  assert.equal((await report([], { id: 'first' })).statusCode, 200)
  for (let count = 0; count < 5; count++) assert.equal((await report([], { id: `made-up-${count}` })).statusCode, 403)
  assert.equal(there.received.length, 1)
  const second = pair()
  keys = [{ key_identifier: 'second', key: second.publicKey.export({ format: 'pem', type: 'spki' }), is_current: true }]
  clock.advance(61_000)
  assert.equal((await report([], { id: 'second', key: second.privateKey })).statusCode, 200)
  assert.equal((await report([], { id: 'first' })).statusCode, 403, 'a key that was withdrawn')
})

test('operators report what they have found by themselves', async (t) => {
  const { acme, operate, valid, ask } = await scene(t, {})
  const trial = await acme.key({ environment: 'test' })
  const { results } = await operate<{ results: object[] }>('POST', '/leaks', {
    items: [{ credential: trial.key, url: 'file:///srv/app/.env' }, { credential: 'nothing' }],
  })
  assert.deepEqual(results, [
    { kind: 'api_key', id: trial.id, organization_id: acme.organization, done: 'revoked' },
    { kind: null, id: null, organization_id: null, done: 'unknown' },
  ])
  assert.equal(await valid(trial.key), false)
  const { token } = await acme.token()
  const refused = await ask('POST', '/api/v1/leaks', { as: token, body: { items: [{ credential: trial.key }] } })
  assert.equal(refused.statusCode, 403)
})
