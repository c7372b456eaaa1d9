// Lists of API keys as people look through them: searched, filtered and sorted, page by page; and many revoked at once.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'
import { temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'

interface Key {
  id: string
  name: string
  hint: string
  state: string
  created_by_name: string | null
  rotated_to: string | null
  replaces: string | null
  last_used_at: string | null
}

interface Page {
  data: Key[]
  next_cursor: string | null
}

const minute = 60_000

/** An organization with keys whose names, ends and last uses are in no order, some of them alike. */
const stock = async (launched: Launched, clock: ReturnType<typeof stoppedClock>, count = 24) => {
  const people = await world(launched)
  const keys: (Key & { key: string; used: number; ends: number })[] = []
  const uses = new Map<string, number>()
  for (let index = 0; index < count; index += 1) {
    clock.advance(1)
    const scattered = (index * 7) % count
    const ends = scattered % 3 === 0 ? 0 : (scattered % 5) + 1
    const made = await people.key({
      name: scattered % 4 === 0 ? 'Älter 100%' : `${scattered % 2 ? 'key' : 'KEY'} ${String(scattered % 6)}`,
      environment: index % 2 ? 'test' : 'live',
      ...(ends > 0 && { expires_in: ends * 3600 }),
    })
    const used = scattered % 4 === 1 ? 0 : clock.at + (scattered % 7) * minute
    if (used > 0) uses.set(made.id, used)
    keys.push({ ...(made as unknown as Key & { key: string }), used, ends: ends > 0 ? ends : Infinity })
  }
  await launched.app.store.recordLastUse(uses)
  const path = `/organizations/${people.organization}/api-keys`
  /** All pages of a list. */
  const all = async (query: string, limit = 5): Promise<Key[]> => {
    const found: Key[] = []
    let cursor: string | null = null
    do {
      const after: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: Page = await launched.operate<Page>('GET', `${path}?${query}&limit=${limit}${after}`)
      found.push(...page.data)
      cursor = page.next_cursor
    } while (cursor !== null)
    return found
  }
  return { ...people, keys, path, all }
}

/** What the database does. */
const lists = async (t: TestContext, env: NodeJS.ProcessEnv): Promise<void> => {
  await t.test('every order goes through all keys once, both ways', async (t) => {
    const clock = stoppedClock('2027-01-15T12:00:00Z')
    const launched = await launch(t, { now: clock, env })
    const { keys, all } = await stock(launched, clock)
    const orders: Record<string, (key: (typeof keys)[number]) => number | string> = {
      created: ({ id }) => id,
      last_used: ({ used }) => used,
      expires: ({ ends }) => ends,
    }
    for (const [order, valueOf] of Object.entries(orders)) {
      const sorted = keys.toSorted((a, b) => {
        const [one, other] = [valueOf(a), valueOf(b)]
        if (one !== other) return one < other ? -1 : 1
        return a.id < b.id ? -1 : 1
      })
      const ids = sorted.map(({ id }) => id)
      assert.deepEqual(
        (await all(`sort=${order}`)).map(({ id }) => id),
        ids,
        order,
      )
      assert.deepEqual(
        (await all(`sort=-${order}`)).map(({ id }) => id),
        ids.toReversed(),
        `-${order}`,
      )
    }
    // how letters follow each other is the database's to say; case does not matter, and what is alike stays together
    const named = await all('sort=name')
    assert.equal(new Set(named.map(({ id }) => id)).size, keys.length)
    assert.deepEqual(
      (await all('sort=-name')).map(({ id }) => id),
      named.map(({ id }) => id).toReversed(),
    )
    const lowered = named.map((key) => key.name.toLowerCase())
    assert.equal(
      lowered.filter((text, index) => text !== lowered[index - 1]).length,
      new Set(lowered).size,
      'one run for each name',
    )
  })

  await t.test('a part of the name, the id or the hint finds a key, whatever its case', async (t) => {
    const clock = stoppedClock('2027-01-15T12:00:00Z')
    const launched = await launch(t, { now: clock, env })
    const { keys, all } = await stock(launched, clock, 12)
    const [first] = keys
    assert.ok(first)
    const find = async (q: string, more = '') => (await all(`q=${encodeURIComponent(q)}${more}`)).length
    assert.equal(await find('KeY'), keys.filter((key) => /key/i.test(key.name)).length)
    assert.equal(await find('äLTER'), 3)
    assert.equal(await find('100%'), 3)
    assert.equal(await find('%'), 3, 'stands for itself')
    assert.equal(await find('_live_'), 6)
    assert.equal(await find(first.hint.slice(-4)), 1)
    assert.equal(await find(first.id), 1)
    assert.equal(await find(first.id.toUpperCase().slice(-12)), 1)
    assert.equal(await find('nothing like it'), 0)
    assert.equal(
      await find('key', '&environment=test&sort=-last_used'),
      keys.filter(({ hint, name: text }) => hint.includes('_test_') && /key/i.test(text)).length,
    )
  })
}

test('lists on SQLite', (t) => lists(t, {}))

await withPostgres('lists on PostgreSQL', () => {
  test('lists on PostgreSQL', async (t) =>
    lists(t, {
      DATABASE_URL: urlOf(await temporarySchema(t)),
      LATCHKEY_SECRET: 'shared by both servers on this database',
    }))
})

test('a key tells its state, who made it, and what it was rotated to', async (t) => {
  const clock = stoppedClock('2027-01-15T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const { operate } = launched
  const people = await world(launched)
  const name = (await operate<{ name: string }>('GET', `/users/${people.owner}`)).name
  const old = await people.key({ expires_in: 60 })
  const rotated = await operate<Key>('POST', `/api-keys/${old.id}/rotate`, { overlap_seconds: 3600 })
  const get = (id: string) => operate<Key>('GET', `/api-keys/${id}`)
  assert.deepEqual(
    [(await get(old.id)).rotated_to, rotated.replaces, rotated.rotated_to, rotated.created_by_name],
    [rotated.id, old.id, null, name],
  )
  assert.equal((await get(old.id)).state, 'active')
  clock.advance(60_000)
  assert.equal((await get(old.id)).state, 'expired')
  assert.equal((await operate<Key>('DELETE', `/api-keys/${old.id}`)).state, 'revoked')
  const states = async (status: string) =>
    (await operate<Page>('GET', `/organizations/${people.organization}/api-keys?status=${status}`)).data.map(
      ({ state }) => state,
    )
  assert.deepEqual([await states('revoked'), await states('expired')], [['revoked'], ['expired']])
  const maker = await people.key({ scopes: 'read manage:api-keys' })
  const made = await launched.ask('POST', `/api/v1/organizations/${people.organization}/api-keys`, {
    as: maker.key,
    body: { name: 'Made', scopes: 'read' },
  })
  assert.equal(made.json<Key>().created_by_name, 'Key', 'a key by its name')
  // an author who is gone has no name any more; the key stays
  const operator = await operate<{ id: string }>('POST', '/users', { email: 'heir@example.com', name: 'Heir' })
  await operate('POST', `/organizations/${people.organization}/members`, { user_id: operator.id, role: 'owner' })
  await operate('DELETE', `/users/${people.owner}`)
  assert.equal((await get(maker.id)).created_by_name, null)
})

test('a cursor of another order, or of none, is refused', async (t) => {
  const launched = await launch(t)
  const { organization, key } = await world(launched)
  for (let index = 0; index < 3; index += 1) await key()
  const path = `/organizations/${organization}/api-keys`
  const { next_cursor: byName } = await launched.operate<Page>('GET', `${path}?sort=name&limit=1`)
  const { next_cursor: byAge } = await launched.operate<Page>('GET', `${path}?limit=1`)
  const other = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const query of [
    `cursor=${byName}`,
    `sort=-name&cursor=${byName}`,
    `sort=name&cursor=${byAge}`,
    `sort=expires&cursor=${other(['expires', 'soon', byAge])}`,
    `sort=name&cursor=${other(['name', 1, byAge])}`,
    `sort=name&cursor=${other(null)}`,
    'sort=name&cursor=e',
    'sort=owner',
    'sort=name&sort=created',
  ])
    await assert.rejects(launched.operate('GET', `${path}?${query}`), / 400 /, query)
})

test('many keys are revoked at once, or none of them', async (t) => {
  const launched = await launch(t)
  const { operate, ask, app } = launched
  const people = await world(launched)
  const foreign = await world(launched)
  const path = `/organizations/${people.organization}/api-keys`
  const made = [await people.key(), await people.key(), await people.key()]
  const ids = made.map(({ id }) => id)
  const elsewhere = await foreign.key()
  const good = async () =>
    Promise.all(
      made.map(async ({ key }) => (await operate<{ valid: boolean }>('POST', '/verify', { credential: key })).valid),
    )
  const entries = async () =>
    (await app.store.db.selectFrom('audit').select('target_id').where('action', '=', 'api_key.revoked').execute())
      .length
  for (const wrong of [elsewhere.id, '01900000-0000-7000-8000-000000000000'])
    await assert.rejects(operate('POST', `${path}/revoke`, { key_ids: [...ids, wrong] }), / 404 .*no such API key/)
  for (const body of [{}, { key_ids: [] }, { key_ids: ['x'] }, { key_ids: Array.from({ length: 501 }, () => ids[0]) }])
    await assert.rejects(operate('POST', `${path}/revoke`, body), / 400 /)
  assert.deepEqual([await good(), await entries()], [[true, true, true], 0])
  await operate('DELETE', `/api-keys/${ids[0]}`)
  assert.deepEqual(await operate('POST', `${path}/revoke`, { key_ids: [...ids, ids[1]] }), {
    revoked: [ids[1], ids[2]],
    already_revoked: [ids[0]],
  })
  assert.deepEqual([await good(), await entries()], [[false, false, false], 3])
  // a member revokes their own, and with one of another's none
  const member = await operate<{ id: string }>('POST', '/users', { email: 'member@example.com', name: 'Member' })
  await operate('POST', `/organizations/${people.organization}/members`, { user_id: member.id, role: 'member' })
  const { token } = await operate<{ token: string }>('POST', `/users/${member.id}/tokens`, {
    name: 'Token',
    all_organizations: true,
  })
  const call = (method: string, url: string, body: object) => ask(method, `/api/v1${url}`, { as: token, body })
  const own = (await call('POST', path, { name: 'Own' })).json<Key>().id
  const another = (await people.key()).id
  assert.equal((await call('POST', `${path}/revoke`, { key_ids: [own, another] })).statusCode, 403)
  assert.equal((await operate<Key>('GET', `/api-keys/${own}`)).state, 'active')
  assert.deepEqual((await call('POST', `${path}/revoke`, { key_ids: [own] })).json(), {
    revoked: [own],
    already_revoked: [],
  })
})
