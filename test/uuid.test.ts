// RFC 9562 §5.7: ids that are made at every request.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../src/uuid.ts'

test('an id is a UUIDv7 of its time, and no two are alike', () => {
  const before = Date.now()
  const ids = Array.from({ length: 20_000 }, newId)
  const after = Date.now()
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const time = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    assert.ok(time >= before && time <= after)
  }
  assert.equal(new Set(ids.map((id) => id.slice(14))).size, ids.length)
  // every place of the random part takes every digit it may
  for (const place of [15, 16, 17, 20, 21, 22, ...Array.from({ length: 12 }, (_, i) => 24 + i)])
    assert.equal(new Set(ids.map((id) => id[place])).size, 16, `place ${place}`)
  assert.equal(new Set(ids.map((id) => id[19])).size, 4)
})
