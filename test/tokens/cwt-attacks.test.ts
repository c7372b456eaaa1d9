// RFC 9052 §3 and §4, RFC 8392 §8: attacks on CBOR Web Tokens. Wherever it can be, the forgery bears a genuine signature.
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { after, test } from 'node:test'
import { Tagged } from 'cborg'
import { decodeCbor, encodeCbor } from '../../src/tokens/cbor.ts'
import { decodeSign1 } from '../../src/tokens/cose.ts'
import { parseCwt } from '../../src/tokens/cwt.ts'
import { looksLikeToken, type TokenRefusal } from '../../src/tokens/read-token.ts'
import { base64url, keyFacts, openTokens } from './fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, keys, api, read } = tokens

const { id, key } = await keys.signer('EdDSA')
const kid = Buffer.from(id, 'base64url')
const genuine = (await mint.exchanged(api('plain'), 'cwt', keyFacts)).token
const genuineBytes = Buffer.from(genuine, 'base64url')
const message = decodeSign1(genuineBytes)
assert.ok(message)
const claims = decodeCbor(message.payload) as Map<number | string, unknown>
const header = new Map<unknown, unknown>([
  [1, -8],
  [4, kid],
])

interface Parts {
  protectedBytes?: Uint8Array
  unprotected?: unknown
  payload?: Uint8Array
  context?: string
}

/** A tagged COSE_Sign1 of these parts under a genuine signature. */
const forge = ({
  protectedBytes = encodeCbor(header),
  unprotected = new Map(),
  payload = encodeCbor(claims),
  context = 'Signature1',
}: Parts = {}): Buffer => {
  const signature = sign(null, encodeCbor([context, protectedBytes, new Uint8Array(), payload]), key)
  return Buffer.concat([Buffer.of(0xd2), encodeCbor([protectedBytes, unprotected, payload, signature])])
}

const refused = async (token: string | Buffer, reason: TokenRefusal = 'malformed', name = 'plain'): Promise<void> => {
  const reading = await read(typeof token === 'string' ? token : base64url(token), name)
  assert.equal('reason' in reading ? reading.reason : 'accepted', reason)
}

const changed = (label: number | string, value: unknown): Uint8Array => encodeCbor(new Map([...claims, [label, value]]))

test('the forger’s tools are right: what it signs unchanged is taken, as is the name of RFC 9864', async () => {
  assert.equal((await read(base64url(forge()), 'plain')).ok, true)
  assert.equal(
    (await read(base64url(forge({ protectedBytes: encodeCbor(new Map([...header, [1, -19]])) })), 'plain')).ok,
    true,
  )
})

test('alg: none, symmetric, another curve, by name, or absent', async () => {
  for (const alg of [0, 1, 4, 5, -7, -35, -37, -53, -257, -9])
    await refused(forge({ protectedBytes: encodeCbor(new Map([...header, [1, alg]])) }), 'algorithm')
  for (const alg of ['EdDSA', 'none', null, true, [], new Uint8Array([39]), 1.5])
    await refused(forge({ protectedBytes: encodeCbor(new Map([...header, [1, alg]])) }))
  await refused(forge({ protectedBytes: encodeCbor(new Map([[4, kid]])) }))
})

test('a kid finds an Ed25519 key of ours or nothing', async () => {
  const withKid = (value: unknown): Buffer => forge({ protectedBytes: encodeCbor(new Map([...header, [4, value]])) })
  for (const value of [
    kid.subarray(1),
    Buffer.from('../../dev/null'),
    Buffer.from("' OR 1=1 --"),
    Buffer.from('__proto__', 'base64url'),
    Buffer.from((await keys.signer('HS256', 'secret')).id, 'base64url'),
  ])
    await refused(withKid(value), 'unknown_key')
  for (const value of [new Uint8Array(), new Uint8Array(49), id, 1, null]) await refused(withKid(value))
  await refused(forge({ protectedBytes: encodeCbor(new Map([[1, -8]])) }))
  await refused(withKid(Buffer.from((await keys.signer('ES256')).id, 'base64url')), 'algorithm')
  await refused(withKid(Buffer.from((await keys.signer('RS256')).id, 'base64url')), 'algorithm')
})

test('§3.1: crit, and every other parameter than alg and kid', async () => {
  for (const extra of [
    [2, [1]],
    [2, [99]],
    [3, 'application/cwt'],
    [5, new Uint8Array(8)],
    [7, []],
    [13, new Map()],
    [15, new Map()],
    [33, new Uint8Array(8)],
    [99, 1],
    ['crit', []],
    ['alg', -8],
  ] as const) {
    await refused(forge({ protectedBytes: encodeCbor(new Map([...header, extra])) }))
  }
})

test('§3: nothing stands in the unprotected header', async () => {
  for (const unprotected of [
    new Map([[1, -8]]),
    new Map([[4, kid]]),
    new Map([[99, 1]]),
    new Map([[11, []]]),
    [],
    'x',
    1,
    null,
    new Uint8Array(),
  ])
    await refused(forge({ unprotected }))
  await refused(forge({ protectedBytes: new Uint8Array(), unprotected: header }))
  await refused(forge({ protectedBytes: encodeCbor(new Map()), unprotected: header }))
  await refused(forge({ protectedBytes: encodeCbor(new Map([[1, -8]])), unprotected: new Map([[4, kid]]) }))
})

test('§4.4: a signature made in another context', async () => {
  for (const context of ['Signature', 'CounterSignature', 'MAC0', 'signature1'])
    await refused(forge({ context }), 'signature')
})

test('§2: another tag, no tag, the CWT tag around, a tag written longer', async () => {
  const untagged = genuineBytes.subarray(1)
  await refused(untagged)
  for (const tag of [
    [0xd0],
    [0xd1],
    [0xd8, 0x60],
    [0xd8, 0x61],
    [0xd8, 0x62],
    [0xd8, 0x3d],
    [0xd8, 0x12],
    [0xd9, 0, 18],
    [0xd2, 0xd2],
    [0xd8, 0x3d, 0xd2],
  ])
    await refused(Buffer.concat([Buffer.from(tag), untagged]))
})

test('a message of another shape', async () => {
  const parts = decodeCbor(genuineBytes.subarray(1)) as unknown[]
  const tagged = (value: unknown): Buffer => Buffer.concat([Buffer.of(0xd2), encodeCbor(value)])
  assert.deepEqual(tagged(parts), genuineBytes)
  await refused(tagged(parts.slice(0, 3)))
  await refused(tagged([...parts, new Uint8Array()]))
  await refused(tagged([parts[0], parts[1], null, parts[3]])) // detached payload
  await refused(tagged([parts[0], parts[1], parts[2], [parts[3]]])) // COSE_Sign
  await refused(tagged([new Map([[1, -8]]), parts[1], parts[2], parts[3]]))
  await refused(tagged(new Map(parts.entries())))
  await refused(tagged('x'))
  await refused(Buffer.of(0xd2))
})

test('RFC 8949 §4.2: trailing data, indefinite lengths, long numbers, duplicate keys, other order, under a genuine signature', async () => {
  const payload = Buffer.from(encodeCbor(claims))
  await refused(Buffer.concat([genuineBytes, Buffer.of(0)]))
  await refused(forge({ payload: Buffer.concat([payload, Buffer.of(0)]) }))
  await refused(forge({ payload: Buffer.concat([Buffer.of(0xbf), payload.subarray(1), Buffer.of(0xff)]) }))
  await refused(forge({ payload: Buffer.concat([Buffer.of(0xb8, claims.size), payload.subarray(1)]) }))
  const [first, ...others] = [...claims].map(([label, value]) => Buffer.concat([encodeCbor(label), encodeCbor(value)]))
  const map = (entries: Buffer[]): Buffer => Buffer.concat([Buffer.of(0xa0 + entries.length), ...entries])
  assert.deepEqual(map([first as Buffer, ...others]), payload)
  await refused(forge({ payload: map([...others, first as Buffer]) }))
  await refused(forge({ payload: map([first as Buffer, first as Buffer, ...others]) }))
  await refused(
    forge({
      payload: map([first as Buffer, Buffer.concat([encodeCbor(1), encodeCbor('https://evil.example')]), ...others]),
    }),
  )
  const head = Buffer.from(encodeCbor(header))
  await refused(forge({ protectedBytes: Buffer.concat([head, Buffer.of(0)]) }))
  await refused(forge({ protectedBytes: Buffer.concat([Buffer.of(0xa3, 0x01, 0x27), head.subarray(1)]) }))
  await refused(forge({ protectedBytes: Buffer.concat([Buffer.of(0xb8, 2), head.subarray(1)]) }))
  const body = genuineBytes.subarray(1)
  await refused(Buffer.concat([Buffer.of(0xd2, 0x9f), body.subarray(1), Buffer.of(0xff)]))
  await refused(Buffer.concat([Buffer.of(0xd2, 0x98, 4), body.subarray(1)]))
})

test('depth and size are bounded', async () => {
  await refused(Buffer.concat([Buffer.of(0xd2), Buffer.alloc(4000, 0x81), Buffer.of(0)]))
  await refused(forge({ payload: Buffer.concat([Buffer.of(0xa1, 0x01), Buffer.alloc(500, 0x81), Buffer.of(0)]) }))
  await refused(forge({ payload: changed('x', new Uint8Array(5000)) }))
  assert.deepEqual(parseCwt('0oRV'.repeat(3_000_000)), { malformed: 'longer than 5461 characters' })
  assert.equal(looksLikeToken('0oRV'.repeat(3_000_000)), undefined)
})

test('claims that are wrong, under a genuine signature', async () => {
  await refused(forge({ payload: changed(1, 'https://evil.example') }), 'issuer')
  await refused(forge({ payload: changed(3, 'https://other.example') }), 'audience')
  await refused(forge({ payload: changed(4, tokens.clock.now / 1000) }), 'expired')
  await refused(forge({ payload: changed(5, tokens.clock.now / 1000 + 61) }), 'not_yet_valid')
  await refused(forge({ payload: changed(6, tokens.clock.now / 1000 + 61) }), 'not_yet_valid')
  for (const [label, value] of [
    [4, '9999999999'],
    [4, -1],
    [4, 1.5],
    [4, new Tagged(1, 1_800_000_000)],
    [7, 'text'],
    [7, new Uint8Array(15)],
    [2, new Uint8Array(4)],
    [9, ['read']],
    ['tier', 1],
    ['key_id', null],
  ] as const) {
    await refused(forge({ payload: changed(label, value) }))
  }
  for (const label of claims.keys()) {
    const without = new Map(claims)
    without.delete(label)
    const required = ![9, 'env', 'tier', 'org_id'].includes(label)
    if (required) await refused(forge({ payload: encodeCbor(without) }))
    else assert.equal((await read(base64url(forge({ payload: encodeCbor(without) })), 'plain')).ok, true)
  }
})

test('RFC 4648 §3.5: one spelling of base64url', async () => {
  for (const text of [
    `${genuine}=`,
    `${genuine}==`,
    ` ${genuine}`,
    `${genuine}\n`,
    `${genuine.slice(0, 50)}\n${genuine.slice(50)}`,
    genuineBytes.toString('base64'),
    genuineBytes.toString('hex'),
    `${genuine}A`,
  ])
    await refused(text)
  const padding = (4 - (genuine.length % 4)) % 4
  if (padding > 0) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    await refused(genuine.slice(0, -1) + alphabet[alphabet.indexOf(genuine.at(-1) as string) + 1])
  }
})

test('a JWT is no CWT and a CWT no JWT, even over the same bytes', async () => {
  const jwtInput = Buffer.from(`${base64url('{"alg":"EdDSA"}')}.${base64url('{}')}`)
  const signature = sign(null, jwtInput, key)
  await refused(Buffer.concat([Buffer.of(0xd2), encodeCbor([encodeCbor(header), new Map(), jwtInput, signature])]))
  await refused(`${genuine}.${genuine}.${genuine}`)
})
