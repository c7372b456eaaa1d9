// RFC 9449 for APIs that ask about the proofs that they get: POST /api/v1/verify, /explain, and the short ways of a real socket.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type ProofParts, prover, withNonce } from '../dpop.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { send, serve } from '../gateway/wire.ts'

const file: LatchkeyConfig = {
  apis: {
    shop: {
      audience: 'https://shop.example',
      limits: [{ name: 'window', per: 'credential', limit: 2, period: 60 }],
    },
  },
  defaultApi: 'shop',
}

interface Outcome {
  valid: boolean
  code: string
  principal?: { kind: string }
  limits?: { remaining: number }[]
  dpop?: { error?: string; nonce?: string }
}

const setUp = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-05-05T00:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const mine = await prover('ES256', clock)
  const { key: asker } = await launched.operate<{ key: string }>(
    'POST',
    `/organizations/${acme.organization}/api-keys`,
    { name: 'Asker', user_id: acme.owner, scopes: 'verify' },
  )
  const { client_id, client_secret } = await acme.client()
  const issue = { grant_type: 'client_credentials', client_id, client_secret }
  const tokenUrl = `${launched.config.issuer}/oauth/token`
  const token = (
    await withNonce(mine, { url: tokenUrl }, (dpop) =>
      launched.ask('POST', '/oauth/token', { headers: { dpop }, form: issue }),
    )
  ).json<{ access_token: string }>().access_token
  const url = 'https://shop.example/cart?page=1'
  const parts: ProofParts = { method: 'GET', url, token }
  const ask = async (body: object, path = '/api/v1/verify'): Promise<Outcome> => {
    const answer = await launched.ask('POST', path, { as: asker, body: { credential: token, ...body } })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json()
  }
  const shown = async (more: Partial<ProofParts> = {}, by = mine) => ({
    dpop: { proof: await by.prove({ ...parts, ...more }), method: 'GET', url },
  })
  const nonce = async (): Promise<string> => String((await ask(await shown())).dpop?.nonce)
  return { clock, launched, acme, mine, asker, issue, tokenUrl, token, url, ask, shown, nonce }
}

test('POST /verify judges a proof as the gateway would, and says what the caller is to be told', async (t) => {
  const { clock, launched, acme, asker, token, ask, shown, nonce } = await setUp(t)

  await t.test('without a proof, and without a nonce', async () => {
    assert.deepEqual({ ...(await ask({})), request_id: 0 }, { valid: false, code: 'invalid_api_key', request_id: 0 })
    const { valid, code, dpop } = await ask(await shown())
    assert.deepEqual([valid, code, dpop?.error], [false, 'invalid_api_key', 'use_dpop_nonce'])
    assert.match(String(dpop?.nonce), /^[0-9a-f]{32}$/)
  })

  await t.test('with one: once, and a dry run leaves it as it is', async () => {
    const proof = await shown({ nonce: await nonce() })
    for (const dry_run of [true, true, false]) {
      const { valid, principal, dpop, limits } = await ask({ ...proof, dry_run })
      assert.deepEqual([valid, principal?.kind, dpop], [true, 'oauth_token', undefined])
      assert.equal(limits?.[0]?.remaining, dry_run ? 2 : 1)
    }
    assert.deepEqual((await ask(proof)).dpop, { error: 'invalid_dpop_proof' })
  })

  await t.test('with one for something else, of somebody else, or for what is not bound', async () => {
    const thief = await prover('ES256', clock)
    const told = await nonce()
    assert.deepEqual((await ask(await shown({ nonce: told, method: 'POST' }))).dpop, { error: 'invalid_dpop_proof' })
    const ofThief = await ask(await shown({ nonce: told }, thief))
    assert.deepEqual([ofThief.valid, ofThief.dpop], [false, undefined])
    const { key } = await acme.key()
    const unbound = await ask({ credential: key, ...(await shown({ nonce: told, token: key })) })
    assert.deepEqual([unbound.valid, unbound.dpop], [false, undefined])
    assert.equal((await ask({ credential: key })).valid, true)
  })

  await t.test('§8.2: a newer nonce is told, also in a batch', async () => {
    const told = await nonce()
    clock.advance(12_000)
    const [one, other] = [await shown({ nonce: told }), await shown({ nonce: told, url: 'https://evil.test/cart' })]
    const items = [one, other].map((item) => ({ credential: token, ...item }))
    const answer = (await launched.ask('POST', '/api/v1/verify', { as: asker, body: { items } })).json<{
      results: Outcome[]
    }>().results
    assert.equal(answer[0]?.valid, true)
    assert.match(String(answer[0]?.dpop?.nonce), /^[0-9a-f]{32}$/)
    assert.notEqual(answer[0]?.dpop?.nonce, told)
    assert.deepEqual(answer[1]?.dpop, { error: 'invalid_dpop_proof' })
  })

  await t.test('the members are checked', async () => {
    for (const dpop of [{}, 'x', null, { proof: 'x', method: 'GET' }, { ...(await shown()).dpop, more: 1 }]) {
      const { statusCode } = await launched.ask('POST', '/api/v1/verify', {
        as: asker,
        body: { credential: 'x', dpop },
      })
      assert.equal(statusCode, 400, JSON.stringify(dpop))
    }
  })
})

test('/explain names the proof among the checks, after those that look at the token alone', async (t) => {
  const { ask, shown, nonce } = await setUp(t)
  const explain = async (body: object) =>
    (
      (await ask(body, '/api/v1/explain')) as unknown as {
        checks: { check: string; passed: boolean | null; detail?: string }[]
      }
    ).checks
  const unproven = await explain({})
  assert.deepEqual(
    unproven.map(({ check, passed }) => [check, passed]),
    [
      ['format', true],
      ['look-up', true],
      ['signature', true],
      ['expiry', true],
      ['status', true],
      ['proof', false],
      ['environment', null],
      ['api', null],
      ['network', null],
      ['organization', null],
      ['scope', null],
      ['limit', null],
    ],
  )
  assert.match(String(unproven[5]?.detail), /bound to a key/)
  const proof = await shown({ nonce: await nonce() })
  for (let i = 0; i < 2; i += 1)
    assert.ok(
      (await explain(proof)).every(({ passed }) => passed === true),
      'a dry run',
    )
})

test('on a socket, where plain requests take the short way: a token, a verdict, and forward-auth', async (t) => {
  const { launched, mine, asker, issue, tokenUrl, token, url } = await setUp(t)
  const port = await serve(t, launched)
  const form = ['Host', 'localhost', 'Content-Type', 'application/x-www-form-urlencoded']
  const issued = await withNonce(mine, { url: tokenUrl }, (proof) =>
    send(port, {
      method: 'POST',
      path: '/oauth/token',
      headers: [...form, 'DPoP', proof],
      body: new URLSearchParams(issue).toString(),
    }),
  )
  assert.equal(issued.status, 200, issued.body)
  assert.equal((JSON.parse(issued.body) as { token_type: string }).token_type, 'DPoP')
  const verify = async (nonce?: string) => {
    const dpop = { proof: await mine.prove({ method: 'GET', url, token, nonce }), method: 'GET', url }
    const { body } = await send(port, {
      method: 'POST',
      path: '/api/v1/verify',
      headers: ['Host', 'localhost', 'Authorization', `Bearer ${asker}`, 'Content-Type', 'application/json'],
      body: JSON.stringify({ credential: token, dpop }),
    })
    return JSON.parse(body) as Outcome
  }
  const first = await verify()
  assert.equal(first.dpop?.error, 'use_dpop_nonce')
  assert.equal((await verify(first.dpop?.nonce)).valid, true)
  const asked = await withNonce(mine, { method: 'GET', url, token }, (proof) =>
    send(port, {
      path: '/forward-auth?api=shop',
      headers: Object.entries({
        Host: 'proxy.internal',
        Authorization: `DPoP ${token}`,
        DPoP: proof,
        'X-Forwarded-Method': 'GET',
        'X-Forwarded-Host': 'shop.example',
        'X-Forwarded-Uri': '/cart',
      }).flat(),
    }),
  )
  assert.equal(asked.status, 200, asked.body)
})
