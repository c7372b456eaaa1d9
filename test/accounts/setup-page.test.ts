// /setup: the page behind one-time links.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createUserLink, setupLink } from '../../src/accounts/links.ts'
import { verifyPassword } from '../../src/accounts/password.ts'
import { setUp } from '../../src/accounts/setup/set-up.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { type Accounts, local, openAccounts } from './fixture.ts'

const good = {
  name: 'Ada Lovelace',
  email: 'Ada@Example.com',
  password: 'correct horse battery',
  organization: 'Analytical Engines',
}

const open = async (t: Parameters<typeof openAccounts>[0]) => {
  const accounts = await openAccounts(t)
  const url = new URL(String(await setupLink(accounts.store, 'http://localhost:8000', accounts.clock.at)))
  return { ...accounts, token: String(url.searchParams.get('token')) }
}

const get = ({ app }: Accounts, token: string) => app.inject({ url: `/setup?token=${encodeURIComponent(token)}` })

const post = ({ app }: Accounts, fields: Record<string, string> | [string, string][]) =>
  app.inject({
    method: 'POST',
    url: '/setup',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })

const passwordOf = async ({ store }: Accounts, userId: string) =>
  (await store.db.selectFrom('users').select('password_hash').where('id', '=', userId).executeTakeFirstOrThrow())
    .password_hash

test('the first operator is made with an organization, and told what to type next', async (t) => {
  const accounts = await open(t)
  const { store, token } = accounts
  const form = await get(accounts, token)
  assert.equal(form.statusCode, 200)
  assert.ok(form.body.includes(`<input type="hidden" name="token" value="${token}" />`))
  const done = await post(accounts, { token, ...good })
  assert.equal(done.statusCode, 200)
  const [user] = await store.db.selectFrom('users').selectAll().execute()
  const [organization] = await store.db.selectFrom('organizations').selectAll().execute()
  assert.ok(user && organization)
  assert.deepEqual([user.email, user.name, user.operator], ['ada@example.com', 'Ada Lovelace', 1])
  assert.equal(await verifyPassword(user.password_hash, good.password), true)
  assert.deepEqual([organization.name, organization.tier], ['Analytical Engines', 'free'])
  const members = await store.db.selectFrom('members').select(['organization_id', 'user_id', 'role']).execute()
  assert.deepEqual(
    members.map((row) => [row.organization_id, row.user_id, row.role]),
    [[organization.id, user.id, 'owner']],
  )
  const text = done.body.replace(/<[^>]*>/g, '').replaceAll('&quot;', '"')
  assert.ok(
    text.includes(`npx latchkey keys create --user-id ${user.id} --org-id ${organization.id} --name "My first key"`),
  )
  assert.ok(
    text.includes(`npx latchkey tokens create --user-id ${user.id} --name "My first token" --all-organizations`),
  )
  const trail = JSON.stringify(await store.db.selectFrom('audit').selectAll().execute())
  assert.ok(
    trail.includes('"operator link"') && trail.includes('user.created') && trail.includes('organization.created'),
  )
  for (const secret of [token, good.password]) assert.ok(!trail.includes(secret) && !done.body.includes(secret))
})

test('the link is dead after that, and once an operator was made in any other way', async (t) => {
  const accounts = await open(t)
  await post(accounts, { token: accounts.token, ...good })
  for (const answer of [
    await get(accounts, accounts.token),
    await post(accounts, { token: accounts.token, ...good, email: 'eve@example.com' }),
  ]) {
    assert.equal(answer.statusCode, 404)
    assert.match(answer.body, /npx latchkey users link/)
  }
  const other = await open(t)
  await other.user({ operator: true })
  assert.equal((await post(other, { token: other.token, ...good })).statusCode, 404)
  assert.equal((await other.store.db.selectFrom('users').selectAll().execute()).length, 1)
})

test('expired, used and unknown links look alike', async (t) => {
  const accounts = await open(t)
  const id = await accounts.user()
  const { token: used } = await createUserLink(accounts.store, local, id, accounts.clock.at)
  assert.equal((await post(accounts, { token: used, password: good.password })).statusCode, 200)
  accounts.clock.at += 24 * 60 * 60_000
  const answers = await Promise.all(
    [used, accounts.token, 'su_unknown', '', 'x'.repeat(900)].map((token) => get(accounts, token)),
  )
  answers.push(await accounts.app.inject({ url: '/setup' }))
  for (const { statusCode, body } of answers) assert.deepEqual([statusCode, body], [404, answers[0]?.body])
})

test('of two submits at once exactly one wins, in one process and in two', async (t) => {
  const one = await open(t)
  const statuses = (
    await Promise.all(
      ['a', 'b', 'c'].map((name) => post(one, { token: one.token, ...good, email: `${name}@example.com` })),
    )
  ).map((answer) => answer.statusCode)
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [200, 404, 404],
  )
  const two = await open(t)
  const elsewhere = await openSqlite(two.folder)
  t.after(() => elsewhere.close())
  const origin = { ip: undefined, requestId: undefined }
  const outcomes = await Promise.all(
    [two.store, elsewhere].map((store, index) =>
      setUp(store, two.token, { ...good, email: `${index}@example.com` }, origin, two.clock.at),
    ),
  )
  assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1)
  for (const { store } of [one, two]) {
    for (const table of ['users', 'organizations'] as const)
      assert.equal((await store.db.selectFrom(table).selectAll().execute()).length, 1)
  }
})

test('mistakes are told beside their fields, what was typed stays, but not the password', async (t) => {
  const accounts = await open(t)
  const { statusCode, body } = await post(accounts, {
    token: accounts.token,
    name: '"><script>alert(1)</script>',
    email: 'nowhere',
    password: 'short-secret',
    organization: ' ',
  })
  assert.equal(statusCode, 400)
  assert.ok(body.includes('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"'))
  assert.ok(!body.includes('<script'))
  assert.match(body, /id="email-mistake">\s*This is not an e-mail address/)
  assert.match(body, /name="email"[^>]*aria-describedby="email-mistake"[^>]*aria-invalid="true"[^>]*autofocus/)
  assert.match(body, /id="organization-mistake">\s*A name is needed/)
  assert.match(body, /name="organization"[^>]*aria-describedby="organization-mistake organization-hint"/)
  assert.ok(!body.includes('id="password-mistake"') && !body.includes('short-secret'))
  assert.equal((body.match(/autofocus/g) ?? []).length, 1)
  assert.equal((await post(accounts, { token: accounts.token })).statusCode, 400)
  assert.deepEqual(await accounts.store.db.selectFrom('users').selectAll().execute(), [])
  assert.equal((await post(accounts, { token: accounts.token, ...good })).statusCode, 200, 'the link is still good')
})

test('an address that is taken is told, and the link stays good', async (t) => {
  const accounts = await open(t)
  await accounts.user({ email: 'ada@example.com' })
  const refused = await post(accounts, { token: accounts.token, ...good })
  assert.equal(refused.statusCode, 400)
  assert.match(refused.body, /id="email-mistake">\s*There is a user with this e-mail address already/)
  assert.equal((await post(accounts, { token: accounts.token, ...good, email: 'b@example.com' })).statusCode, 200)
})

test('a user link sets the password of its user, once', async (t) => {
  const accounts = await openAccounts(t)
  const id = await accounts.user({ email: 'ada@example.com' })
  const { token } = await createUserLink(accounts.store, local, id, accounts.clock.at)
  const form = await get(accounts, token)
  assert.match(form.body, /value="ada@example\.com"/)
  assert.equal((await post(accounts, { token, password: 'short' })).statusCode, 400)
  assert.equal((await post(accounts, { token, password: 'Ada@example.com' })).statusCode, 400)
  assert.equal(await passwordOf(accounts, id), null)
  const answers = await Promise.all(
    ['first of two here', 'second of two here'].map((password) => post(accounts, { token, password })),
  )
  assert.deepEqual(
    answers.map((answer) => answer.statusCode).toSorted((a, b) => a - b),
    [200, 404],
  )
  const winner = answers[0]?.statusCode === 200 ? 'first of two here' : 'second of two here'
  assert.equal(await verifyPassword(await passwordOf(accounts, id), winner), true)
  // and makes no operator, whatever else is posted
  const { token: next } = await createUserLink(accounts.store, local, id, accounts.clock.at)
  await post(accounts, { token: next, ...good })
  const users = await accounts.store.db.selectFrom('users').select(['id', 'operator', 'name']).execute()
  assert.deepEqual(
    users.map((row) => [row.id, row.operator, row.name]),
    [[id, 0, 'Person 1']],
  )
})

test('pages run nothing, are framed by nobody, kept nowhere, and their style is the one that the policy names', async (t) => {
  const accounts = await open(t)
  const answers = [
    await get(accounts, accounts.token),
    await get(accounts, 'none'),
    await post(accounts, { token: accounts.token }),
    await post(accounts, { token: accounts.token, ...good }),
  ]
  for (const { headers, body } of answers) {
    const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    )
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['set-cookie'], undefined)
    assert.ok(!/<script|\son\w+=|\sstyle=/.test(body))
    assert.match(body, /<html lang="en">[\s\S]*name="viewport"[\s\S]*<main class="narrow">[\s\S]*<h1>/)
  }
})

test('only a whole form is taken', async (t) => {
  const accounts = await open(t)
  const { app, token, store } = accounts
  const json = await app.inject({ method: 'POST', url: '/setup', payload: { token, ...good } })
  assert.equal(json.statusCode, 415)
  assert.equal(
    (await app.inject({ method: 'POST', url: '/setup', headers: { 'content-type': 'text/plain' }, payload: 'token=x' }))
      .statusCode,
    415,
  )
  assert.equal(
    (await post(accounts, [['token', 'su_other'], ['token', token], ...Object.entries(good)])).statusCode,
    400,
  )
  assert.equal((await post(accounts, { token, ...good, operator: '1' })).statusCode, 400)
  assert.equal((await post(accounts, { token, ...good, name: 'x'.repeat(2000) })).statusCode, 400)
  assert.equal((await post(accounts, { token, ...good, name: 'x'.repeat(20_000) })).statusCode, 413)
  assert.equal((await post(accounts, [['__proto__', 'x'], ['token', token], ...Object.entries(good)])).statusCode, 400)
  assert.deepEqual(await store.db.selectFrom('users').selectAll().execute(), [])
})

test('a token in the address of a post is not read', async (t) => {
  const accounts = await open(t)
  const answer = await accounts.app.inject({
    method: 'POST',
    url: `/setup?token=${accounts.token}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(good).toString(),
  })
  assert.equal(answer.statusCode, 404)
  assert.deepEqual(await accounts.store.db.selectFrom('users').selectAll().execute(), [])
})
