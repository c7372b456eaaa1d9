// What commands print for people.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Column,
  asAllowance,
  asCount,
  asExpiry,
  asLastUsed,
  asText,
  asTime,
  details,
  once,
  table,
} from '../../src/cli/output.ts'

const columns: readonly Column[] = [
  { title: 'Name', field: 'name' },
  { title: 'Last used', field: 'last_used_at', show: asLastUsed },
  { title: 'Expires', field: 'expires_at', show: asExpiry },
]

test('lists are aligned tables that say Never used and Never expires, and times with their zone', () => {
  const rows = [
    { name: 'a', last_used_at: null, expires_at: null },
    { name: 'größer 👩‍🚀', last_used_at: '2027-01-31T18:00:00.123Z', expires_at: '2028-01-01T00:00:00.000Z' },
  ]
  assert.equal(
    table(columns, rows),
    [
      'Name      Last used                Expires',
      'a         Never used               Never expires',
      'größer 👩‍🚀  2027-01-31 18:00:00 UTC  2028-01-01 00:00:00 UTC',
    ].join('\n'),
  )
})

test('one thing is told line by line', () => {
  assert.equal(details(columns, { name: 'a' }), 'Name       a\nLast used  Never used\nExpires    Never expires')
})

test('values that are lists, flags, numbers or missing have words', () => {
  assert.deepEqual([null, undefined, [], ['a', 'b'], true, false, 3, { a: 1 }].map(asText), [
    '-',
    '-',
    '-',
    'a, b',
    'yes',
    'no',
    '3',
    '{"a":1}',
  ])
  assert.deepEqual([asAllowance(null), asAllowance(['a'])], ['all', 'a'])
  assert.deepEqual([asCount(1_234_567), asCount(null)], ['1,234,567', '-'])
  assert.deepEqual([asTime('no time'), asTime(null)], ['-', '-'])
})

test('a name cannot rewrite the terminal', () => {
  for (const attack of ['\u001b[2J', '\r', '\n', '\u0007', '\u009b31m', '\u202e', '\u2028', '\u200f']) {
    const shown = table(columns, [{ name: `a${attack}b` }])
    assert.equal(shown.split('\n').length, 2)
    assert.ok(!shown.includes(attack) || attack === '\n', JSON.stringify(attack))
    assert.match(shown, /a\ufffd.*b/)
  }
})

test('a new secret stands in a line of its own, and is said to be shown once', () => {
  assert.deepEqual(once('key', 'sk_1').split('\n'), ['sk_1', '', 'Copy the key now: it will not be shown again.'])
})
