// Guessing is slowed down by address, never by account alone (OWASP ASVS 5.0 §6.3.1).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignInThrottle } from '../../src/accounts/sign-in-throttle.ts'

const start = Date.parse('2026-11-22T12:00:00Z')
const minute = 60_000

/** Attempts that pass when somebody tries as often as may be for so long, and the last wait. */
const guess = (throttle: SignInThrottle, account: (index: number) => string, ip: string, forMs: number) => {
  let [passed, at, last] = [0, start, 0]
  while (at < start + forMs) {
    const waitMs = throttle.take(account(passed), ip, at)
    if (waitMs === 0) passed += 1
    else last = waitMs
    at += waitMs
  }
  return { passed, last, at }
}

test('the first five at one account are free, then the wait doubles up to a quarter of an hour', () => {
  const throttle = new SignInThrottle()
  const answers: number[] = []
  let at = start
  for (let asked = 0; asked < 30; asked++) {
    const waitMs = throttle.take('ada', '192.0.2.1', at)
    answers.push(waitMs / 1000)
    at += waitMs
  }
  assert.deepEqual(answers.slice(0, 12), [0, 0, 0, 0, 0, 1, 0, 2, 0, 4, 0, 8])
  assert.equal(Math.max(...answers), 900)
})

test('a day of guessing at one account from one address comes to about a hundred attempts', () => {
  const { passed } = guess(new SignInThrottle(), () => 'ada', '192.0.2.1', 24 * 60 * minute)
  assert.ok(passed > 90 && passed < 120, String(passed))
})

test('one address that tries many accounts is slowed down too', () => {
  const { passed, last } = guess(new SignInThrottle(), (index) => `person-${index}`, '192.0.2.1', 60 * minute)
  assert.ok(passed < 60, String(passed))
  assert.equal(last, 5 * minute)
})

test('many guesses at an account keep its owner out nowhere else', () => {
  const throttle = new SignInThrottle()
  for (let i = 0; i < 5_000; i++) {
    const ip = `198.51.${i % 100}.${Math.floor(i / 100)}`
    for (let attempt = 0; attempt < 6; attempt++) throttle.take('ada', ip, start)
  }
  assert.equal(throttle.take('ada', '192.0.2.1', start), 0)
})

test('many at once are counted before any is answered', () => {
  const throttle = new SignInThrottle()
  const passed = Array.from({ length: 100 }, () => throttle.take('ada', '192.0.2.1', start)).filter(
    (wait) => wait === 0,
  )
  assert.equal(passed.length, 5)
})

test('a right password does not count; wrong ones of others do', () => {
  const throttle = new SignInThrottle()
  for (let i = 0; i < 200; i++) {
    assert.equal(throttle.take('ada', '192.0.2.1', start), 0)
    throttle.succeed('ada', '192.0.2.1')
  }
  const { passed } = guess(throttle, (index) => `person-${index}`, '192.0.2.1', 1)
  assert.equal(passed, 30)
})

test('what is quiet for an hour is forgotten', () => {
  const throttle = new SignInThrottle()
  for (let i = 0; i < 5; i++) throttle.take('ada', '192.0.2.1', start)
  assert.ok(throttle.take('ada', '192.0.2.1', start) > 0)
  for (let i = 0; i < 5; i++) assert.equal(throttle.take('ada', '192.0.2.1', start + 60 * minute), 0)
})

test('an IPv6 network of 64 bits counts as one address, however it is written', () => {
  const throttle = new SignInThrottle()
  const written = ['2001:db8::1', '2001:DB8:0:0:ffff::2', '2001:0db8:0000::a:b:c:d', '2001:db8::192.0.2.1']
  for (let i = 0; i < 5; i++) assert.equal(throttle.take('ada', written[i % written.length] ?? '', start), 0)
  assert.ok(throttle.take('ada', '2001:db8::7', start) > 0)
  assert.equal(throttle.take('ada', '2001:db8:0:1::1', start), 0)
  assert.equal(throttle.take('ada', '', start), 0, 'no address at all is one of its own')
})

test('memory is bounded, whatever addresses and accounts come', () => {
  const throttle = new SignInThrottle()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 40_000; i++)
    throttle.take(`person-${i}`, `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`, start)
  assert.ok(process.memoryUsage().heapUsed - before < 30_000_000)
})
