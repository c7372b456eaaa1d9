// The audit trail: who, what, when and from where; read with filters, by those who may.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Schema } from '../../src/store/schema.ts'
import { readFilters } from '../../src/audit/filters.ts'
import { findEntries } from '../../src/audit/search.ts'
import { idAt } from '../../src/store/time-id.ts'
import { codeOf, keyOf, local, openAccounts } from '../accounts/fixture.ts'

interface Listing {
  data: Record<string, unknown>[]
  next_cursor: string | null
}

test('an entry tells all of it', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  await ask(await person(owner), 'PATCH', `/organizations/${id}`, { name: 'New' })
  const { body } = await ask<Listing>(
    await person(owner),
    'GET',
    `/organizations/${id}/audit?action=organization.updated`,
  )
  assert.deepEqual(body, {
    data: [
      {
        id: body.data[0]?.id,
        at: '2026-11-22T12:00:00.000Z',
        actor_kind: 'personal_access_token',
        actor_id: `token-of-${owner}`,
        action: 'organization.updated',
        target_kind: 'organization',
        target_id: id,
        organization_id: id,
        ip: '192.0.2.7',
        request_id: 'a-request',
        detail: { name: 'New' },
        user_id: owner,
        user_name: 'Person 1',
        actor_name: null,
        target_name: 'New',
      },
    ],
    next_cursor: null,
  })
})

test('filters by action, actor, target and time', async (t) => {
  const { ask, operate, user, organization, person, clock } = await openAccounts(t)
  const owner = await user()
  const id = await organization(owner)
  clock.at += 60_000
  const other = await user()
  await ask(await person(owner), 'POST', `/organizations/${id}/members`, { user_id: other, role: 'viewer' })
  clock.at += 60_000
  await operate('PATCH', `/organizations/${id}/members/${other}`, { role: 'member' })
  const actions = async (path: string) =>
    (await ask<Listing>(local, 'GET', path)).body.data.map((entry) => String(entry.action)).toSorted()
  assert.deepEqual(await actions('/audit'), [
    'member.added',
    'member.role_changed',
    'organization.created',
    'user.created',
    'user.created',
  ])
  assert.deepEqual(await actions(`/organizations/${id}/audit`), [
    'member.added',
    'member.role_changed',
    'organization.created',
  ])
  assert.deepEqual(await actions('/audit?action=member.added'), ['member.added'])
  assert.deepEqual(await actions(`/audit?actor_id=token-of-${owner}`), ['member.added'])
  assert.deepEqual(await actions(`/audit?target_id=${other}&actor_id=local`), ['member.role_changed', 'user.created'])
  assert.deepEqual(await actions('/audit?since=2026-11-22T12:01:00Z&until=2026-11-22T12:02:00Z'), [
    'member.added',
    'user.created',
  ])
  assert.deepEqual(await actions('/audit?since=2026-11-22T13:02:00%2B01:00'), ['member.role_changed'])
  assert.deepEqual(await actions('/audit?action=%27OR(1=1)--'), [])
  for (const query of [
    'since=yesterday',
    'until=2026-02-31T00:00:00Z',
    'since=2026-11-22',
    'actor=x',
    `action=${'x'.repeat(101)}`,
    'action=',
    'action=%00',
    'target_id=a%20b',
  ]) {
    assert.equal(codeOf(await ask(local, 'GET', `/audit?${query}`)), '400 invalid_request', query)
  }
})

test('filters by person, by kind of action, and by words as people write them', async (t) => {
  const { ask, operate, user, organization, person, clock } = await openAccounts(t)
  const [owner, admin] = [await user(), await user()]
  const id = await organization(owner)
  await operate('POST', `/organizations/${id}/members`, { user_id: admin, role: 'admin' })
  for (const [actor, name] of [
    [owner, 'One'],
    [admin, 'Two'],
    [owner, 'Three'],
  ] as const) {
    clock.at += 1000
    await ask(await person(actor), 'PATCH', `/organizations/${id}`, { name })
  }
  const found = async (query: string) =>
    (await ask<Listing>(await person(owner), 'GET', `/organizations/${id}/audit?${query}`)).body.data.map(
      ({ action, detail }) => (detail as { name?: string } | null)?.name ?? action,
    )
  assert.deepEqual(await found(`user_id=${owner}`), ['Three', 'One'])
  assert.deepEqual(await found(`user_id=${owner}&limit=1`), ['Three'])
  assert.deepEqual(await found(`user_id=${admin}&action=organization.*`), ['Two'])
  assert.deepEqual(await found(`user_id=${admin}&action=member.*`), [])
  assert.deepEqual(await found('action=member.*'), ['member.added'])
  assert.deepEqual(await found('q=Organization%20up'), ['Three', 'Two', 'One'])
  assert.deepEqual(await found(`q=ADDED&user_id=${owner}`), [])
  assert.deepEqual(await found('q=added'), ['member.added'])
  assert.deepEqual(await found(`q=${admin}`), ['member.added'], 'the id of a target')
  assert.deepEqual(await found(`target_id=${id}&action=organization.*&user_id=${owner}&q=updated`), ['Three', 'One'])
  assert.deepEqual(await found(`target_id=${id}&q=added`), [])
  assert.deepEqual(await found('q=%25&q=%25').catch(() => []), [])
  const both = await ask(local, 'GET', `/audit?user_id=${owner}&actor_id=local`)
  assert.equal(codeOf(both), '400 invalid_request')
  for (const query of ['action=*.created', 'action=a*b', 'user_id=x', `q=${'x'.repeat(101)}`, 'q=%00'])
    assert.equal(codeOf(await ask(local, 'GET', `/audit?${query}`)), '400 invalid_request', query)
})

test('names are those of today, and gone with whom they named', async (t) => {
  const { ask, operate, user, organization } = await openAccounts(t)
  const [owner, member] = [await user(), await user()]
  const id = await organization(owner)
  await operate('POST', `/organizations/${id}/members`, { user_id: member, role: 'viewer' })
  const added = async () => (await ask<Listing>(local, 'GET', `/organizations/${id}/audit?action=member.added`)).body
  assert.equal((await added()).data[0]?.target_name, 'Person 2')
  await operate('PATCH', `/users/${member}`, { name: 'Bob' })
  assert.equal((await added()).data[0]?.target_name, 'Bob')
  await operate('DELETE', `/users/${member}`)
  assert.equal((await added()).data[0]?.target_name, null)
})

test('a target with very many entries makes short pages, and none is left out', async (t) => {
  const { ask, store, user, organization } = await openAccounts(t)
  const id = await organization(await user())
  const at = Date.parse('2026-12-01T00:00:00Z')
  await store.transaction(async (trx) => {
    for (let from = 0; from < 7000; from += 500)
      await trx
        .insertInto('audit')
        .values(
          Array.from({ length: 500 }, (_, index) => ({
            id: idAt(at + from + index),
            at: at + from + index,
            actor_kind: 'local',
            actor_id: 'local',
            action: (from + index) % 3499 === 0 ? 'organization.rare' : 'organization.frequent',
            target_kind: 'organization',
            target_id: id,
            organization_id: id,
            ip: null,
            request_id: null,
            detail: null,
          })),
        )
        .execute()
  })
  let pages = 0
  let cursor: string | null = null
  const seen: number[] = []
  do {
    const { body }: { body: Listing } = await ask<Listing>(
      local,
      'GET',
      `/audit?target_id=${id}&action=organization.rare${cursor === null ? '' : `&cursor=${cursor}`}`,
    )
    seen.push(...body.data.map((entry) => Date.parse(String(entry.at)) - at))
    cursor = body.next_cursor
    pages++
  } while (cursor !== null)
  assert.deepEqual(seen, [6998, 3499, 0])
  assert.equal(pages, 3)
})

test('every question is answered from an index', async (t) => {
  const { store } = await openAccounts(t)
  const asked: string[] = []
  class Listening extends DummyDriver {
    override acquireConnection = async (): Promise<DatabaseConnection> => ({
      async executeQuery({ sql: text }) {
        asked.push(text)
        // as if the trail had this one entry
        return { rows: [{ action: 'api_key.created', id: 'x' } as never] }
      },
      streamQuery: () => assert.fail('nothing is streamed'),
    })
  }
  const watched = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new Listening(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const ids = { user_id: 'u', actor_id: 'a', target_id: 't' }
  for (const scope of ['o', undefined])
    for (const who of [undefined, 'user_id', 'actor_id', 'target_id'] as const)
      for (const action of [undefined, 'api_key.*'])
        for (const since of [undefined, '2026-01-01T00:00:00Z'])
          await findEntries(watched, readFilters(scope, { action, since, ...(who && { [who]: ids[who] }) }), 51)
  assert.equal(asked.filter((text) => text.startsWith('SELECT * FROM audit')).length, 32)
  for (const text of asked) {
    const explained = sql.raw<{ detail: string }>(
      `EXPLAIN QUERY PLAN ${text.replaceAll(/(LIMIT|OFFSET) \?/g, '$1 5').replaceAll('?', "'x'")}`,
    )
    const { rows } = await explained.execute(store.db)
    const scans = rows
      .map(({ detail }) => detail)
      .filter((detail) => /SCAN audit(?! USING (COVERING )?INDEX)|TEMP B-TREE FOR ORDER/.test(detail))
    assert.deepEqual(scans, [], text)
  }
})

test('pages follow each other without a gap, newest first', async (t) => {
  const { ask, user } = await openAccounts(t)
  for (let count = 0; count < 7; count++) await user()
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const { body }: { body: Listing } = await ask<Listing>(
      local,
      'GET',
      `/audit?action=user.created&limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
    )
    seen.push(...body.data.map((entry) => String(entry.id)))
    cursor = body.next_cursor
  } while (cursor !== null)
  assert.equal(seen.length, 7)
  assert.deepEqual(seen, [...new Set(seen)].toSorted().toReversed())
})

test('no organization reads another’s trail, whatever it filters by', async (t) => {
  const { ask, user, organization, person } = await openAccounts(t)
  const owner = await user()
  const [mine, other] = [await organization(owner), await organization(await user())]
  const { data } = (await ask<Listing>(await person(owner), 'GET', `/organizations/${mine}/audit?target_id=${other}`))
    .body
  assert.deepEqual(data, [])
  assert.equal(
    codeOf(await ask(keyOf(mine, 'manage:audit'), 'GET', `/organizations/${other}/audit`)),
    '403 organization_forbidden',
  )
  assert.equal(codeOf(await ask(keyOf(mine, 'manage:audit'), 'GET', '/audit')), '403 forbidden')
  assert.equal((await ask(keyOf(mine, 'manage:audit'), 'GET', `/organizations/${mine}/audit`)).status, 200)
})

test('nothing changes or deletes an entry', async (t) => {
  const { app, user } = await openAccounts(t)
  await user()
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
    assert.equal((await app.inject({ method, url: '/api/v1/audit' })).statusCode, 404)
})
