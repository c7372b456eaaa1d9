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
    assert.deepEqual(JSON.parse(body), {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      scopes_supported: ['read', 'write'],
      response_types_supported: [],
      grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      service_documentation: `${issuer}/docs`,
    })
  })

  await t.test('what metadata names is there', async () => {
    const metadata = (await get('/.well-known/oauth-authorization-server')).json<
      Record<string, string> & { grant_types_supported: string[] }
    >()
    for (const member of ['jwks_uri', 'service_documentation'])
      assert.equal(
        (await launched.ask('GET', (metadata[member] as string).slice(issuer.length))).statusCode,
        200,
        member,
      )
    for (const grant_type of metadata.grant_types_supported) {
      const answer = await launched.ask('POST', (metadata.token_endpoint as string).slice(issuer.length), {
        form: { grant_type },
      })
      assert.notEqual(answer.json<{ error: string }>().error, 'unsupported_grant_type')
    }
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
