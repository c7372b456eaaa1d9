// Which organization a request is for: named, it is checked and pays; not named, the only one reached; else an API that counts by organization asks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, launch, world } from '../harness.ts'

const quota = {
  limits: [
    {
      name: 'month',
      per: 'organization' as const,
      limit: { free: 100, pro: 1000, enterprise: null },
      period: 'month' as const,
    },
  ],
}

const file: LatchkeyConfig = {
  apis: {
    path: {
      hosts: ['path.test'],
      upstream: 'echo',
      organization: { path: '/v1/organizations/:organization' },
      ...quota,
    },
    header: { hosts: ['header.test'], upstream: 'echo', organization: { header: 'X-Organization' }, ...quota },
    query: { hosts: ['query.test'], upstream: 'echo', organization: { query: 'org' }, ...quota },
    free: { hosts: ['free.test'], upstream: 'echo', organization: { header: 'X-Organization' } },
  },
}

const second = async ({ operate }: Launched, owner: string, tier = 'free'): Promise<string> =>
  (await operate<{ id: string }>('POST', '/organizations', { name: 'Second', owner, tier })).id

/** The three places, each naming `id`. */
const places = (id: string) =>
  [
    ['path.test', `/v1/organizations/${id}/things`, {}],
    ['header.test', '/', { 'x-organization': id }],
    ['query.test', `/?org=${id}`, {}],
  ] as const

test('named: membership and the token’s list are checked, and the organization pays', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const pro = await second(launched, acme.owner, 'pro')
  const foreign = (await world(launched)).organization
  const all = (await acme.token()).token
  const held = (await acme.token({ all_organizations: undefined, organization_ids: [pro] })).token
  const key = (await acme.key()).key
  const ask = (as: string, [host, url, headers]: ReturnType<typeof places>[number]) =>
    launched.ask('GET', url, { host, as, headers: { ...headers } })
  for (const place of places(pro)) {
    const { statusCode, headers, body } = await ask(all, place)
    assert.equal(statusCode, 200, `${place[0]}${place[1]}`)
    const echo = JSON.parse(body) as { headers: Record<string, string> }
    assert.equal(echo.headers['x-latchkey-organization'], pro)
    assert.equal(echo.headers['x-latchkey-tier'], 'pro')
    assert.equal(headers['x-ratelimit-limit'], '1000', 'the tier of the one that pays')
    assert.equal((await ask(held, place)).statusCode, 200)
    assert.equal((await ask(key, place)).statusCode, 403, 'a key belongs to the other one')
  }
  for (const [as, id] of [
    [all, foreign],
    [held, acme.organization],
    [key, foreign],
    [all, 'nonsense'],
  ] as const) {
    for (const place of places(id)) {
      const { statusCode, body } = await ask(as, place)
      assert.deepEqual(
        [statusCode, (JSON.parse(body) as { code: string }).code],
        [403, 'organization_forbidden'],
        `${place[0]}${place[1]}`,
      )
    }
  }
  // a member no more, a list that no longer holds it
  await launched.operate('POST', `/organizations/${pro}/members`, {
    user_id: (await launched.operate<{ id: string }>('POST', '/users', { email: 'o@example.com', name: 'O' })).id,
    role: 'owner',
  })
  await launched.operate('DELETE', `/organizations/${pro}/members/${acme.owner}`)
  for (const place of places(pro)) {
    assert.equal((await ask(all, place)).statusCode, 403)
    assert.equal((await ask(held, place)).statusCode, 403)
  }
})

test('not named: the only one that the token reaches; of several, an API that counts by organization answers 400', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const token = (await acme.token()).token
  const paying = async (host: string, as: string, headers: Record<string, string> = {}) => {
    const { statusCode, body } = await launched.ask('GET', '/v1/things', { host, as, headers })
    return statusCode === 200
      ? (JSON.parse(body) as { headers: Record<string, string> }).headers['x-latchkey-organization']
      : `${statusCode} ${(JSON.parse(body) as { code: string }).code}`
  }
  for (const host of ['path.test', 'header.test', 'query.test', 'free.test'])
    assert.equal(await paying(host, token), acme.organization, host)
  const other = await second(launched, acme.owner)
  const held = (await acme.token({ all_organizations: undefined, organization_ids: [other] })).token
  for (const host of ['path.test', 'header.test', 'query.test']) {
    assert.equal(await paying(host, token), '400 invalid_request', host)
    assert.equal(await paying(host, held), other, host)
    assert.equal(await paying(host, (await acme.key()).key), acme.organization)
  }
  assert.equal(await paying('free.test', token), '', 'who counts by credential need not know')
  assert.equal(await paying('header.test', token, { 'x-organization': other }), other)
  // what was exchanged for one organization is for that one
  const exchanged = (
    await launched.ask('POST', '/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: token,
        subject_token_type: 'urn:latchkey:params:oauth:token-type:personal-access-token',
        audience: 'header',
        organization_id: other,
      },
    })
  ).json<{ access_token: string }>().access_token
  assert.equal(await paying('header.test', exchanged), other)
  assert.equal(
    await paying('header.test', exchanged, { 'x-organization': acme.organization }),
    '403 organization_forbidden',
  )
})

test('an upstream learns of at most 50 organizations, then of a star', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const ids = [acme.organization]
  const { token } = await acme.token()
  const told = async () =>
    (await launched.ask('GET', '/', { host: 'free.test', as: token })).json<{
      headers: Record<string, string>
      principal: { organization_ids: string[] }
    }>()
  while (ids.length < 50) ids.push(await second(launched, acme.owner))
  assert.deepEqual((await told()).headers['x-latchkey-organizations']?.split(',').toSorted(), ids.toSorted())
  ids.push(await second(launched, acme.owner))
  const beyond = await told()
  assert.equal(beyond.headers['x-latchkey-organizations'], '*')
  assert.equal(beyond.principal.organization_ids.length, 51, 'in a body there is room for all')
  const asked = await launched.ask('GET', '/forward-auth?api=free', { host: 'proxy.internal', as: token })
  assert.equal(asked.headers['x-latchkey-organizations'], '*')
})
