// The checksum of a credential refuses every typo before anything is looked up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hintOf, makeApiKey, makePersonalAccessToken, parseCredential } from '../../src/credentials/format.ts'
import { legacyHintOf } from '../../src/credentials/legacy-format.ts'

const prefixes = ['sk', 'old']
const credentials = (): string[] => [
  makeApiKey('sk', undefined),
  makeApiKey('sk', 'live'),
  makeApiKey('old', 'test'),
  makePersonalAccessToken(),
]

test('what is made is recognised, by kind and environment', () => {
  assert.deepEqual(
    credentials().map((value) => parseCredential(value, prefixes)),
    [
      { kind: 'api_key', environment: undefined },
      { kind: 'api_key', environment: 'live' },
      { kind: 'api_key', environment: 'test' },
      { kind: 'personal_access_token' },
    ],
  )
  assert.match(makeApiKey('sk', 'test'), /^sk_test_[0-9a-f]{64}$/)
})

test('any single changed character is refused', () => {
  for (const value of credentials()) {
    for (let at = 0; at < value.length; at++) {
      for (const character of '0123456789abcdefghijklmnopqrstuvwxyz_') {
        if (
          value[at] !== character &&
          parseCredential(value.slice(0, at) + character + value.slice(at + 1), prefixes) !== undefined
        )
          assert.fail(`${value} with ${character} at ${at}`)
      }
    }
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...credentials()),
      fc.nat(),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
      (value, place, character) => {
        const at = place % value.length
        fc.pre(value[at] !== character)
        assert.equal(parseCredential(value.slice(0, at) + character + value.slice(at + 1), prefixes), undefined)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('swapped neighbours, cut ends, added characters and a swapped environment are refused', () => {
  for (const value of credentials()) {
    for (let at = 1; at < value.length; at++) {
      const swapped = value.slice(0, at - 1) + value[at] + value[at - 1] + value.slice(at + 1)
      if (swapped !== value) assert.equal(parseCredential(swapped, prefixes), undefined)
    }
    for (const wrong of [
      value.slice(0, -1),
      value.slice(1),
      `${value}0`,
      ` ${value}`,
      `${value}\n`,
      value.toUpperCase(),
    ])
      assert.equal(parseCredential(wrong, prefixes), undefined)
  }
  assert.equal(parseCredential(makeApiKey('sk', 'test').replace('_test_', '_live_'), prefixes), undefined)
  assert.equal(parseCredential(makeApiKey('sk', 'test').replace('_test_', '_'), prefixes), undefined)
  assert.equal(parseCredential(makeApiKey('xx', undefined), prefixes), undefined)
})

test('a hint never tells enough of a value to guess the rest', () => {
  const key = makeApiKey('sk', 'live')
  assert.equal(hintOf(key), `sk_live_…${key.slice(-4)}`)
  assert.equal(hintOf(`cs_ab1_${'x'.repeat(39)}`), 'cs_…xxxx', 'what looks like a prefix is none')
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 60, unit: fc.constantFrom('a', 'b', '1', '_') }), (token) => {
      const hint = legacyHintOf(token)
      assert.ok(hint.length - 1 <= 2 || token.length - (hint.length - 1) >= 16, `${token} is told as ${hint}`)
    }),
  )
})
