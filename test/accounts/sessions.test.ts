// Sessions in a browser (OWASP ASVS 5.0 §7): random, hashed at rest, over after a while, and never longer than the person's access.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createUserLink } from '../../src/accounts/links.ts'
import { endSession, findSession, maxSessions, startSession } from '../../src/accounts/sessions.ts'
import { pruneExpired } from '../../src/store/prune.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { local, openAccounts } from './fixture.ts'

const origin = { ip: '192.0.2.7', userAgent: 'Firefox' }
const day = 86_400_000

test('a session is found by its value alone, with the person as of now', async (t) => {
  const { store, clock, user, ask } = await openAccounts(t)
  const id = await user({ email: 'ada@example.com', name: 'Ada' })
  const { value, session } = await startSession(store, id, origin, clock.at)
  assert.deepEqual(session, {
    id: session.id,
    userId: id,
    email: 'ada@example.com',
    name: 'Ada',
    operator: false,
    authenticatedAt: clock.at,
    methods: ['pwd'],
    expiresAt: clock.at + 30 * day,
  })
  assert.deepEqual(await findSession(store, value, clock.at), session)
  await ask(local, 'PATCH', `/users/${id}`, { name: 'Countess', operator: true })
  assert.deepEqual(await findSession(store, value, clock.at), { ...session, name: 'Countess', operator: true })
  for (const wrong of ['', session.id, `${value} `, value.slice(0, -1), `${value}A`, 'se_', `se_${'A'.repeat(43)}`])
    assert.equal(await findSession(store, wrong, clock.at), undefined)
})

test('the value has 256 random bits, differs each time and lies nowhere on the disk', async (t) => {
  const { store, clock, user, folder } = await openAccounts(t)
  const id = await user()
  const values = new Set<string>()
  for (let i = 0; i < 20; i++) values.add((await startSession(store, id, origin, clock.at)).value)
  assert.equal(values.size, 20)
  const rows = await store.db.selectFrom('sessions').selectAll().execute()
  assert.deepEqual(
    rows.map((row) => row.hash).toSorted(),
    [...values].map((value) => createHash('sha256').update(value).digest('hex')).toSorted(),
  )
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  for (const value of values) {
    assert.equal(Buffer.from(value.slice(3), 'base64url').length, 32)
    assert.ok(files.every((file) => !file.includes(value)))
  }
})

test('it ends 30 days after the sign-in, by signing out, and at any other process at the same time', async (t) => {
  const { store, clock, user, folder } = await openAccounts(t)
  const other = await openSqlite(folder)
  t.after(() => other.close())
  const id = await user()
  const one = await startSession(store, id, origin, clock.at)
  const two = await startSession(store, id, origin, clock.at)
  await endSession(store, one.session.id)
  await endSession(store, one.session.id)
  assert.equal(await findSession(other, one.value, clock.at), undefined)
  await store.recordLastUse(new Map([[two.session.id, clock.at + 20 * day]]))
  assert.ok(await findSession(other, two.value, clock.at + 30 * day - 1))
  assert.equal(await findSession(other, two.value, clock.at + 30 * day), undefined)
})

test('§7.3.1: it ends when nobody has used it for two weeks, and each use begins them anew', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const { value, session } = await startSession(store, await user(), origin, clock.at)
  assert.ok(await findSession(store, value, clock.at + 14 * day - 1))
  assert.equal(await findSession(store, value, clock.at + 14 * day), undefined)
  await store.recordLastUse(new Map([[session.id, clock.at + 10 * day]]))
  await pruneExpired(store, clock.at + 11 * day)
  assert.ok(await findSession(store, value, clock.at + 24 * day - 1), 'what is remembered of its use outlives pruning')
  assert.equal(await findSession(store, value, clock.at + 24 * day), undefined)
  await endSession(store, session.id)
  await pruneExpired(store, clock.at + 24 * day)
  assert.deepEqual(await store.activity.selectFrom('last_used').selectAll().execute(), [])
})

test('a suspended person has no session, nor the same one again when resumed; a deleted one has none', async (t) => {
  const { store, clock, user, ask } = await openAccounts(t)
  const id = await user()
  const neighbour = await startSession(store, await user(), origin, clock.at)
  const { value } = await startSession(store, id, origin, clock.at)
  await ask(local, 'PATCH', `/users/${id}`, { suspended: true })
  assert.equal(await findSession(store, value, clock.at), undefined)
  await assert.rejects(startSession(store, id, origin, clock.at), { code: 'forbidden' })
  await ask(local, 'PATCH', `/users/${id}`, { suspended: false })
  assert.equal(await findSession(store, value, clock.at), undefined)
  const again = await startSession(store, id, origin, clock.at)
  // whoever suspends past the API ends access all the same
  await store.db.updateTable('users').set({ suspended_at: clock.at }).where('id', '=', id).execute()
  assert.equal(await findSession(store, again.value, clock.at), undefined)
  await ask(local, 'DELETE', `/users/${id}`)
  assert.equal(await findSession(store, again.value, clock.at), undefined)
  assert.ok(await findSession(store, neighbour.value, clock.at))
})

test('§7.4: a new password through a link ends every session of that person', async (t) => {
  const { store, clock, user, app } = await openAccounts(t)
  const id = await user()
  const sessions = [await startSession(store, id, origin, clock.at), await startSession(store, id, origin, clock.at)]
  const neighbour = await startSession(store, await user(), origin, clock.at)
  const { token } = await createUserLink(store, local, id, clock.at)
  const post = (password: string) =>
    app.inject({
      method: 'POST',
      url: '/setup',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token, password }).toString(),
    })
  assert.equal((await post('short')).statusCode, 400)
  assert.ok(await findSession(store, sessions[0]?.value ?? '', clock.at))
  assert.equal((await post('correct horse battery')).statusCode, 200)
  for (const { value } of sessions) assert.equal(await findSession(store, value, clock.at), undefined)
  assert.ok(await findSession(store, neighbour.value, clock.at))
})

test('§7.1.2: of more than a hundred the first ends, and another person’s stay', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const [id, other] = [await user(), await user({ email: 'other@example.com' })]
  const start = async (userId: string): Promise<string> => {
    clock.at += 1
    return (await startSession(store, userId, origin, clock.at)).value
  }
  const others = await start(other)
  const values: string[] = []
  for (let i = 0; i < maxSessions + 2; i++) values.push(await start(id))
  const found = await Promise.all([others, ...values].map((value) => findSession(store, value, clock.at)))
  assert.deepEqual(
    found.map((session) => session !== undefined),
    [true, false, false, ...Array.from({ length: maxSessions }, () => true)],
  )
  const ended = await store.db.selectFrom('audit').select('action').where('action', '=', 'session.ended').execute()
  assert.equal(ended.length, 2)
})

test('start and end stand in the audit trail, the value does not', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const id = await user()
  const { value, session } = await startSession(store, id, { ...origin, requestId: 'r-1' }, clock.at)
  await endSession(store, session.id, { ip: '192.0.2.8', requestId: 'r-2' }, clock.at + 1)
  const rows = await store.db.selectFrom('audit').selectAll().where('target_kind', '=', 'session').execute()
  assert.deepEqual(
    rows.map((row) => [row.action, row.at, row.actor_kind, row.actor_id, row.target_id, row.ip, row.request_id]),
    [
      ['session.started', clock.at, 'session', session.id, session.id, '192.0.2.7', 'r-1'],
      ['session.ended', clock.at + 1, 'session', session.id, session.id, '192.0.2.8', 'r-2'],
    ],
  )
  assert.deepEqual(
    rows.map((row) => row.detail),
    [JSON.stringify({ user_id: id, methods: ['pwd'] }), JSON.stringify({ user_id: id })],
  )
  assert.ok(!JSON.stringify(rows).includes(value))
})
