// Where a sign-in leads back to (CWE-601, OWASP ASVS 5.0 §3.7.2): a path of this server, whatever is tried.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mayLeadAway, readReturnTo } from '../../src/accounts/return-to.ts'

const good = [
  '/',
  '/account',
  '/account/',
  '/device?user_code=ABCD-EFGH',
  '/oauth/authorize?client_id=https%3A%2F%2Fapp.example%2Fclient.json&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid+read&state=a%20b',
  '/oauth/authorize?redirect_uri=https://app.example/cb&state=//evil.example',
  '/organizations/01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d/keys',
]

const attacks = [
  '',
  'account',
  'https://evil.example',
  'https:evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/ /evil.example',
  '/\u0000/evil.example',
  '/%2f/evil.example',
  '/%2Fevil.example',
  '/%5cevil.example',
  '/%5C%5Cevil.example',
  '/%09/evil.example',
  '/%0d%0aSet-Cookie:a=b',
  '/%252f%252fevil.example',
  '/./evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/account/..//evil.example',
  '/account/%2e%2e//evil.example',
  '/account//evil.example',
  '/;//evil.example',
  '/@evil.example',
  '/:80',
  '/account#//evil.example',
  '/account?a=b#c',
  '/account?a=\r\nSet-Cookie: a=b',
  '/account?a="><script>',
  '/account?a=\\',
  '/account\u2028',
  '/\u2044evil.example',
  '/\uff0fevil.example',
  '/accоunt', // a Cyrillic o
  '/login',
  '/login?return_to=/login',
  '/login/',
  '/logout',
  `/account?${'a'.repeat(6_000)}`,
]

test('what is a path of this server is kept as it is', () => {
  for (const path of good) assert.equal(readReturnTo(path), path)
})

test('what is not, or could be read as something else, is nothing', () => {
  for (const attack of attacks) assert.equal(readReturnTo(attack), undefined, JSON.stringify(attack))
})

test('whatever comes through stays on this server, in every reading of it', () => {
  const unit = fc.constantFrom(
    '/',
    '\\',
    '.',
    '?',
    '#',
    '@',
    ':',
    ';',
    '%',
    '2',
    'f',
    'F',
    '5',
    'c',
    'e',
    'a',
    '\t',
    '\n',
    '\u00a0',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (rest) => {
      const path = readReturnTo(`/${rest}`)
      if (path === undefined) return
      for (const reading of [path, decodeURIComponent(path.split('?')[0] ?? '')]) {
        const url = new URL(reading, 'https://own.example')
        assert.equal(url.origin, 'https://own.example')
        assert.ok(!url.pathname.startsWith('//'))
      }
    }),
    { numRuns: 5_000 },
  )
})

test('only what is under /oauth may lead to another site', () => {
  assert.deepEqual(['/oauth/authorize?a=b', '/oauth/logout', '/account', '/device'].map(mayLeadAway), [
    true,
    true,
    false,
    false,
  ])
})
