// OWASP ASVS 5.0 §6.2: length alone; RFC 9106: argon2id.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hashPassword,
  maxPasswordLength,
  minPasswordLength,
  passwordMistake,
  verifyPassword,
} from '../../src/accounts/password.ts'

test('any characters will do, from 12 to 128 of them', () => {
  for (const password of [
    'correct horse',
    'пароль из букв',
    '🔑🚪🗝️🏠🔑🚪🗝️🏠🔑🚪🗝️🏠',
    'aaaaaaaaabcd',
    'ab '.repeat(30) + 'x',
  ]) {
    assert.equal(passwordMistake(password, 'ada@example.com'), undefined, password)
  }
  assert.match(String(passwordMistake('abcd'.repeat(2), 'a@b.c')), new RegExp(`at least ${minPasswordLength}`))
  assert.match(String(passwordMistake('abcde'.repeat(26), 'a@b.c')), new RegExp(`at most ${maxPasswordLength}`))
  assert.notEqual(passwordMistake('abcabcabcabc', 'a@b.c'), undefined)
  assert.notEqual(passwordMistake('ADA@EXAMPLE.COM', 'ada@example.com'), undefined)
})

test('a password is kept as salted argon2id and verified as it was given', async () => {
  const password = ' Passphrase with spaces '
  const [one, two] = await Promise.all([hashPassword(password, 'a@b.c'), hashPassword(password, 'a@b.c')])
  assert.notEqual(one, two)
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.equal(await verifyPassword(one, password), true)
  for (const wrong of [password.trim(), password.toLowerCase(), '', 'x'.repeat(10_000)])
    assert.equal(await verifyPassword(one, wrong), false)
  await assert.rejects(hashPassword('short', 'a@b.c'), { code: 'invalid_request' })
})

test('of nobody, no password is right', async () => {
  for (const password of ['', 'nobody', 'correct horse battery'])
    assert.equal(await verifyPassword(null, password), false)
})
