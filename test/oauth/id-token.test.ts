// OpenID Connect Core §2, §3.1.3.6, §8: id_tokens, read by an independent library; never taken for an access token, nor the other way round.
import assert from 'node:assert/strict'
import { createHmac, createPublicKey, hash } from 'node:crypto'
import { after, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { makeIdToken, readIdTokenHint } from '../../src/oauth/id-token.ts'
import { SecretBox } from '../../src/secret-box.ts'
import type { ClientRecord } from '../../src/store/store.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { base64url, facts, openTokens, start } from '../tokens/fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, keys, config, api, read, clock } = tokens
const deps = { config, keys, box: new SecretBox('s'.repeat(32)), now: () => clock.now }

const client: ClientRecord = {
  id: facts.clientId,
  name: 'Client',
  registration: 'managed',
  public: false,
  pkce: 'required',
  redirectUris: ['https://app.example.com/callback'],
  scopes: null,
  grants: ['authorization_code'],
  environment: 'live',
  apis: null,
  organization: null,
  jwks: null,
  jwksUri: null,
  dpopBound: false,
  parRequired: false,
  subjectType: 'public',
  postLogoutRedirectUris: [],
  uri: null,
  staleAt: null,
  secrets: [],
}
const userId = '0197a000-0000-7000-8000-0000000000ff'
const signIn = { client, userId, authenticatedAt: start - 90_500, accessToken: 'an-access-token' }

test('Core §2, §3.1.3.6: an RS256 JWT with the required claims, read by jose with the JWK Set', async () => {
  const token = await makeIdToken(deps, { ...signIn, nonce: 'n-0S6_WzA2Mj' })
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keys.jwks()), {
    issuer: config.issuer,
    audience: client.id,
    typ: 'JWT',
    algorithms: ['RS256'],
    currentDate: new Date(start),
  })
  assert.deepEqual(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: (await keys.signer('RS256')).id })
  assert.deepEqual(payload, {
    iss: config.issuer,
    sub: userId,
    aud: client.id,
    exp: start / 1000 + 3600,
    iat: start / 1000,
    auth_time: start / 1000 - 91,
    nonce: 'n-0S6_WzA2Mj',
    at_hash: hash('sha256', 'an-access-token', 'buffer').subarray(0, 16).toString('base64url'),
  })
})

test('Core §3.1.3.7: without a nonce in the request there is none in the token', async () => {
  assert.equal('nonce' in decodeJwt(await makeIdToken(deps, signIn)), false)
})

test('Core §3.1.3.6: at_hash of the example of Appendix A.3', async () => {
  const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'
  assert.equal(decodeJwt(await makeIdToken(deps, { ...signIn, accessToken })).at_hash, '77QmUPtjPfzWtF2AnpK9RQ')
})

const subject = async (other: Partial<ClientRecord>, user = userId): Promise<string> =>
  decodeJwt(await makeIdToken(deps, { ...signIn, client: { ...client, ...other }, userId: user })).sub as string

test('Core §8.1: a pairwise subject is the same within a sector, and another in every other', async () => {
  const pairwise = { subjectType: 'pairwise' } as const
  const own = await subject(pairwise)
  assert.match(own, /^[0-9a-f]{64}$/)
  assert.equal(await subject(pairwise), own)
  assert.equal(await subject({ ...pairwise, id: 'another', redirectUris: ['https://app.example.com/other'] }), own)
  const different = [
    own,
    userId,
    await subject(pairwise, '0197a000-0000-7000-8000-0000000000fe'),
    await subject({ ...pairwise, redirectUris: ['https://example.com/callback'] }),
    // who has no host of its own shares its sector with nobody
    await subject({ ...pairwise, redirectUris: [] }),
    await subject({ ...pairwise, redirectUris: [], id: 'another' }),
    await subject({ ...pairwise, redirectUris: ['com.example.app:/callback'], id: 'native' }),
    await subject({ ...pairwise, redirectUris: ['http://127.0.0.1/callback'], id: 'loopback' }),
    await subject({ ...pairwise, redirectUris: ['https://app.example.com/', 'https://b.example/'], id: 'both' }),
  ]
  assert.equal(new Set(different).size, different.length)
})

test('RFC 8725 §3.11: an id_token is an access token of no API, whatever its audience', async () => {
  for (const { name, audience } of config.apis.values()) {
    for (const id of [client.id, audience]) {
      const token = await makeIdToken(deps, { ...signIn, client: { ...client, id } })
      assert.equal((await read(token, name)).ok, false, `${name} ${id}`)
    }
  }
})

test('RFC 8725 §3.11: an access token is an id_token of nobody, nor is anything else that these keys sign', async () => {
  const genuine = await makeIdToken(deps, signIn)
  assert.deepEqual(await readIdTokenHint(deps, genuine), { clientId: client.id, subject: userId })
  for (const name of ['plain', 'edwards', 'rsa', 'secret'])
    assert.equal(await readIdTokenHint(deps, (await mint.accessToken(api(name), facts)).token), undefined, name)

  const claims = decodeJwt(genuine)
  const rs256 = await keys.signer('RS256')
  const es256 = await keys.signer('ES256')
  const secret = await keys.signer('HS256', 'secret')
  const header = { alg: 'RS256', typ: 'JWT', kid: rs256.id } as const
  assert.ok(await readIdTokenHint(deps, signJwt(header, claims, rs256.key)), 'the forger’s tools are right')
  const publicPem = createPublicKey(rs256.key).export({ type: 'spki', format: 'pem' })
  const confused = `${base64url(JSON.stringify({ ...header, alg: 'HS256' }))}.${genuine.split('.')[1]}`
  const forgeries = {
    'another type': signJwt({ ...header, typ: 'latchkey-identity+jwt' }, claims, rs256.key),
    'no kid': signJwt({ alg: 'RS256', typ: 'JWT' }, claims, rs256.key),
    'the kid of another key': signJwt({ ...header, kid: es256.id }, claims, rs256.key),
    'another algorithm of ours': signJwt({ ...header, alg: 'ES256', kid: es256.id }, claims, es256.key),
    'the secret of an API': signJwt({ ...header, alg: 'HS256' }, claims, secret.key),
    'the public key as a secret': `${confused}.${createHmac('sha256', publicPem).update(confused).digest('base64url')}`,
    'another issuer': signJwt(header, { ...claims, iss: 'https://evil.example' }, rs256.key),
    'several audiences': signJwt(header, { ...claims, aud: [client.id, 'other'] }, rs256.key),
    'no subject': signJwt(header, { ...claims, sub: undefined }, rs256.key),
    'a changed claim': genuine.replace(/\.(.+)\./, `.${base64url(JSON.stringify({ ...claims, sub: 'other' }))}.`),
    'no signature': genuine.slice(0, genuine.lastIndexOf('.') + 1),
    nothing: '',
  }
  for (const [what, token] of Object.entries(forgeries))
    assert.equal(await readIdTokenHint(deps, token), undefined, what)
})

test('RP-Initiated Logout §2: a hint may have ended, as long as its key is there', async () => {
  const token = await makeIdToken(deps, signIn)
  clock.now = start + 30 * 86_400_000
  assert.ok(await readIdTokenHint(deps, token))
  await keys.rotate({ algorithm: 'RS256' })
  assert.ok(await readIdTokenHint(deps, token))
  assert.notEqual(decodeProtectedHeader(await makeIdToken(deps, signIn)).kid, decodeProtectedHeader(token).kid)
  clock.now += 2 * 86_400_000
  assert.equal(await readIdTokenHint(deps, token), undefined)
  clock.now = start
})
