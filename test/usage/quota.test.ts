// What an organization has used, for each API and policy that counts it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { appliedLimits } from '../../src/limits/policy.ts'
import { buildConfig } from '../../src/config/config.ts'
import { local, openAccounts } from '../accounts/fixture.ts'

const file: LatchkeyConfig = {
  apis: {
    quota: {
      path: '/quota',
      limits: [
        {
          name: 'month',
          per: 'organization',
          limit: { free: 10_000, pro: 100_000, enterprise: null },
          period: 'month',
        },
        { name: 'window', per: 'credential', limit: 100, period: 60 },
      ],
    },
    burst: { path: '/burst', limits: [{ name: 'hour', per: 'organization', limit: 50, period: 3600 }] },
    free: { path: '/free', limits: [] },
  },
}

const config = buildConfig({}, file)
const limitsOf = (api: string, organization: string, environment = 'live', tier: 'free' | 'enterprise' = 'free') => {
  const found = config.apis.get(api)
  assert.ok(found)
  return appliedLimits(found, tier, environment, { credential: 'c', token: 't', organization })
}

interface Entry {
  api: string
  environment: string
  limit: number | null
  used: number
  remaining: number | null
  [field: string]: unknown
}

test('the paid environment is always told, others once they are used', async (t) => {
  const { ask, user, organization, allowance, clock } = await openAccounts(t, { file })
  const id = await organization(await user())
  const usage = async () =>
    (await ask<{ data: Entry[]; next_cursor: null }>(local, 'GET', `/organizations/${id}/usage`)).body
  assert.deepEqual(await usage(), {
    data: [
      {
        api: 'quota',
        limit_name: 'month',
        period: 'month',
        environment: 'live',
        limit: 10_000,
        used: 0,
        remaining: 10_000,
        period_start: '2026-11-01T00:00:00.000Z',
        reset: '2026-12-01T00:00:00.000Z',
        forecast: { per_day: 0, expected: 0, used_up_at: null },
      },
      {
        api: 'burst',
        limit_name: 'hour',
        period: 3600,
        environment: 'live',
        limit: 50,
        used: 0,
        remaining: 50,
        period_start: '2026-11-22T12:00:00.000Z',
        reset: '2026-11-22T13:00:00.000Z',
        forecast: null,
      },
    ],
    next_cursor: null,
  })
  await allowance.spend(limitsOf('quota', id), 3, clock.at)
  await allowance.spend(limitsOf('quota', id, 'test'), 2, clock.at)
  await allowance.spend(limitsOf('burst', id), 1, clock.at)
  clock.at += 60_000
  await allowance.spend(limitsOf('burst', id), 1, clock.at)
  const { data } = await usage()
  assert.deepEqual(
    data.map(({ api, environment, used, remaining }) => [api, environment, used, remaining]),
    [
      ['quota', 'live', 3, 9997],
      ['quota', 'test', 2, 9998],
      ['burst', 'live', 2, 48],
    ],
  )
  assert.deepEqual([data[2]?.period_start, data[2]?.reset], ['2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z'])
})

test('a change of tier keeps the count; unlimited is told as null', async (t) => {
  const { ask, user, organization, operate, allowance, clock } = await openAccounts(t, { file })
  const id = await organization(await user(), 'pro')
  await allowance.spend(
    limitsOf('quota', id).map((applied) => ({ ...applied, limit: 100_000 })),
    60_000,
    clock.at,
  )
  const first = async () => (await ask<{ data: Entry[] }>(local, 'GET', `/organizations/${id}/usage`)).body.data[0]
  const told = async () => {
    const entry = await first()
    return [entry?.limit, entry?.used, entry?.remaining]
  }
  assert.deepEqual(await told(), [100_000, 60_000, 40_000])
  await operate('PATCH', `/organizations/${id}`, { tier: 'free' })
  assert.deepEqual(await told(), [10_000, 60_000, 0])
  await operate('PATCH', `/organizations/${id}`, { tier: 'enterprise' })
  assert.deepEqual(await told(), [null, 60_000, null])
})

test('one organization’s use is not another’s', async (t) => {
  const { ask, user, organization, allowance, clock } = await openAccounts(t, { file })
  const [mine, other] = [await organization(await user()), await organization(await user())]
  await allowance.spend(limitsOf('quota', other), 5, clock.at)
  const { data } = (await ask<{ data: Entry[] }>(local, 'GET', `/organizations/${mine}/usage`)).body
  assert.deepEqual(
    data.map(({ used }) => used),
    [0, 0],
  )
})

test('a forecast goes on at the pace of the last 7 days, or, where nothing was counted, of the month so far', async (t) => {
  const { store, ask, user, organization, allowance, clock } = await openAccounts(t, { file })
  const id = await organization(await user())
  const forecast = async () =>
    (await ask<{ data: Entry[] }>(local, 'GET', `/organizations/${id}/usage`)).body.data[0]?.forecast
  // 21.5 days of November have gone, 8.5 are to come
  const month = limitsOf('quota', id).filter(({ policy }) => policy.period === 'month')
  await allowance.spend(month, 4_300, clock.at)
  assert.deepEqual(await forecast(), { per_day: 200, expected: 6_000, used_up_at: null })
  const row = { owner_id: id, width: 'hour', api: 'quota', environment: 'live', code: 'valid', count: 1 } as const
  const hour = 3_600_000
  await store.activity
    .insertInto('usage_totals')
    .values([
      { ...row, bucket: clock.at - 8 * 24 * hour, units: 1_000_000 },
      { ...row, bucket: clock.at - 2 * 24 * hour, units: 1_500 },
      { ...row, bucket: clock.at - hour, units: 500 },
      { ...row, bucket: clock.at - hour, units: 0, count: 900, code: 'rate_limit_exceeded' },
    ])
    .execute()
  assert.deepEqual(await forecast(), {
    per_day: 1_000,
    expected: 12_800,
    used_up_at: new Date(clock.at + 5.7 * 24 * hour).toISOString(),
  })
  await allowance.spend(month, 5_700, clock.at)
  assert.deepEqual(await forecast(), {
    per_day: 1_000,
    expected: 18_500,
    used_up_at: new Date(clock.at).toISOString(),
  })
})

test('less than a day counts as one: a first busy minute says little about a month', async (t) => {
  const { store, ask, user, organization, clock } = await openAccounts(t, { file })
  const id = await organization(await user())
  const row = { owner_id: id, width: 'hour', api: 'quota', environment: 'live', code: 'valid' } as const
  await store.activity
    .insertInto('usage_totals')
    .values({ ...row, bucket: clock.at, count: 100, units: 100 })
    .execute()
  const { data } = (await ask<{ data: Entry[] }>(local, 'GET', `/organizations/${id}/usage`)).body
  assert.deepEqual(data[0]?.forecast, { per_day: 100, expected: 850, used_up_at: null })
})
