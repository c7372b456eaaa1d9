// RFC 8414, RFC 7517, RFC 9052 §7: what the server publishes is true, the same for everybody, and made of the issuer alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from 'cborg'
import { launch, world } from '../harness.ts'

test('published documents', async (t) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const { issuer } = launched.config
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await launched.ask('GET', path, { headers })
    assert.equal(answer.statusCode, 200, path)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['access-control-allow-credentials'], undefined)
    assert.match(String(answer.headers['cache-control']), /^public, max-age=\d{1,3}$/)
    return answer
  }

  await t.test('metadata tells the issuer, whatever Host and forwarding headers say', async () => {
    const { body } = await get('/.well-known/oauth-authorization-server', {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    })
    const loopback = await launched.ask('GET', '/.well-known/oauth-authorization-server', { host: '127.0.0.1:9999' })
    assert.equal(loopback.body, body)
    assert.equal(body.includes('evil'), false)
    assert.equal(
      (await launched.ask('GET', '/.well-known/oauth-authorization-server', { host: 'evil.example' })).statusCode,
      421,
    )
    assert.equal(body.replaceAll(issuer, '').includes('http'), false, 'everything lies under the issuer')
    assert.equal(JSON.parse(body).issuer, issuer)
  })

  await t.test('the JWK set has public keys of every algorithm and nothing of any secret', async () => {
    const { keys } = (await get('/.well-known/jwks.json')).json<{ keys: Record<string, string>[] }>()
    assert.deepEqual(new Set(keys.map(({ alg }) => alg)), new Set(['ES256', 'EdDSA', 'RS256']))
    for (const key of keys) {
      assert.equal(key.use, 'sig')
      assert.ok(key.kid)
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(secret in key, false)
      assert.notEqual(key.kty, 'oct')
    }
  })

  await t.test('the COSE key set has the key of a CBOR Web Token', async () => {
    const answer = await get('/.well-known/cose-keys')
    assert.equal(answer.headers['content-type'], 'application/cose-key-set')
    const keys = decode(answer.rawPayload, { useMaps: true }) as Map<number, unknown>[]
    const { key } = await acme.key()
    const exchanged = await launched.ask('POST', '/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: key,
        subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
        requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
        audience: 'smally',
      },
    })
    const { header } = await launched.operate<{ header: Record<string, unknown> }>('POST', '/inspect', {
      token: exchanged.json<{ access_token: string }>().access_token,
    })
    const kids = keys.map((found) => Buffer.from(found.get(2) as Uint8Array).toString('base64url'))
    assert.ok(kids.includes(header.kid as string), JSON.stringify(header))
    for (const found of keys) assert.equal(found.has(-4), false, 'no private key')
  })
})
