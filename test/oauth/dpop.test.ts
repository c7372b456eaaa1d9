// RFC 9449 §5, §8: the token endpoint binds tokens to the key of a proof, and asks for a nonce first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type ProofParts, type Prover, prover, withNonce } from '../dpop.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const file: LatchkeyConfig = {
  apis: {
    orders: { hosts: ['orders.test'], upstream: 'echo', authorizationHosts: ['auth.test'] },
    secret: { hosts: ['secret.test'], upstream: 'echo', profile: 'example' },
    signed: { accepts: ['api_key', 'cwt'] },
    headed: { accepts: ['oauth_token', 'jwt'], presentation: { bearer: false, header: 'X-API-TOKEN' } },
  },
  defaultApi: 'orders',
}

interface Answer {
  access_token: string
  token_type: string
  error?: string
  error_description?: string
}

const setUp = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-05-05T00:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const acme = await world(launched)
  const client = await acme.client()
  const mine = await prover('ES256', clock)
  const url = `${launched.config.issuer}/oauth/token`
  const post = async (
    dpop: string | undefined,
    form: Record<string, string> = {},
    { path = '/oauth/token', host = 'localhost', by = client } = {},
  ) => {
    const { client_id, client_secret } = by
    const fields = { grant_type: 'client_credentials', client_id, client_secret, ...form }
    const answer = await launched.ask('POST', path, {
      host,
      headers: dpop === undefined ? {} : { dpop },
      form: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')),
    })
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, unknown>,
      body: answer.json<Answer>(),
    }
  }
  const bound = (form: Record<string, string> = {}, parts: Partial<ProofParts> = {}, by: Prover = mine) =>
    withNonce(by, { url, ...parts }, (proof) => post(proof, form))
  return { clock, launched, acme, client, mine, url, post, bound }
}

test('a token is bound to the key of the proof', async (t) => {
  const { clock, launched, acme, client, mine, url, post, bound } = await setUp(t)

  await t.test('§8: without a nonce the answer is 400 use_dpop_nonce with one, and no token', async () => {
    const { status, headers, body } = await post(await mine.prove({ url }))
    assert.equal(status, 400)
    assert.equal(body.error, 'use_dpop_nonce')
    assert.equal(body.access_token, undefined)
    assert.match(String(headers['dpop-nonce']), /^[\x21\x23-\x5b\x5d-\x7e]{20,}$/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(String(body.error_description), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  await t.test('§5, §6: the answer says DPoP, the token names the key', async () => {
    for (const alg of ['ES256', 'EdDSA', 'RS256']) {
      const by = await prover(alg, clock)
      for (const resource of ['http://orders.test:8000', 'http://secret.test:8000']) {
        const { status, headers, body } = await bound({ resource }, {}, by)
        assert.equal(status, 200, JSON.stringify(body))
        assert.equal(body.token_type, 'DPoP')
        assert.deepEqual(decodeJwt(body.access_token).cnf, { jkt: by.thumbprint })
        assert.equal(headers['dpop-nonce'], undefined, 'the nonce is the newest there is')
      }
    }
    const unbound = await post(undefined)
    assert.equal(unbound.body.token_type, 'Bearer')
    assert.equal(decodeJwt(unbound.body.access_token).cnf, undefined)
  })

  await t.test('§8.2: a newer nonce is told with the token', async () => {
    const { headers } = await post(await mine.prove({ url }))
    const nonce = String(headers['dpop-nonce'])
    clock.advance(15_000)
    const renewed = await post(await mine.prove({ url, nonce }))
    assert.equal(renewed.status, 200)
    assert.notEqual(renewed.headers['dpop-nonce'], undefined)
    assert.notEqual(renewed.headers['dpop-nonce'], nonce)
    clock.advance(20_000)
    const old = await post(await mine.prove({ url, nonce }))
    assert.equal(old.body.error, 'use_dpop_nonce')
  })

  await t.test('§4.3: what is wrong with a proof is 400 invalid_dpop_proof, and a replay is', async () => {
    const nonce = String((await post(await mine.prove({ url }))).headers['dpop-nonce'])
    const good = await mine.prove({ url, nonce })
    assert.equal((await post(good)).status, 200)
    for (const bad of [
      good,
      `${good}, ${good}`,
      'x',
      await mine.prove({ url: `${url}s`, nonce }),
      await mine.prove({ url, nonce, method: 'GET' }),
      await mine.prove({ url, nonce, header: { jwk: mine.privateJwk } }),
    ]) {
      const { status, body } = await post(bad)
      assert.equal(status, 400)
      assert.equal(body.error, 'invalid_dpop_proof')
      assert.match(String(body.error_description), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
    }
    const twice = await launched.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: {
        host: 'localhost',
        'content-type': 'application/x-www-form-urlencoded',
        dpop: [await mine.prove({ url, nonce }), await mine.prove({ url, nonce })],
      },
      payload: `grant_type=client_credentials&client_id=${client.client_id}&client_secret=${client.client_secret}`,
    })
    assert.equal(twice.statusCode, 400)
    assert.equal(twice.json<Answer>().error, 'invalid_dpop_proof')
  })

  await t.test('the address is that of the endpoint under each of its names, and never made of Host', async () => {
    const nonce = String((await post(await mine.prove({ url }))).headers['dpop-nonce'])
    for (const [host, path, htu, status] of [
      ['localhost', '/token', 'http://localhost:8000/token', 200],
      ['localhost:9999', '/oauth/token', 'http://localhost:8000/oauth/token', 200],
      ['127.0.0.1:9999', '/oauth/token', 'http://127.0.0.1:8000/oauth/token', 200],
      ['auth.test', '/token', 'http://auth.test:8000/token', 200],
      ['AUTH.test.', '/oauth/token', 'http://auth.test:8000/oauth/token', 200],
      ['localhost', '/oauth/token?a=b', 'http://localhost:8000/oauth/token', 200],
      ['localhost', '/token', 'http://localhost:8000/oauth/token', 400],
      ['localhost:9999', '/oauth/token', 'http://localhost:9999/oauth/token', 400],
      ['auth.test', '/oauth/token', 'http://localhost:8000/oauth/token', 400],
      ['auth.test', '/oauth/token', 'https://auth.test/oauth/token', 400],
    ] as const) {
      const answer = await post(await mine.prove({ url: htu, nonce }), {}, { host, path })
      assert.equal(answer.status, status, `${host}${path} ${htu}`)
    }
    const forwarded = await launched.ask('POST', '/oauth/token', {
      headers: {
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
        dpop: await mine.prove({ url: 'https://evil.test/oauth/token', nonce }),
      },
      form: { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret },
    })
    assert.equal(forwarded.json<Answer>().error, 'invalid_dpop_proof')
  })

  await t.test('a proof opens nothing: the client is asked first', async () => {
    const answer = await post(await mine.prove({ url }), { client_secret: 'cs_wrong' })
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['dpop-nonce'], undefined)
  })

  await t.test('§5.2: a client of bound tokens gets no other', async () => {
    const strict = await acme.client()
    await launched.app.store.transaction((trx) =>
      trx.updateTable('clients').set({ dpop_bound: 1 }).where('id', '=', strict.client_id).execute(),
    )
    const refused = await post(undefined, {}, { by: strict })
    assert.equal(refused.status, 400)
    assert.equal(refused.body.error, 'invalid_dpop_proof')
    const given = await withNonce(mine, { url }, (proof) => post(proof, {}, { by: strict }))
    assert.equal(given.body.token_type, 'DPoP')
  })
})

test('§11.1: two servers on one store take each other’s nonces; a stolen proof is good once at each, and for 30 seconds', async (t) => {
  const { clock, launched, client, mine, url, post } = await setUp(t)
  const second = await launch(t, { file, now: clock, folder: launched.folder })
  const { client_id, client_secret } = client
  const postThere = async (dpop: string) =>
    (
      await second.ask('POST', '/oauth/token', {
        headers: { dpop },
        form: { grant_type: 'client_credentials', client_id, client_secret },
      })
    ).json<Answer>()
  const nonce = String((await post(await mine.prove({ url }))).headers['dpop-nonce'])
  const [stolen, other] = [await mine.prove({ url, nonce }), await mine.prove({ url, nonce })]
  assert.equal((await post(stolen)).status, 200)
  assert.equal((await post(stolen)).body.error, 'invalid_dpop_proof')
  assert.equal((await postThere(stolen)).token_type, 'DPoP')
  assert.equal((await postThere(stolen)).error, 'invalid_dpop_proof')
  clock.advance(30_000)
  for (const proof of [stolen, other]) {
    assert.equal((await post(proof)).body.error, 'use_dpop_nonce')
    assert.equal((await postThere(proof)).error, 'use_dpop_nonce')
  }
})

test('RFC 8693: tokens exchanged for a key are bound as well; what cannot be bound is refused', async (t) => {
  const { acme, launched, mine, bound } = await setUp(t)
  const { key } = await acme.key()
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: '',
    client_secret: '',
    subject_token: key,
    subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
  }
  const cwt = 'urn:latchkey:params:oauth:token-type:cwt'
  const jwt = await bound({ ...exchange, audience: 'orders' })
  assert.equal(jwt.body.token_type, 'DPoP', JSON.stringify(jwt.body))
  assert.deepEqual(decodeJwt(jwt.body.access_token).cnf, { jkt: mine.thumbprint })
  for (const [form, error] of [
    [{ audience: 'orders', requested_token_type: cwt }, 'invalid_request'],
    [{ audience: 'signed' }, 'invalid_request'],
    [{ audience: 'headed' }, 'invalid_target'],
  ] as const) {
    const { status, body } = await bound({ ...exchange, ...form })
    assert.equal(status, 400)
    assert.equal(body.error, error, JSON.stringify(form))
  }
  const again = await bound({ ...exchange, subject_token: jwt.body.access_token, audience: 'orders' })
  assert.equal(again.body.error, 'invalid_request', 'a bound token is no subject token')
  assert.equal(
    (await launched.ask('GET', '/', { host: 'orders.test', as: key })).statusCode,
    200,
    'the key is as it was',
  )
})
