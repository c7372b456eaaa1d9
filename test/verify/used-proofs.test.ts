// RFC 9449 §11.1: the memory of used proofs is bounded, forgets by turns, and refuses when it is full.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownMemory } from '../../src/threads/memory.ts'
import { UsedProofs } from '../../src/verify/used-proofs.ts'

test('a full memory takes nothing new, forgets nothing, and has room again when a turn is over', () => {
  const used = new UsedProofs(ownMemory(), { buckets: 1, ways: 3 })
  assert.equal(used.add(10, 8, 'key', 'a'), 'added')
  assert.equal(used.add(11, 9, 'key', 'b'), 'added')
  assert.equal(used.add(11, 9, 'other', 'a'), 'added')
  assert.equal(used.add(12, 10, 'key', 'c'), 'full')
  assert.equal(used.has(12, 'key', 'c'), false)
  for (const [turn, key, id] of [
    [10, 'key', 'a'],
    [11, 'key', 'b'],
    [11, 'other', 'a'],
  ] as const)
    assert.equal(used.has(turn, key, id), true)
  assert.equal(used.add(13, 11, 'key', 'c'), 'added')
  assert.equal(used.has(10, 'key', 'x'), true, 'forgotten with its turn: taken for used, should the clock be set back')
  assert.equal(used.add(13, 11, 'key', 'd'), 'full')
})
