// Whose limit a request spends, and how the header fields tell it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'

const kinds = ['api_key', 'personal_access_token', 'oauth_token', 'jwt', 'cwt'] as const

const file: LatchkeyConfig = {
  apis: {
    window: {
      hosts: ['window.test'],
      upstream: { live: 'echo', test: 'echo' },
      accepts: [...kinds],
      limits: [{ name: 'window', per: 'credential', limit: 10, period: 60 }],
    },
    other: {
      hosts: ['other.test'],
      upstream: 'echo',
      limits: [{ name: 'window', per: 'credential', limit: 10, period: 60 }],
    },
    each: { hosts: ['each.test'], upstream: 'echo', limits: [{ name: 'window', per: 'token', limit: 10, period: 60 }] },
    both: {
      profile: 'smally',
      hosts: ['both.test'],
      upstream: { live: 'echo', test: 'echo' },
      limits: [
        { name: 'month', per: 'organization', limit: { free: 20, pro: 40, enterprise: null }, period: 'month' },
        { name: 'burst', per: 'credential', limit: 4, period: 10 },
      ],
    },
    unlimited: { hosts: ['unlimited.test'], upstream: 'echo', limits: [] },
  },
  defaultApi: 'window',
}

const get = async ({ ask }: Launched, host: string, as: string, status = 200) => {
  const { statusCode, headers, body } = await ask('GET', '/', { host, as })
  assert.equal(statusCode, status, body)
  return headers
}

/** Units left after one more request. */
const left = async (launched: Launched, host: string, as: string): Promise<number> =>
  Number((await get(launched, host, as))['x-ratelimit-remaining'])

const exchange = async ({ ask }: Launched, key: string, audience: string, type = 'jwt'): Promise<string> => {
  const answer = await ask('POST', '/oauth/token', {
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      requested_token_type:
        type === 'jwt' ? 'urn:ietf:params:oauth:token-type:jwt' : 'urn:latchkey:params:oauth:token-type:cwt',
      audience,
    },
  })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<{ access_token: string }>().access_token
}

test('a key, its successors and all that is exchanged from them share one window; another API and another key have their own', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock('2026-05-05T00:00:00Z') })
  const acme = await world(launched)
  const { id, key } = await acme.key()
  assert.equal(await left(launched, 'window.test', key), 9)
  const rotated = await launched.operate<{ id: string; key: string; replaces: string }>(
    'POST',
    `/api-keys/${id}/rotate`,
    {},
  )
  assert.equal(rotated.replaces, id)
  assert.equal(await left(launched, 'window.test', rotated.key), 8)
  assert.equal(await left(launched, 'window.test', key), 7)
  assert.equal(await left(launched, 'window.test', await exchange(launched, key, 'window', 'cwt')), 6)
  assert.equal(await left(launched, 'window.test', await exchange(launched, rotated.key, 'window')), 5)
  assert.equal(await left(launched, 'other.test', key), 9)
  assert.equal(await left(launched, 'window.test', (await acme.key()).key), 9)
})

test('tokens of a client share one window, unless the limit is per token', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock('2026-05-05T00:00:00Z') })
  const acme = await world(launched)
  const issue = async ({ client_id, client_secret }: Record<string, string>, api: string): Promise<string> =>
    (
      await launched.ask('POST', '/oauth/token', {
        form: {
          grant_type: 'client_credentials',
          client_id: client_id as string,
          client_secret: client_secret as string,
          resource: launched.config.apis.get(api)?.audience as string,
        },
      })
    ).json<{ access_token: string }>().access_token
  const client = await acme.client()
  assert.equal(await left(launched, 'window.test', await issue(client, 'window')), 9)
  assert.equal(await left(launched, 'window.test', await issue(client, 'window')), 8)
  assert.equal(await left(launched, 'window.test', await issue(await acme.client(), 'window')), 9)
  assert.equal(await left(launched, 'each.test', await issue(client, 'each')), 9)
  assert.equal(await left(launched, 'each.test', await issue(client, 'each')), 9)
})

test('each environment counts for itself: test keys spend nothing of what live ones pay for', async (t) => {
  const launched = await launch(t, { file, now: stoppedClock('2026-05-05T00:00:00Z') })
  const acme = await world(launched)
  const live = (await acme.key()).key
  const sandbox = (await acme.key({ environment: 'test' })).key
  const usage = async () =>
    (
      await launched.operate<{ data: { api: string; environment: string; used: number }[] }>(
        'GET',
        `/organizations/${acme.organization}/usage`,
      )
    ).data.map(({ environment, used }) => `${environment} ${used}`)
  await get(launched, 'both.test', sandbox)
  await get(launched, 'both.test', sandbox)
  assert.deepEqual(await usage(), ['live 0', 'test 2'])
  await get(launched, 'both.test', live)
  assert.deepEqual(await usage(), ['live 1', 'test 2'])
})

test('the header fields show the limit that refused, else the one with the smallest share left; both forms, rounded up', async (t) => {
  const clock = stoppedClock('2026-05-31T23:59:54.100Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const { key } = await acme.key()
  const first = await get(launched, 'both.test', key)
  assert.deepEqual(
    [
      'x-ratelimit-limit',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
    ].map((name) => first[name]),
    [
      '4',
      '3',
      '2026-06-01T00:00:05Z',
      '"month";r=19;t=6, "burst";r=3;t=10',
      `"month";q=20;w=${31 * 86_400}, "burst";q=4;w=10`,
      undefined,
    ],
  )
  for (let i = 0; i < 3; i++) await get(launched, 'both.test', key)
  const refused = await get(launched, 'both.test', key, 429)
  assert.deepEqual(
    [
      refused['x-ratelimit-limit'],
      refused['x-ratelimit-remaining'],
      refused['x-ratelimit-reset'],
      refused['retry-after'],
    ],
    ['4', '0', '2026-06-01T00:00:05Z', '10'],
  )
  assert.match(String(refused.ratelimit), /"month";r=16;/, 'what the window refuses the month is not charged for')
  clock.at = Date.parse('2026-06-01T00:00:05Z')
  const over = await get(launched, 'both.test', key)
  assert.match(String(over.ratelimit), /^"month";r=19;t=\d+, "burst";r=3;t=10$/, 'at that second both are over')

  // the month refuses, though the window has units left
  await launched.operate('POST', '/verify', { credential: (await acme.key()).key, api: 'both', cost: 4 })
  for (let i = 0; i < 3; i++)
    await launched.operate('POST', '/verify', { credential: (await acme.key()).key, api: 'both', cost: 4 })
  await get(launched, 'both.test', key)
  await get(launched, 'both.test', key)
  await get(launched, 'both.test', key)
  const month = await get(launched, 'both.test', (await acme.key()).key, 429)
  assert.deepEqual([month['x-ratelimit-limit'], month['x-ratelimit-reset']], ['20', '2026-07-01T00:00:00Z'])
  assert.equal(month['retry-after'], String((Date.parse('2026-07-01T00:00:00Z') - clock.at) / 1000))

  // a change of tier keeps the count; an unlimited policy sends nothing, the other one stays
  await launched.operate('PATCH', `/organizations/${acme.organization}`, { tier: 'pro' })
  assert.match(String((await get(launched, 'both.test', (await acme.key()).key)).ratelimit), /^"month";r=19;/)
  await launched.operate('PATCH', `/organizations/${acme.organization}`, { tier: 'enterprise' })
  const enterprise = await get(launched, 'both.test', (await acme.key()).key)
  assert.deepEqual([enterprise['x-ratelimit-limit'], enterprise['ratelimit-policy']], ['4', '"burst";q=4;w=10'])
  const none = await get(launched, 'unlimited.test', key)
  assert.deepEqual(
    Object.keys(none).filter((name) => name.includes('ratelimit')),
    [],
  )
})
