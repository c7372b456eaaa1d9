// Guesses, tries and proofs are counted of a server, not of each of its threads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignInThrottle } from '../../src/accounts/sign-in-throttle.ts'
import { Throttle } from '../../src/limits/throttle.ts'
import { SharedMemory } from '../../src/threads/memory.ts'
import { UsedProofs } from '../../src/verify/used-proofs.ts'

const threads = (): SharedMemory[] => {
  const memory = new SharedMemory(undefined, 1)
  return [2, 3, 4].map((thread) => memory.as(thread))
}

test('tries of one key are counted together, under each name by themselves', () => {
  const [one, two] = ['a', 'b'].map((name) =>
    threads().map((memory) => new Throttle({ most: 4, windowMs: 1_000, memory, name })),
  ) as [Throttle[], Throttle[]]
  const waits = Array.from({ length: 9 }, (_, i) => one[i % 3]?.waitFor('key', 0))
  assert.deepEqual(waits, [0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_000])
  assert.equal(two[0]?.waitFor('key', 0), 0)
})

test('guesses at an account are counted together, and forgotten together', () => {
  const throttles = threads().map((memory) => new SignInThrottle(memory)) as [SignInThrottle, ...SignInThrottle[]]
  const guesses = Array.from({ length: 12 }, (_, i) => throttles[i % 3]?.take('ada', '192.0.2.1', 0))
  assert.equal(guesses.filter((wait) => wait === 0).length, 5)
  throttles[0].succeed('ada', '192.0.2.1')
  assert.equal(throttles[1]?.take('ada', '192.0.2.1', 0), 0)
})

test('a proof is used once in a server', () => {
  const proofs = threads().map((memory) => new UsedProofs(memory)) as [UsedProofs, ...UsedProofs[]]
  assert.deepEqual(
    proofs.map((used) => used.add(10, 8, 'key', 'a')),
    ['added', 'used', 'used'],
  )
  assert.equal(proofs[2]?.has(10, 'key', 'a'), true)
  proofs[1]?.add(13, 11, 'key', 'b')
  assert.equal(proofs[0].has(10, 'key', 'never'), true, 'forgotten with its turn in every thread')
})
