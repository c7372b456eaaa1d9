// A throttle counts tries by key and window, and remembers no more keys than it was told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Throttle } from '../../src/limits/throttle.ts'

test('so many tries in a window that begins with the first, for each key', () => {
  const throttle = new Throttle({ most: 2, windowMs: 1_000 })
  assert.deepEqual(
    [0, 10, 20, 999].map((now) => throttle.waitFor('a', now)),
    [0, 0, 980, 1],
  )
  assert.equal(throttle.waitFor('b', 20), 0)
  assert.equal(throttle.waitFor('a', 1_000), 0, 'a refused try does not begin a window')
})

test('beyond so many keys the one that began first is forgotten', () => {
  const throttle = new Throttle({ most: 1, windowMs: 1_000, maxKeys: 2 })
  for (const key of ['a', 'b', 'c']) assert.equal(throttle.waitFor(key, 0), 0)
  assert.equal(throttle.waitFor('c', 0), 1_000)
  assert.equal(throttle.waitFor('b', 0), 1_000)
  assert.equal(throttle.waitFor('a', 0), 0, 'forgotten')
})
