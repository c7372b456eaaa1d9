// RFC 8725 end to end: tokens that are forged, borrowed from another API or another use, or left over from what has been deleted.
import assert from 'node:assert/strict'
import { createHmac, createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type PublicJwk, algorithms } from '../../src/tokens/algorithms.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { type Launched, launch, world } from '../harness.ts'

const file: LatchkeyConfig = {
  apis: {
    books: { hosts: ['books.test'], upstream: 'echo', identity: 'jwt' },
    orders: { hosts: ['orders.test'], upstream: 'echo', profile: { token: { algorithm: 'HS256', type: 'JWT' } } },
    bills: { hosts: ['bills.test'], upstream: 'echo', profile: { token: { algorithm: 'HS256', type: 'JWT' } } },
  },
  defaultApi: 'books',
}

const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const exchanged = async ({ ask }: Launched, key: string, audience: string): Promise<string> => {
  const { statusCode, body } = await ask('POST', '/oauth/token', {
    form: {
      grant_type: grant,
      subject_token: key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      audience,
    },
  })
  assert.equal(statusCode, 200, body)
  return (JSON.parse(body) as { access_token: string }).access_token
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a token signed with anything but the key of its API is refused everywhere', async (t) => {
  const launched = await launch(t, { file })
  const { ask, operate } = launched
  const { key } = await (await world(launched)).key({ scopes: 'read write' })
  const hosts = { books: 'books.test', orders: 'orders.test', bills: 'bills.test', latchkey: 'localhost' }
  const path = (host: string): string => (host === 'localhost' ? '/api/v1/users/me' : '/')
  const status = async (host: string, as: string): Promise<number> =>
    (await ask('GET', path(host), { host, as })).statusCode

  for (const audience of Object.keys(hosts) as (keyof typeof hosts)[]) {
    const token = await exchanged(launched, key, audience)
    for (const [name, host] of Object.entries(hosts))
      assert.equal(await status(host, token), name === audience ? 200 : 401, `a token for ${audience} at ${name}`)
  }

  const genuine = { books: await exchanged(launched, key, 'books'), orders: await exchanged(launched, key, 'orders') }
  const jwks = (await ask('GET', '/.well-known/jwks.json')).json<{
    keys: (PublicJwk & { kid: string; alg: string })[]
  }>()
  const ordersSecret = (await operate<{ secret: string }>('POST', '/signing-keys/export', { api: 'orders' })).secret
  const forgeries: [string, string, string][] = []
  const toAll = (what: string, token: string): void => {
    for (const host of Object.values(hosts)) forgeries.push([what, host, token])
  }
  for (const jwk of jwks.keys) {
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const spellings = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk),
      jwk.x ?? jwk.n ?? '',
    ]
    for (const secret of spellings) {
      for (const header of [
        { alg: 'HS256', typ: 'JWT' },
        { alg: 'HS256', typ: 'at+jwt', kid: jwk.kid },
        { alg: 'HS256', typ: 'JWT', kid: jwk.kid },
      ]) {
        for (const token of Object.values(genuine)) {
          const input = `${part(header)}.${token.split('.')[1]}`
          toAll(
            `HS256 with the public ${jwk.alg} key`,
            `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`,
          )
        }
      }
    }
  }
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'HS384', 'ES384', 'PS256', '']) {
    for (const token of Object.values(genuine)) {
      const [header = '', claims = '', signature = ''] = token.split('.')
      const kid = (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: string }).kid
      const forged = part({ alg, typ: 'at+jwt', ...(kid !== undefined && { kid }) })
      toAll(`alg ${alg}`, `${forged}.${claims}.`)
      toAll(`alg ${alg}`, `${forged}.${claims}.${signature}`)
    }
  }
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const jwk of jwks.keys.filter(({ alg }) => alg === 'ES256')) {
    for (const more of [
      { kid: jwk.kid },
      { jwk: own.publicKey.export({ format: 'jwk' }) },
      { kid: jwk.kid, jku: 'https://evil.test/jwks' },
      { kid: '../../dev/null' },
      { kid: `${jwk.kid}\0` },
    ]) {
      const input = `${part({ alg: 'ES256', typ: 'at+jwt', ...more })}.${genuine.books.split('.')[1]}`
      toAll(
        'a key of one’s own',
        `${input}.${algorithms.ES256.sign(Buffer.from(input), own.privateKey).toString('base64url')}`,
      )
    }
  }
  // whoever holds the secret of one API signs nothing for another, nor for Latchkey itself
  const secret = createSecretKey(Buffer.from(ordersSecret, 'base64url'))
  for (const audience of ['books', 'bills', 'latchkey'] as const) {
    const claims = claimsOf(await exchanged(launched, key, audience))
    for (const typ of ['JWT', 'at+jwt'])
      forgeries.push([
        `the secret of orders for ${audience}`,
        hosts[audience],
        signJwt({ alg: 'HS256', typ }, claims, secret),
      ])
  }
  for (const [what, host, token] of forgeries) assert.equal(await status(host, token), 401, `${what} at ${host}`)
  assert.ok(forgeries.length > 200)
})

test('what tells an upstream who calls is no access token', async (t) => {
  const launched = await launch(t, { file })
  const { ask } = launched
  const { key } = await (await world(launched)).key()
  const { headers } = (await ask('GET', '/', { host: 'books.test', as: key })).json<{
    headers: Record<string, string>
  }>()
  const identity = headers['x-latchkey-token'] as string
  assert.match(identity, /^eyJ/)
  for (const [host, path] of [
    ['books.test', '/'],
    ['orders.test', '/'],
    ['localhost', '/api/v1/users/me'],
  ] as const)
    assert.equal((await ask('GET', path, { host, as: identity })).statusCode, 401)
})

test('nothing that stood on a deleted organization is let in, nor by a new one of its name', async (t) => {
  const launched = await launch(t, { file })
  const { ask, operate } = launched
  const made = await world(launched)
  const { key } = await made.key({ scopes: 'read' })
  const client = await made.client()
  const held = (await made.token({ all_organizations: undefined, organization_ids: [made.organization] })).token
  const oauth = (
    await ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret },
    })
  ).json<{ access_token: string }>().access_token
  const jwt = await exchanged(launched, key, 'books')
  const all = [key, held, oauth, jwt]
  const statuses = (): Promise<number[]> =>
    Promise.all(all.map(async (as) => (await ask('GET', '/', { host: 'books.test', as })).statusCode))
  assert.deepEqual(await statuses(), [200, 200, 200, 200])
  await operate('DELETE', `/organizations/${made.organization}`)
  assert.deepEqual(await statuses(), [401, 403, 401, 401])
  await operate('POST', '/organizations', { name: 'Organization 1', owner: made.owner })
  assert.deepEqual(await statuses(), [401, 403, 401, 401])
  const again = await ask('POST', '/oauth/token', {
    form: { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret },
  })
  assert.deepEqual([again.statusCode, again.json<{ error: string }>().error], [401, 'invalid_client'])
})
