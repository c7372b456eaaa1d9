// Keys that are held to networks: how their list is read and told, and what it lets in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Scene, refused, scene } from './scene.ts'

const world = await scene()
const { call, operate, person } = world

const owner = await person()
const organization = await world.organization(owner.id)
const keys = `/organizations/${organization}/api-keys`

interface Key {
  id: string
  key: string
  networks: string[] | null
}

const make = (networks?: unknown, fields: object = {}) =>
  operate<Key>('POST', keys, { name: 'Key', user_id: owner.id, ...(networks !== undefined && { networks }), ...fields })

interface Explained {
  code: string
  checks: { check: string; passed: boolean | null; detail?: string }[]
}

const explain = (credential: string, ip?: string) =>
  operate<Explained>('POST', '/explain', { credential, ...(ip !== undefined && { ip }) })

/** The codes of verify for each address; '': not told. */
const codes = async (key: string, ips: readonly string[]): Promise<string[]> => {
  const found: string[] = []
  for (const ip of ips) found.push((await explain(key, ip === '' ? undefined : ip)).code)
  return found
}

test('a list is told in its shortest form, each network once, IPv4 in its own form', async () => {
  const { networks } = await make([
    '203.0.113.7',
    '203.0.113.7/32',
    '10.0.0.0/8',
    '::ffff:192.0.2.0/120',
    '2001:DB8:0:0:0:0:0:1',
    '2001:db8:1::/48',
    ' 198.51.100.0/24 ',
  ])
  assert.deepEqual(networks, [
    '203.0.113.7',
    '10.0.0.0/8',
    '192.0.2.0/24',
    '2001:db8::1',
    '2001:db8:1::/48',
    '198.51.100.0/24',
  ])
  assert.equal((await make()).networks, null)
})

test('every entry that is wrong is told, with the way out', async () => {
  const answer = await call(owner.token, 'POST', keys, {
    name: 'Key',
    networks: ['10.0.0.0/8', '10.0.0.300', '10.1.2.3/24', '10.0.0.0/33', 'fe80::1%eth0', '2001:db8::/', 'example.com'],
  })
  refused(answer, 'invalid_request')
  const detail = String(answer.body.detail)
  assert.ok(!detail.includes('networks[0]'))
  for (const place of [1, 2, 3, 4, 5, 6]) assert.ok(detail.includes(`networks[${place}]`), detail)
  assert.ok(detail.includes('write 10.1.2.0/24, or 10.1.2.3 for the one address'), detail)
  refused(await call(owner.token, 'POST', keys, { name: 'Key', networks: [] }), 'invalid_request')
  refused(
    await call(owner.token, 'POST', keys, {
      name: 'Key',
      networks: Array.from({ length: 51 }, (_, index) => `10.0.0.${index}`),
    }),
    'invalid_request',
  )
})

test('a key is good from its networks alone, and from nowhere where its caller’s address is not told', async () => {
  const { key } = await make(['203.0.113.0/24', '2001:db8::/32'])
  assert.deepEqual(
    await codes(key, [
      '203.0.113.0',
      '203.0.113.255',
      '::ffff:203.0.113.9',
      '::FFFF:CB00:7109',
      '2001:db8:ffff::1',
      '203.0.112.255',
      '203.0.114.0',
      '2001:db9::1',
      '::203.0.113.9',
      '',
    ]),
    ['valid', 'valid', 'valid', 'valid', 'valid', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'forbidden'],
  )
  const all = await make(['0.0.0.0/0'])
  assert.deepEqual(await codes(all.key, ['198.51.100.1', '2001:db8::1', '']), ['valid', 'forbidden', 'forbidden'])
})

test('explain names the check, what it passed before, and what to do', async () => {
  const { key } = await make(['203.0.113.0/24'])
  const { checks } = await explain(key, '198.51.100.1')
  const at = checks.findIndex(({ check }) => check === 'network')
  assert.deepEqual(
    checks.map(({ passed }) => passed),
    checks.map((_, index) => (index < at ? true : index === at ? false : null)),
  )
  assert.equal(checks[at - 1]?.check, 'api')
  assert.match(checks[at]?.detail ?? '', /203\.0\.113\.0\/24 alone; the request came from 198\.51\.100\.1/)
  const unknown = (await explain(key)).checks[at]?.detail ?? ''
  assert.match(unknown, /"ip"/)
  const many = await make(Array.from({ length: 50 }, (_, index) => `10.0.${index}.0/24`))
  assert.match((await explain(many.key, '192.0.2.1')).checks[at]?.detail ?? '', /10\.0\.4\.0\/24 and 45 more/)
})

test('a change of the list counts from the next request on; null takes it away', async () => {
  const { id, key } = await make(['203.0.113.0/24'])
  const change = (networks: string[] | null) => call(owner.token, 'PATCH', `/api-keys/${id}`, { networks })
  assert.deepEqual((await change(['203.0.113.7'])).body.networks, ['203.0.113.7'])
  assert.deepEqual(await codes(key, ['203.0.113.7', '203.0.113.8']), ['valid', 'forbidden'])
  assert.deepEqual((await change(['203.0.113.0/24', '198.51.100.7'])).status, 200)
  assert.deepEqual(await codes(key, ['203.0.113.8', '198.51.100.7']), ['valid', 'valid'])
  assert.equal((await change(null)).body.networks, null)
  assert.deepEqual(await codes(key, ['192.0.2.1', '']), ['valid', 'valid'])
  refused(await change([]), 'invalid_request')
  assert.deepEqual(await world.actions(id), [
    'api_key.created',
    'api_key.narrowed',
    'api_key.widened',
    'api_key.widened',
  ])
})

test('rotation keeps the list', async () => {
  const { id } = await make(['203.0.113.0/24'])
  const rotated = await operate<Key>('POST', `/api-keys/${id}/rotate`, { overlap_seconds: 0 })
  assert.deepEqual(rotated.networks, ['203.0.113.0/24'])
  assert.deepEqual(await codes(rotated.key, ['203.0.113.1', '192.0.2.1']), ['valid', 'forbidden'])
})

test('of a batch each item is judged from its own address', async () => {
  const { key } = await make(['203.0.113.0/24'])
  const { results } = await operate<{ results: { code: string }[] }>('POST', '/verify', {
    items: [{ credential: key, ip: '203.0.113.1' }, { credential: key, ip: '192.0.2.1' }, { credential: key }],
  })
  assert.deepEqual(
    results.map(({ code }) => code),
    ['valid', 'forbidden', 'forbidden'],
  )
  for (const ip of ['203.0.113.1%eth0', 'fe80::1%eth0', '203.0.113.0/24', '203.0.113.1, 203.0.113.2', 'localhost'])
    await assert.rejects(operate('POST', '/verify', { credential: key, ip }), /400/, ip)
})

test('the refusal spends nothing and does not count as a use', async () => {
  const { id, key } = await make(['203.0.113.0/24'])
  const verify = await operate<{ limits: { remaining: number; limit: number }[] }>('POST', '/verify', {
    credential: key,
    ip: '192.0.2.1',
  })
  assert.ok(verify.limits.every(({ limit, remaining }) => limit === remaining))
  assert.equal((await operate<Scene & { last_used_at: null }>('GET', `/api-keys/${id}`)).last_used_at, null)
})
