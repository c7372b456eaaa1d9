// RFC 7519 §4, RFC 9068 §2.2, RFC 8392 §3: claims are of their type and in range, or the token is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AccessClaims,
  fromCwtClaims,
  type Members,
  readClaims,
  toCwtClaims,
  toMembers,
} from '../../src/tokens/claims.ts'

const id = '0197a000-0000-7000-8000-0123456789ab'

const claims: AccessClaims = {
  format: 'jwt',
  issuer: 'https://auth.example',
  subject: 'user-1',
  audience: ['https://api.example'],
  expiresAt: 1_800_000_300,
  issuedAt: 1_800_000_000,
  notBefore: undefined,
  id,
  clientId: 'client-1',
  scopes: ['read', 'write'],
  keyId: 'key-1',
  grantId: 'grant-1',
  thumbprint: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  organizationId: 'org-1',
  tier: 'pro',
  environment: 'live',
}

const asJwt = (value: AccessClaims): Members => JSON.parse(JSON.stringify(toMembers(value))) as Members

test('a JWT says what it was made of, by the names of RFC 9068 and RFC 8693', () => {
  assert.deepEqual(asJwt(claims), {
    iss: 'https://auth.example',
    sub: 'user-1',
    aud: 'https://api.example',
    exp: 1_800_000_300,
    iat: 1_800_000_000,
    jti: id,
    client_id: 'client-1',
    scope: 'read write',
    key_id: 'key-1',
    grant_id: 'grant-1',
    cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' },
    org_id: 'org-1',
    tier: 'pro',
    env: 'live',
  })
  assert.deepEqual(readClaims('jwt', asJwt(claims)), claims)
})

test('a CWT says the same by labels, the cti in 16 bytes, and names no client', () => {
  const cwt = toCwtClaims({ ...claims, format: 'cwt' })
  assert.deepEqual(
    cwt,
    new Map<number | string, unknown>([
      [1, 'https://auth.example'],
      [2, 'user-1'],
      [3, 'https://api.example'],
      [4, 1_800_000_300],
      [6, 1_800_000_000],
      [7, Buffer.from('0197a0000000700080000123456789ab', 'hex')],
      [9, 'read write'],
      ['key_id', 'key-1'],
      ['org_id', 'org-1'],
      ['tier', 'pro'],
      ['env', 'live'],
    ]),
  )
  assert.deepEqual(readClaims('cwt', fromCwtClaims(cwt)), {
    ...claims,
    format: 'cwt',
    clientId: undefined,
    grantId: undefined,
    thumbprint: undefined,
  })
})

test('no scopes and scopes not narrowed are told apart', () => {
  const read = (scopes: readonly string[] | undefined) => readClaims('jwt', asJwt({ ...claims, scopes }))?.scopes
  assert.deepEqual(read([]), [])
  assert.equal(read(undefined), undefined)
})

test('members that we do not know are passed over', () => {
  assert.deepEqual(readClaims('jwt', { ...asJwt(claims), acr: 'x', 'https://example.com/y': { deep: [1] } }), claims)
})

test('a CWT claim is known by its label, not by a text of the same name', () => {
  const cwt = toCwtClaims({ ...claims, format: 'cwt' })
  cwt.delete(2)
  cwt.set('sub', 'user-2')
  cwt.set('jti', id)
  assert.equal(fromCwtClaims(cwt).sub, undefined)
  assert.equal(readClaims('cwt', fromCwtClaims(cwt)), undefined)
})

const long = 'a'.repeat(513)
const times = [-1, 1.5, '1800000000', null, true, 1e300, 253_402_300_800, [1_800_000_000]]
const wrong: Record<string, unknown[]> = {
  iss: [undefined, '', 1, null, long, ['https://auth.example']],
  sub: [undefined, '', 1, null, long, 'a b', 'a\r\nx: y', 'é', {}],
  aud: [undefined, '', 1, null, [], [1], [''], ['a', null], Array.from({ length: 9 }, () => 'a'), long, {}],
  exp: [undefined, ...times],
  iat: [undefined, ...times],
  nbf: times,
  jti: [undefined, '', 1, 'x', id.toUpperCase(), '0197a000-0000-4000-8000-0123456789ab', `${id}\n`, long],
  client_id: [undefined, '', 1, null, long, 'a b'],
  scope: [1, null, ['read'], ' read', 'read ', 'read  write', 'read\twrite', 'read"', 'read\\', 'é', ' '],
  key_id: ['', 1, null, long, 'a b'],
  org_id: ['', 1, null, long, 'a\n'],
  tier: ['', 1, null, long, 'a\u0000'],
  env: ['', 1, null, long, 'a b'],
}

for (const [name, values] of Object.entries(wrong)) {
  test(`refused: a wrong ${name}`, () => {
    for (const value of values)
      assert.equal(readClaims('jwt', { ...asJwt(claims), [name]: value }), undefined, JSON.stringify(value))
  })
}

test('refused: a CWT without its key, or with a cti of another length or type', () => {
  const change = (label: number | string, value?: unknown): AccessClaims | undefined => {
    const cwt = toCwtClaims({ ...claims, format: 'cwt' })
    if (value === undefined) cwt.delete(label)
    else cwt.set(label, value)
    return readClaims('cwt', fromCwtClaims(cwt))
  }
  assert.ok(change('tier'))
  for (const cti of [new Uint8Array(15), new Uint8Array(16), new Uint8Array(17), new Uint8Array(), 7])
    assert.equal(change(7, cti), undefined)
  assert.equal(change('key_id'), undefined)
})

test('eight audiences are the most', () => {
  const audience = Array.from({ length: 8 }, (_, index) => `https://${index}.example`)
  assert.deepEqual(readClaims('jwt', asJwt({ ...claims, audience }))?.audience, audience)
})
