// OWASP ASVS 5.0 §6.2: length alone; RFC 9106: argon2id.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { HashingQueue } from '../../src/accounts/hashing-queue.ts'
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

test('what everybody tries first is no password, in whatever case', () => {
  for (const common of ['passwordpassword', 'QwertyQwerty', '123456QWERTY', '1qaz2wsx3edc'])
    assert.match(String(passwordMistake(common, 'ada@example.com', 'Ada Lovelace')), /tried first/, common)
})

test('three thousand common passwords and more are known, each long enough to be chosen otherwise (ASVS 5.0 §6.2.4)', () => {
  const list = readFileSync(new URL('../../src/accounts/frequent-passwords.txt', import.meta.url), 'utf8')
  const passwords = list.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  assert.ok(passwords.length >= 3_000)
  assert.deepEqual(
    passwords.filter(
      (password) => passwordMistake(password, '', '') === undefined || password.length < minPasswordLength,
    ),
    [],
  )
})

test('words about the person do not make a password by themselves', () => {
  const mistake = (password: string) => passwordMistake(password, 'ada.byron@engines.example', 'Ada Lovelace')
  for (const password of ['Lovelace-1815', 'latchkey2026!', 'adalovelace1815', 'Byron@Engines1', 'engines.example'])
    assert.match(String(mistake(password)), /little more than/, password)
  for (const password of ['lovelace weaves algebra', 'latchkey under the mat', 'adamant copper wheel'])
    assert.equal(mistake(password), undefined, password)
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

test('a flood of passwords waits in a short line, and what finds no place there is turned away unlooked at', async () => {
  const queue = new HashingQueue(2, 3)
  const begun: number[] = []
  const ends: (() => void)[] = []
  const work = (index: number) =>
    queue.run(async () => {
      begun.push(index)
      await new Promise<void>((resolve) => ends.push(resolve))
      if (index === 0) throw new Error('broken')
      return index
    })
  const all = Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map(work))
  assert.deepEqual(begun, [0, 1])
  for (let index = 0; index < 5; index++) {
    ends[index]?.()
    await setImmediate()
    await setImmediate()
  }
  const outcomes = (await all).map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : ((outcome.reason as { code?: string }).code ?? 'broken'),
  )
  assert.deepEqual(outcomes, ['broken', 1, 2, 3, 4, 'temporarily_unavailable', 'temporarily_unavailable'])
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
  assert.equal(await queue.run(async () => 7), 7, 'and there is room again')
})
