// One-time links: once, for 24 hours, and kept as hashes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumeLink, createUserLink, findLink, setupLink } from '../../src/accounts/links.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { local, openAccounts } from './fixture.ts'

const day = 24 * 60 * 60_000
const issuer = 'https://auth.example.com'
const tokenOf = (url: string | undefined): string => {
  const token = new URL(String(url)).searchParams.get('token')
  assert.ok(token)
  return token
}

test('a set-up link is made while nobody is an operator', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  await user()
  const url = await setupLink(store, issuer, clock.at)
  assert.match(String(url), /^https:\/\/auth\.example\.com\/setup\?token=su_[\w-]{43}$/)
  assert.deepEqual((await findLink(store.db, tokenOf(url), clock.at))?.kind, 'setup')
  const kept = JSON.stringify([
    await store.db.selectFrom('links').selectAll().execute(),
    await store.db.selectFrom('audit').selectAll().execute(),
  ])
  assert.ok(!kept.includes(tokenOf(url)))
  await user({ operator: true })
  assert.equal(await findLink(store.db, tokenOf(url), clock.at), undefined, 'dead once an operator exists')
  assert.equal(await store.transaction((trx) => consumeLink(trx, 'setup', tokenOf(url), clock.at)), undefined)
  assert.equal(await setupLink(store, issuer, clock.at), undefined)
})

test('a link lives 24 hours', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const setup = tokenOf(await setupLink(store, issuer, clock.at))
  const { token, expiresAt } = await createUserLink(store, local, await user(), clock.at)
  assert.equal(expiresAt, clock.at + day)
  for (const each of [setup, token]) {
    assert.notEqual(await findLink(store.db, each, clock.at + day - 1), undefined)
    assert.equal(await findLink(store.db, each, clock.at + day), undefined)
  }
})

test('a link is used once, however many try, in one process and in two', async (t) => {
  const { store, folder, clock, user } = await openAccounts(t)
  const elsewhere = await openSqlite(folder)
  t.after(() => elsewhere.close())
  for (const stores of [
    [store, store, store],
    [store, elsewhere, store, elsewhere],
  ]) {
    const { token } = await createUserLink(store, local, await user(), clock.at)
    const won = await Promise.all(
      stores.map((each) => each.transaction((trx) => consumeLink(trx, 'user', token, clock.at))),
    )
    assert.equal(won.filter((link) => link !== undefined).length, 1)
    assert.equal(await findLink(store.db, token, clock.at), undefined)
  }
})

test('a link does what it was made for and nothing else', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const setup = tokenOf(await setupLink(store, issuer, clock.at))
  const { token } = await createUserLink(store, local, await user(), clock.at)
  assert.equal(await store.transaction((trx) => consumeLink(trx, 'user', setup, clock.at)), undefined)
  assert.equal(await store.transaction((trx) => consumeLink(trx, 'setup', token, clock.at)), undefined)
  assert.deepEqual(
    [(await findLink(store.db, setup, clock.at))?.kind, (await findLink(store.db, token, clock.at))?.kind],
    ['setup', 'user'],
    'neither was used up',
  )
})

test('a new link for a user ends the one before, and nobody else’s', async (t) => {
  const { store, clock, user } = await openAccounts(t)
  const [ada, bob] = [await user(), await user()]
  const first = await createUserLink(store, local, ada, clock.at)
  const other = await createUserLink(store, local, bob, clock.at)
  const second = await createUserLink(store, local, ada, clock.at)
  assert.equal(await findLink(store.db, first.token, clock.at), undefined)
  assert.equal((await findLink(store.db, other.token, clock.at))?.userId, bob)
  assert.equal((await findLink(store.db, second.token, clock.at))?.userId, ada)
})

test('what is no token is not looked for', async (t) => {
  const { store, clock } = await openAccounts(t)
  await setupLink(store, issuer, clock.at)
  for (const token of ['', 'su_', 'x'.repeat(100_000), "' OR 1=1 --", '\0'])
    assert.equal(await findLink(store.db, token, clock.at), undefined)
})
