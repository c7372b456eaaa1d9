// How the command line reads durations, ends, scopes, counts and servers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { parseBeginning, parseCount, parseDuration, parseEnd, parseScope } from '../../src/cli/options.ts'
import { parseServerUrl } from '../../src/cli/server-url.ts'

const refused = (read: (text: string) => unknown, texts: readonly string[]): void => {
  for (const text of texts) assert.throws(() => read(text), InvalidArgumentError, JSON.stringify(text))
}

test('durations are 90s 30m 24h 90d, and 0', () => {
  assert.deepEqual(['90s', '30m', '24h', '90d', '0', '0s'].map(parseDuration), [90, 1800, 86_400, 7_776_000, 0, 0])
  refused(parseDuration, ['', '90', '-1h', '1.5h', '1h30m', '1w', '1D', ' 1h', '1h ', '1e3s', '٣d', '99999999999d'])
})

test('a bare date ends that day, UTC; a time ends then', () => {
  assert.equal(parseEnd('2027-01-31'), '2027-02-01T00:00:00.000Z')
  assert.equal(parseEnd('2028-02-29'), '2028-03-01T00:00:00.000Z')
  assert.equal(parseEnd('2027-01-31T18:00:00+02:00'), '2027-01-31T16:00:00.000Z')
  refused(parseEnd, [
    '',
    '2027-02-29',
    '2027-13-01',
    '31.01.2027',
    '2027-01-31 18:00',
    '2027-01-31T18:00:00',
    '1800000000',
    'tomorrow',
  ])
})

test('a bare date begins that day, UTC', () => {
  assert.equal(parseBeginning('2027-01-31'), '2027-01-31T00:00:00.000Z')
  assert.equal(parseBeginning('2027-01-31T18:00:00Z'), '2027-01-31T18:00:00.000Z')
  refused(parseBeginning, ['', '2027-02-30', 'yesterday'])
})

test('scopes are separated by spaces, and add up', () => {
  assert.equal(parseScope('read write', undefined), 'read write')
  assert.equal(parseScope(' read  write ', 'admin'), 'admin read write')
  refused((text) => parseScope(text, undefined), ['', '  '])
})

test('counts are whole numbers within their bounds', () => {
  assert.equal(parseCount(200)('200'), 200)
  refused(parseCount(200), ['0', '201', '-1', '1.5', '1e2', '', 'ten'])
})

test('a server is named by its origin, with https unless it is this machine', () => {
  assert.equal(parseServerUrl('https://auth.example.com'), 'https://auth.example.com')
  assert.equal(parseServerUrl('https://auth.example.com:8443/'), 'https://auth.example.com:8443')
  for (const url of [
    'http://localhost:8000',
    'http://127.0.0.1:8000',
    'http://[::1]:8000',
    'http://auth.latchkey.localhost',
  ])
    assert.equal(parseServerUrl(url), url)
  refused(parseServerUrl, [
    'http://auth.example.com',
    'http://localhost.example.com',
    'http://notlocalhost',
    'ftp://localhost',
    'localhost:8000',
    'https://me:secret@auth.example.com',
    'https://auth.example.com/base',
    'https://auth.example.com/?a',
    'https://auth.example.com/#a',
    '',
  ])
})
