// RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3: which spellings of an address are one address, and what is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalTargetUri } from '../../src/tokens/target-uri.ts'

test('spellings of one address', () => {
  for (const [spelled, normal] of [
    ['https://api.example.com/v1/users', 'https://api.example.com/v1/users'],
    ['HTTPS://API.Example.COM/v1/users', 'https://api.example.com/v1/users'],
    ['https://api.example.com:443/v1', 'https://api.example.com/v1'],
    ['http://api.example.com:80/', 'http://api.example.com/'],
    ['http://api.example.com:443/', 'http://api.example.com:443/'],
    ['https://api.example.com:/v1', 'https://api.example.com/v1'],
    ['https://api.example.com:08443/v1', 'https://api.example.com:8443/v1'],
    ['https://api.example.com', 'https://api.example.com/'],
    ['https://api.example.com?a=b', 'https://api.example.com/'],
    ['https://api.example.com/v1?a=/../b#c', 'https://api.example.com/v1'],
    ['https://api.example.com/%7euser/%2f/%c3%a9', 'https://api.example.com/~user/%2F/%C3%A9'],
    ['https://api.example.com/a/./b/../%2e%2e/c', 'https://api.example.com/c'],
    ['https://api.example.com/a/b/..', 'https://api.example.com/a/'],
    ['https://api.example.com/..', 'https://api.example.com/'],
    ['https://api.example.com/a//b/', 'https://api.example.com/a//b/'],
    ['http://[::1]:8000/v1', 'http://[::1]:8000/v1'],
  ] as const)
    assert.equal(normalTargetUri(spelled), normal, spelled)
})

test('paths and hosts keep their differences', () => {
  const base = normalTargetUri('https://api.example.com/v1/users')
  for (const other of [
    'https://api.example.com/v1/Users',
    'https://api.example.com/v1/users/',
    'https://api.example.com/v1%2fusers',
    'http://api.example.com/v1/users',
    'https://api.example.com:8443/v1/users',
    'https://api.example.com.evil.test/v1/users',
    'https://api.example.com./v1/users',
  ])
    assert.notEqual(normalTargetUri(other), base, other)
})

test('what is no address', () => {
  for (const none of [
    '',
    '/v1',
    'api.example.com/v1',
    'wss://api.example.com/v1',
    'https:///v1',
    'https://user@api.example.com/v1',
    'https://api.example.com@evil.test/v1',
    'https://api.example.com\\@evil.test/v1',
    'https://api.example.com/v1 ',
    ' https://api.example.com/v1',
    'https://api.example.com/\n',
    'https://api.example.com/%zz',
    'https://api.example.com/%2',
    'https://api.example.com:123456/',
    'https://api.example.com:port/',
    'https://b\u00fccher.example/',
    'https://[::1/',
    'https://%61pi.example.com/',
  ])
    assert.equal(normalTargetUri(none), undefined, none)
})
