// RFC 8949 §4.2.1: one spelling for every value, and no other is read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCbor, encodeCbor, maxCborLength } from '../../src/tokens/cbor.ts'

const refused = {
  nothing: '',
  'trailing data': 'a1010100',
  'a cut item': 'a101',
  'a one-byte number in two': 'a1011801',
  'a one-byte number in nine': 'a1011b0000000000000001',
  'a length in more bytes than it needs': 'a1015801ff',
  'an indefinite map': 'bf0101ff',
  'an indefinite array': '9f01ff',
  'an indefinite byte string': '5f4101ff',
  'an indefinite text': '7f6161ff',
  'a break by itself': 'ff',
  'a duplicate key': 'a201010102',
  'a duplicate text key': 'a2616101616102',
  'keys out of order': 'a202020101',
  'a negative key before a positive one': 'a220010101',
  'a tag': 'c11a5612aeb0',
  'a tag in a map': 'a101c11a5612aeb0',
  undefined: 'a101f7',
  'a simple value': 'a101f0',
  NaN: 'f97e00',
  infinity: 'f97c00',
  'a whole number as a float': 'a101f93c00',
  'negative zero': 'a101f98000',
  'a float in more bytes than it needs': 'a101fb3ff8000000000000',
  'a number past 2^53': 'a1011b0020000000000000',
  'a bignum': 'a101c249010000000000000000',
  'text that is not UTF-8': 'a10161ff',
  'text with a surrogate': 'a10163eda080',
  'text with a byte order mark': 'a10164efbbbf61',
  'a map as key': 'a1a001',
  'an array as key': 'a18001',
  'a byte string as key': 'a1410001',
  'the same byte string as key twice': 'a2410001410002',
  'a nested byte string as key': '81a1410001',
  'true as key': 'a1f501',
  'null as key': 'a1f601',
  'a fraction as key': 'a1f93e0001',
  'reserved additional information': '1c',
  'an array that claims 2^32 items': '9affffffff01',
  'a string that claims 2^32 bytes': '5affffffff01',
  depth: '81'.repeat(4000) + '01',
  'many containers': `9821${'80'.repeat(33)}`,
}

for (const [what, hex] of Object.entries(refused))
  test(`refused: ${what}`, () => assert.equal(decodeCbor(Buffer.from(hex, 'hex')), undefined))

test('refused: more bytes than the cap', () => {
  const within = encodeCbor(new Uint8Array(maxCborLength - 3))
  assert.equal(within.length, maxCborLength)
  assert.deepEqual(decodeCbor(within), new Uint8Array(maxCborLength - 3))
  assert.equal(decodeCbor(encodeCbor(new Uint8Array(maxCborLength - 2))), undefined)
})

test('keys are ordered by their encoding: 10, 100, -1, "z", "aa" (RFC 8949 §4.2.1)', () => {
  const value = new Map<unknown, unknown>([
    ['aa', 5],
    ['z', 4],
    [-1, 3],
    [100, 2],
    [10, 1],
  ])
  assert.equal(Buffer.from(encodeCbor(value)).toString('hex'), 'a50a011864022003617a0462616105')
})

test('what is read does not share memory with what was given', () => {
  const bytes = Buffer.from(encodeCbor(new Uint8Array([1, 2, 3])))
  const value = decodeCbor(bytes)
  bytes.fill(0)
  assert.deepEqual(value, new Uint8Array([1, 2, 3]))
})

test('any bytes are either refused or the one encoding of their value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const value = decodeCbor(bytes)
      if (value !== undefined) assert.deepEqual(new Uint8Array(encodeCbor(value)), bytes)
    }),
    { numRuns: 2000 },
  )
})
