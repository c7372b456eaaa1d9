// RFC 9068, RFC 8392: the tokens that we make, read by ourselves and by independent libraries.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Algorithms, COSEKey, Sign1 } from '@auth0/cose'
import { createLocalJWKSet, importJWK, jwtVerify } from 'jose'
import { allowInsecureRequests, customFetch, validateJwtAccessToken } from 'oauth4webapi'
import { decodeCbor, encodeCbor } from '../../src/tokens/cbor.ts'
import { facts, keyFacts, openTokens, start } from './fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, keys, config, api, read } = tokens
const currentDate = new Date(start)
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

for (const [name, alg] of [
  ['plain', 'ES256'],
  ['edwards', 'EdDSA'],
  ['rsa', 'RS256'],
] as const) {
  test(`RFC 9068 §2: an ${alg} access token, read by jose with the JWK Set`, async () => {
    const { token, id, expiresIn, issuedAt } = await mint.accessToken(api(name), { ...facts, organizationId: 'org' })
    assert.deepEqual({ expiresIn, issuedAt }, { expiresIn: 3600, issuedAt: start / 1000 })
    assert.match(id, uuidV7)
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keys.jwks()), {
      issuer: config.issuer,
      audience: api(name).audience,
      typ: 'at+jwt',
      algorithms: [alg],
      currentDate,
    })
    assert.deepEqual(protectedHeader, { alg, typ: 'at+jwt', kid: (await keys.signer(alg)).id })
    assert.deepEqual(payload, {
      iss: config.issuer,
      sub: facts.subject,
      aud: api(name).audience,
      exp: issuedAt + 3600,
      iat: issuedAt,
      jti: id,
      client_id: facts.clientId,
      scope: 'read write',
      org_id: 'org',
      env: 'live',
    })
  })
}

test('RFC 9068 §4: a strict resource server takes it', async () => {
  tokens.clock.now = Date.now()
  const { token, id } = await mint.accessToken(api('plain'), facts)
  tokens.clock.now = start
  const jwksUri = `${config.issuer}/.well-known/jwks.json`
  const claims = await validateJwtAccessToken(
    { issuer: config.issuer, jwks_uri: jwksUri },
    new Request('https://plain.example/', { headers: { authorization: `Bearer ${token}` } }),
    'https://plain.example',
    {
      [allowInsecureRequests]: true,
      [customFetch]: async () => Response.json(await keys.jwks()),
    },
  )
  assert.equal(claims.jti, id)
})

test('an HS256 token begins as documented, bears no kid, and is read with the exported secret', async () => {
  const { token, id } = await mint.accessToken(api('secret'), facts)
  assert.ok(token.startsWith('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.'))
  const { secret } = await keys.exportSecret('secret')
  const { payload } = await jwtVerify(token, Buffer.from(secret, 'base64url'), {
    issuer: config.issuer,
    audience: 'https://secret.example',
    typ: 'JWT',
    algorithms: ['HS256'],
    currentDate,
  })
  assert.equal(payload.jti, id)
  assert.equal((await read(token, 'secret')).ok, true)
})

test('RFC 8392: a CWT, read by an independent COSE library with the COSE key set', async () => {
  const { token, id, expiresIn, issuedAt } = await mint.exchanged(api('plain'), 'cwt', {
    ...keyFacts,
    scopes: ['read'],
  })
  assert.equal(expiresIn, 300)
  const message = Sign1.decode(Buffer.from(token, 'base64url'))
  const [coseKey] = decodeCbor(await keys.coseKeys()) as Map<number, unknown>[]
  assert.ok(coseKey)
  const publicKey = await importJWK(COSEKey.import(encodeCbor(coseKey)).toJWK(), 'EdDSA')
  await message.verify(publicKey, { algorithms: [Algorithms.EdDSA] })
  assert.equal(Buffer.from(message.kid as Uint8Array).toString('base64url'), (await keys.signer('EdDSA')).id)
  assert.deepEqual(
    decodeCbor(message.payload),
    new Map<unknown, unknown>([
      [1, config.issuer],
      [2, keyFacts.subject],
      [3, 'https://plain.example'],
      [4, issuedAt + 300],
      [6, issuedAt],
      [7, new Uint8Array(Buffer.from(id.replaceAll('-', ''), 'hex'))],
      [9, 'read'],
      ['env', 'test'],
      ['tier', 'pro'],
      ['key_id', keyFacts.keyId],
      ['org_id', keyFacts.organizationId],
    ]),
  )
  message.payload[10] = (message.payload[10] as number) ^ 1
  await assert.rejects(message.verify(publicKey))
})

for (const name of ['plain', 'secret', 'edwards']) {
  for (const format of ['jwt', 'cwt'] as const) {
    test(`an exchanged ${format} for ${name} is read back whole`, async () => {
      const { token, id, issuedAt } = await mint.exchanged(api(name), format, {
        ...keyFacts,
        lifetimeSeconds: 60,
        scopes: [],
      })
      assert.deepEqual(await read(token, name), {
        ok: true,
        kind: format,
        claims: {
          format,
          issuer: config.issuer,
          subject: keyFacts.subject,
          audience: [api(name).audience],
          expiresAt: issuedAt + 60,
          issuedAt,
          notBefore: undefined,
          id,
          clientId: format === 'jwt' ? keyFacts.keyId : undefined,
          scopes: [],
          keyId: keyFacts.keyId,
          grantId: undefined,
          thumbprint: undefined,
          organizationId: keyFacts.organizationId,
          tier: 'pro',
          environment: 'test',
        },
      })
    })
  }
}

test('an access token is none of an exchange', async () => {
  const reading = await read((await mint.accessToken(api('plain'), facts)).token, 'plain')
  assert.ok(reading.ok)
  assert.equal(reading.kind, 'oauth_token')
  assert.equal(reading.claims.keyId, undefined)
})

test('lifetimes: the profile’s, the one asked for, and never past the cap', async () => {
  assert.equal((await mint.accessToken(api('plain'), { ...facts, lifetimeSeconds: 1 })).expiresIn, 1)
  assert.equal((await mint.accessToken(api('plain'), { ...facts, lifetimeSeconds: 86_400 })).expiresIn, 86_400)
  for (const lifetimeSeconds of [0, -1, 86_401, 1.5, Number.NaN])
    await assert.rejects(mint.accessToken(api('plain'), { ...facts, lifetimeSeconds }), RangeError)
  for (const lifetimeSeconds of [0, 301, 0.5]) {
    for (const format of ['jwt', 'cwt'] as const)
      await assert.rejects(mint.exchanged(api('plain'), format, { ...keyFacts, lifetimeSeconds }), RangeError)
  }
})

test('a token too long for its readers is not made', async () => {
  const scopes = Array.from({ length: 1000 }, (_, index) => `scope-${index}`)
  await assert.rejects(mint.accessToken(api('plain'), { ...facts, scopes }), RangeError)
  await assert.rejects(mint.exchanged(api('plain'), 'cwt', { ...keyFacts, scopes }), RangeError)
})

test('every token has its own id', async () => {
  const ids: string[] = []
  for (let index = 0; index < 20; index++) ids.push((await mint.accessToken(api('plain'), facts)).id)
  assert.equal(new Set(ids).size, 20)
})
