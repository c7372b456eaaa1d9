// Whoever has one IPv6 network has 2^64 addresses (RFC 4291 §2.5.4): it may ask no more often than whoever has one address.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, stoppedClock, world } from '../harness.ts'
import { pkce, signIn } from '../oauth/flow.ts'

const inOneNetwork = (n: number) => ({ 'x-forwarded-for': `2001:db8:1:2::${n.toString(16)}` })
const inAnother = { 'x-forwarded-for': '2001:db8:1:3::1' }

test('device codes and pushed requests in the name of a public client are counted by network (RFC 8628 §5, RFC 9126 §2.3)', async (t) => {
  const launched = await launch(t, { now: stoppedClock('2026-02-01T12:00:00Z') })
  const { ask } = launched
  const acme = await world(launched)
  const redirect_uri = 'https://app.example.com/callback'
  const { client_id } = await acme.client({ public: true, redirect_uris: [redirect_uri], apis: ['multi'] })
  const push = {
    client_id,
    redirect_uri,
    response_type: 'code',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }
  for (const [endpoint, form, most, good] of [
    ['/oauth/device_authorization', { client_id: 'latchkey-cli' }, 60, 200],
    ['/oauth/par', push, 600, 201],
  ] as const) {
    const from = async (headers: Record<string, string>) => (await ask('POST', endpoint, { form, headers })).statusCode
    for (let n = 1; n <= most; n++) assert.equal(await from(inOneNetwork(n)), good, `${endpoint} ${n}`)
    assert.equal(await from(inOneNetwork(most + 1)), 429, endpoint)
    assert.equal(await from(inAnother), good, endpoint)
  }
})

test('user codes that people of one network try are counted together (RFC 8628 §5.1)', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  await world(launched)
  const statuses: number[] = []
  for (let person = 1; person <= 4; person++) {
    const email = `p${person}@example.com`
    const { id } = await launched.operate<{ id: string }>('POST', '/users', { email, name: 'P' })
    const { cookie } = await signIn(launched, id, clock())
    for (let n = 0; n < 20; n++) {
      const headers = { cookie, ...inOneNetwork(person * 100 + n) }
      statuses.push((await launched.ask('GET', '/device?user_code=BCDF-GHJK', { headers })).statusCode)
    }
  }
  assert.deepEqual(statuses, [...Array<number>(60).fill(404), ...Array<number>(20).fill(429)])
})
