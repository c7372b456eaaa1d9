// RFC 7591 §2 `jwks` and `jwks_uri`, RFC 7523: clients that prove themselves by keys, and who may give them some.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Client } from '../../src/clients/client.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'
import { assertionForm, type ClientKeyPair, keyPair, signAssertion } from './client-key.ts'

/** Answers with the keys of the moment, and counts how often it is asked. */
const serveKeys = async (t: Cleanup): Promise<{ uri: string; keys: object[]; asked: number; down: boolean }> => {
  const served = { uri: '', keys: [] as object[], asked: 0, down: false }
  const server = createServer((_request, response) => {
    served.asked += 1
    response
      .writeHead(served.down ? 503 : 200, {
        'content-type': 'application/jwk-set+json',
        'cache-control': 'max-age=120',
      })
      .end(JSON.stringify({ keys: served.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  served.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  return served
}

test('clients with keys', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const { operate, config } = launched
  const acme = await world(launched)
  const clients = `/organizations/${acme.organization}/clients`
  const create = (body: object, as?: string) =>
    launched.ask('POST', `/api/v1${clients}`, {
      body: { name: 'Client', ...body },
      ...(as === undefined ? { headers: launched.app.operatorHeaders() } : { as }),
    })
  const change = (id: string, body: object, as?: string) =>
    launched.ask('PATCH', `/api/v1/clients/${id}`, {
      body,
      ...(as === undefined ? { headers: launched.app.operatorHeaders() } : { as }),
    })
  const token = async (form: Record<string, string>): Promise<number> =>
    (await launched.ask('POST', '/oauth/token', { form: { grant_type: 'client_credentials', ...form } })).statusCode
  const proves = async (pair: ClientKeyPair, id: string): Promise<boolean> =>
    (await token(assertionForm(await signAssertion(pair, id, config.issuer, clock())))) === 200
  const one = keyPair('ES256', 'one')
  const two = keyPair('RS256', 'two')

  await t.test('key sets that are refused', async () => {
    const { privateKey } = keyPair('ES256')
    const wrong: [object, RegExp][] = [
      [{ jwks: { keys: [] } }, /jwks/],
      [{ jwks: { keys: [privateKey.export({ format: 'jwk' })] } }, /private/],
      [{ jwks: { keys: [one.jwk, { kty: 'oct', k: 'c2VjcmV0' }] } }, /symmetric/],
      [{ jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] } }, /2048/],
      [{ jwks: { keys: [{ ...one.jwk, x: one.jwk.y, y: one.jwk.x }] } }, /no key/],
      [{ jwks: { keys: [{ ...one.jwk, use: 'enc' }] } }, /no key/],
      [{ jwks: { keys: [{ ...one.jwk, alg: 'RS256' }] } }, /no key/],
      [{ jwks: { keys: [{ ...one.jwk, key_ops: ['sign'] }] } }, /no key/],
      [{ jwks: { keys: [{ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }] } }, /no key/],
      [{ jwks: { keys: Array.from({ length: 21 }, () => one.jwk) } }, /jwks/],
      [{ jwks: { keys: [one.jwk] }, jwks_uri: 'https://client.example/jwks.json' }, /not both/],
      [{ jwks: { keys: [one.jwk] }, public: true, redirect_uris: ['https://client.example/cb'] }, /public client/],
      [{ jwks_uri: 'http://client.example/jwks.json' }, /https/],
      [{ jwks_uri: 'https://10.0.0.1/jwks.json' }, /public Internet/],
      [{ uri: 'com.example.app:/home' }, /https/],
      [{ post_logout_redirect_uris: ['http://client.example/bye'] }, /post-logout.*https/],
      [{ subject_type: 'pairwise', redirect_uris: ['https://a.example/cb', 'https://b.example/cb'] }, /one host/],
    ]
    for (const [body, message] of wrong) {
      const answer = await create(body)
      assert.equal(answer.statusCode, 400, JSON.stringify(body))
      assert.match(answer.body, message)
    }
  })

  await t.test('everything else that can be said of a client is kept and shown', async () => {
    const said = {
      jwks_uri: 'https://client.example/jwks.json',
      dpop_bound: true,
      par_required: true,
      subject_type: 'pairwise',
      redirect_uris: ['https://client.example/cb'],
      post_logout_redirect_uris: ['https://client.example/bye'],
      uri: 'https://client.example/',
    }
    const made = (await create(said)).json<Client>()
    const { client_id } = made
    assert.equal('client_secret' in made, false)
    const shown = await operate<Client>('GET', `/clients/${client_id}`)
    for (const [name, value] of Object.entries(said)) assert.deepEqual(shown[name as keyof Client], value, name)
    const changes = {
      dpop_bound: false,
      par_required: false,
      subject_type: 'public',
      post_logout_redirect_uris: [],
      uri: null,
    }
    const changed = (await change(client_id, changes)).json<Client>()
    for (const [name, value] of Object.entries(changes)) assert.deepEqual(changed[name as keyof Client], value, name)
    const { data } = await operate<{ data: { action: string; detail: object }[] }>(
      'GET',
      `/audit?target_id=${client_id}`,
    )
    assert.deepEqual(data.find(({ action }) => action === 'client.updated')?.detail, changes)
  })

  await t.test('keys in place of a secret end it; a secret in place of keys is made by rotation', async () => {
    const { client_id, client_secret } = await acme.client({ apis: ['smoo'] })
    assert.equal(await token({ client_id, client_secret }), 200)
    assert.equal((await change(client_id, { jwks: { keys: [one.jwk] } })).statusCode, 200)
    assert.equal(await token({ client_id, client_secret }), 401)
    assert.equal(await proves(one, client_id), true)
    assert.match(
      (await launched.ask('POST', `/api/v1/clients/${client_id}/rotate`, { headers: launched.app.operatorHeaders() }))
        .body,
      /by its keys/,
    )
    assert.equal((await change(client_id, { jwks: { keys: [two.jwk] } })).statusCode, 200)
    assert.equal(await proves(one, client_id), false)
    assert.equal(await proves(two, client_id), true)
    const changed = (await change(client_id, { jwks_uri: 'https://client.example/jwks.json' })).json<Client>()
    assert.deepEqual([changed.jwks, changed.jwks_uri], [null, 'https://client.example/jwks.json'])
    assert.equal((await change(client_id, { jwks_uri: null })).statusCode, 200)
    assert.equal(await proves(two, client_id), false)
    const rotated = await operate<{ client_secret: string }>('POST', `/clients/${client_id}/rotate`)
    assert.equal(await token({ client_id, client_secret: rotated.client_secret }), 200)
  })

  await t.test('who gives a client keys can act as it, and so must be able to do what it can', async () => {
    const { client_id } = await acme.client({ scopes: 'read write', jwks: { keys: [one.jwk] } })
    const weak = (await acme.key({ scopes: 'manage:clients read' })).key
    for (const body of [{ jwks: { keys: [two.jwk] } }, { jwks_uri: 'https://evil.example/jwks' }, { jwks: null }])
      assert.equal((await change(client_id, body, weak)).statusCode, 403, JSON.stringify(body))
    for (const body of [{ dpop_bound: true, par_required: true }, { uri: 'https://client.example/' }])
      assert.equal((await change(client_id, body, weak)).statusCode, 200, JSON.stringify(body))
    for (const body of [{ dpop_bound: false }, { par_required: false }])
      assert.equal((await change(client_id, body, weak)).statusCode, 403, JSON.stringify(body))
    assert.equal((await create({ scopes: 'read', jwks: { keys: [two.jwk] } }, weak)).statusCode, 201)
  })

  await t.test('keys behind an address: fetched when needed, kept, and a new one found', async () => {
    const served = await serveKeys(t)
    served.keys = [one.jwk]
    const { client_id } = await acme.client({ jwks_uri: served.uri, apis: ['smoo'] })
    assert.equal(served.asked, 0, 'not at registration')
    assert.equal(await proves(one, client_id), true)
    assert.equal(await proves(one, client_id), true)
    assert.equal(served.asked, 1)
    served.keys = [two.jwk]
    assert.equal(await proves(two, client_id), false, 'an unknown kid is asked for again every half minute at most')
    assert.equal(served.asked, 1)
    clock.advance(30_000)
    assert.equal(await proves(two, client_id), true)
    assert.equal(await proves(one, client_id), false, 'and the old one has gone')
    assert.equal(served.asked, 2)
  })

  await t.test('what cannot be fetched anew when its time is over is not used on', async () => {
    const served = await serveKeys(t)
    served.keys = [one.jwk]
    const { client_id } = await acme.client({ jwks_uri: served.uri, apis: ['smoo'] })
    assert.equal(await proves(one, client_id), true)
    served.down = true
    clock.advance(119_000)
    assert.equal(await proves(one, client_id), true)
    clock.advance(2000)
    assert.equal(await proves(one, client_id), false)
    served.down = false
    clock.advance(10_001)
    assert.equal(await proves(one, client_id), true)
  })

  await t.test('clients of nobody are listed for operators', async () => {
    const { data } = await operate<{ data: Client[] }>('GET', '/clients')
    assert.deepEqual(
      data.map(({ client_id, organization_id, registration }) => [client_id, organization_id, registration]),
      [['latchkey-cli', null, 'built_in']],
    )
    const owner = (await acme.token()).token
    assert.equal((await launched.ask('GET', '/api/v1/clients', { as: owner })).statusCode, 403)
    assert.equal((await launched.ask('GET', '/api/v1/clients/latchkey-cli', { as: owner })).statusCode, 404)
    assert.equal((await operate<Client>('GET', '/clients/latchkey-cli')).name, 'Latchkey command line')
  })
})
