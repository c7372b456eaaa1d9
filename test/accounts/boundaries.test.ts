// Every management route of people and organizations, tried by everybody who must not use it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../src/accounts/actor.ts'
import { type Accounts, codeOf, keyOf, local, openAccounts } from './fixture.ts'

interface Cast {
  organization: string
  elsewhere: string
  actors: Record<
    | 'owner'
    | 'admin'
    | 'member'
    | 'viewer'
    | 'stranger'
    | 'foreigner'
    | 'scopeless key'
    | 'managing key'
    | 'foreign key',
    Actor
  >
  ids: Record<'owner' | 'admin' | 'member' | 'viewer' | 'stranger', string>
}

const everyArea = [
  'manage:api-keys',
  'manage:clients',
  'manage:members',
  'manage:audit',
  'manage:usage',
  'manage:organizations',
  'verify',
  'metrics',
]

const cast = async ({ user, organization, member, person }: Accounts): Promise<Cast> => {
  const owner = await user()
  const id = await organization(owner)
  const ids = {
    owner,
    admin: await member(id, 'admin'),
    member: await member(id, 'member'),
    viewer: await member(id, 'viewer'),
    stranger: await user(),
  }
  const foreigner = await user()
  const elsewhere = await organization(foreigner)
  return {
    organization: id,
    elsewhere,
    ids,
    actors: {
      owner: await person(ids.owner),
      admin: await person(ids.admin),
      member: await person(ids.member),
      viewer: await person(ids.viewer),
      stranger: await person(ids.stranger),
      foreigner: await person(foreigner),
      'scopeless key': keyOf(id, 'read', 'write'),
      'managing key': keyOf(id, ...everyArea),
      'foreign key': keyOf(elsewhere, ...everyArea),
    },
  }
}

type Who = keyof Cast['actors']

const people: readonly Who[] = ['owner', 'admin', 'member', 'viewer', 'managing key']
/** Who may, of those in the cast; everybody else is refused. Operators may everything. */
const routes: { method: string; path: (cast: Cast) => string; body?: (cast: Cast) => object; may: readonly Who[] }[] = [
  { method: 'GET', path: () => '/users', may: [] },
  {
    method: 'POST',
    path: () => '/users',
    body: () => ({ email: 'x@example.com', name: 'X', operator: true }),
    may: [],
  },
  { method: 'GET', path: ({ ids }) => `/users/${ids.owner}`, may: [] },
  { method: 'PATCH', path: ({ ids }) => `/users/${ids.viewer}`, body: () => ({ operator: true }), may: [] },
  { method: 'PATCH', path: ({ ids }) => `/users/${ids.owner}`, body: () => ({ suspended: true }), may: [] },
  { method: 'DELETE', path: ({ ids }) => `/users/${ids.stranger}`, may: [] },
  { method: 'POST', path: ({ ids }) => `/users/${ids.owner}/link`, may: [] },
  { method: 'GET', path: () => '/organizations?all=true', may: [] },
  { method: 'GET', path: () => '/audit', may: [] },
  { method: 'GET', path: ({ organization }) => `/organizations/${organization}`, may: people },
  { method: 'GET', path: ({ organization }) => `/organizations/${organization}/members`, may: people },
  { method: 'GET', path: ({ organization }) => `/organizations/${organization}/usage`, may: people },
  {
    method: 'GET',
    path: ({ organization }) => `/organizations/${organization}/audit`,
    may: ['owner', 'admin', 'managing key'],
  },
  {
    method: 'PATCH',
    path: ({ organization }) => `/organizations/${organization}`,
    body: () => ({ name: 'New' }),
    may: ['owner', 'admin', 'managing key'],
  },
  {
    method: 'PATCH',
    path: ({ organization }) => `/organizations/${organization}`,
    body: () => ({ tier: 'enterprise' }),
    may: [],
  },
  {
    method: 'PATCH',
    path: ({ organization }) => `/organizations/${organization}`,
    body: () => ({ suspended: false }),
    may: [],
  },
  {
    method: 'POST',
    path: ({ organization }) => `/organizations/${organization}/members`,
    body: ({ ids }) => ({ user_id: ids.stranger, role: 'admin' }),
    may: ['owner', 'admin', 'managing key'],
  },
  {
    method: 'POST',
    path: ({ organization }) => `/organizations/${organization}/members`,
    body: ({ ids }) => ({ user_id: ids.stranger, role: 'owner' }),
    may: ['owner'],
  },
  {
    method: 'PATCH',
    path: ({ organization, ids }) => `/organizations/${organization}/members/${ids.viewer}`,
    body: () => ({ role: 'member' }),
    may: ['owner'],
  },
  {
    method: 'PATCH',
    path: ({ organization, ids }) => `/organizations/${organization}/members/${ids.member}`,
    body: () => ({ role: 'owner' }),
    may: ['owner'],
  },
  {
    method: 'DELETE',
    path: ({ organization, ids }) => `/organizations/${organization}/members/${ids.viewer}`,
    may: ['owner', 'admin', 'managing key', 'viewer'],
  },
  { method: 'DELETE', path: ({ organization }) => `/organizations/${organization}`, may: ['owner'] },
]

const expected: Partial<Record<Who, string>> = {
  stranger: '403 organization_forbidden',
  foreigner: '403 organization_forbidden',
  'foreign key': '403 organization_forbidden',
  'scopeless key': '403 insufficient_scope',
}

test('whoever may not is refused on every route, and nothing changes', async (t) => {
  const accounts = await openAccounts(t)
  const all = await cast(accounts)
  const state = async (): Promise<string> =>
    JSON.stringify(
      await Promise.all(
        (['users', 'organizations', 'members', 'links', 'audit'] as const).map((table) =>
          accounts.store.db.selectFrom(table).selectAll().execute(),
        ),
      ),
    )
  const before = await state()
  let tried = 0
  for (const { method, path, body, may } of routes) {
    for (const who of Object.keys(all.actors) as Who[]) {
      if (may.includes(who)) continue
      const answer = await accounts.ask(all.actors[who], method, path(all), body?.(all))
      const where = `${who}: ${method} ${path(all)} ${JSON.stringify(body?.(all))}`
      const wanted = path(all).startsWith(`/organizations/`) ? (expected[who] ?? '403 forbidden') : '403 forbidden'
      assert.equal(codeOf(answer), wanted, where)
      tried += 1
    }
  }
  assert.ok(tried > 120)
  assert.equal(await state(), before)
})

test('whoever may is let in, and operators everywhere', async (t) => {
  const accounts = await openAccounts(t)
  await accounts.user({ operator: true })
  for (const { method, path, body, may } of routes) {
    for (const who of [...may, undefined]) {
      const all = await cast(accounts)
      const answer = await accounts.ask(who === undefined ? local : all.actors[who], method, path(all), body?.(all))
      assert.ok(
        answer.status < 300,
        `${who ?? 'operator'}: ${method} ${path(all)} ${answer.status} ${JSON.stringify(answer.body)}`,
      )
    }
  }
})

test('an organization that does not exist looks like a foreign one', async (t) => {
  const accounts = await openAccounts(t)
  const { actors, elsewhere } = await cast(accounts)
  const missing = '0193a7b2-1111-7abc-8def-0123456789ab'
  for (const who of ['owner', 'stranger', 'managing key'] as const) {
    for (const tail of ['', '/members', '/usage', '/audit']) {
      const [foreign, none] = [
        await accounts.ask(actors[who], 'GET', `/organizations/${elsewhere}${tail}`),
        await accounts.ask(actors[who], 'GET', `/organizations/${missing}${tail}`),
      ]
      assert.equal(codeOf(foreign), '403 organization_forbidden')
      assert.deepEqual(
        [none.status, none.body.code, none.body.detail],
        [foreign.status, foreign.body.code, foreign.body.detail],
      )
    }
  }
})

test('a scope manages its own area and no other', async (t) => {
  const accounts = await openAccounts(t)
  const { organization } = await cast(accounts)
  const areas: [string, string][] = [
    ['manage:members', '/members'],
    ['manage:usage', '/usage'],
    ['manage:audit', '/audit'],
    ['manage:organizations', ''],
  ]
  for (const [scope] of areas) {
    for (const [needed, tail] of areas) {
      const answer = await accounts.ask(keyOf(organization, scope), 'GET', `/organizations/${organization}${tail}`)
      assert.equal(answer.status, scope === needed ? 200 : 403, `${scope} on ${tail}`)
    }
  }
})

test('ids that are none are refused before anything is looked up', async (t) => {
  const { ask } = await openAccounts(t)
  for (const id of [
    'x',
    '%27%20OR%201=1',
    '0193A7B2-1111-7ABC-8DEF-0123456789AB',
    '0193a7b2-1111-4abc-8def-0123456789ab',
  ]) {
    for (const path of [
      `/users/${id}`,
      `/organizations/${id}`,
      `/organizations/${id}/members`,
      `/organizations/${id}/usage`,
      `/organizations/${id}/audit`,
    ]) {
      assert.equal(codeOf(await ask(local, 'GET', path)), '400 invalid_request', path)
    }
  }
})
