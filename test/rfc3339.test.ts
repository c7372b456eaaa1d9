// RFC 3339 §5.6: date-time, strictly.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTime, formatTimeOrNull, parseTime } from '../src/rfc3339.ts'

test('times are written in UTC and read with any offset', () => {
  const at = Date.UTC(2026, 10, 22, 12, 0, 0, 5)
  assert.equal(formatTime(at), '2026-11-22T12:00:00.005Z')
  assert.equal(formatTimeOrNull(null), null)
  for (const text of ['2026-11-22T12:00:00.005Z', '2026-11-22T13:30:00.005+01:30', '2026-11-22T07:00:00.005000-05:00'])
    assert.equal(parseTime(text), at, text)
  assert.equal(parseTime('2024-02-29T00:00:00Z'), Date.UTC(2024, 1, 29))
})

test('what is no date-time is not guessed at', () => {
  const wrong = [
    '',
    'now',
    '2026-11-22',
    '2026-11-22T12:00Z',
    '2026-11-22T12:00:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T12:60:00Z',
    '2026-11-22 12:00:00Z',
    '+002026-11-22T12:00:00Z',
    ' 2026-11-22T12:00:00Z',
    '2026-11-22T12:00:00+24:00',
    '22 Nov 2026 12:00:00 GMT',
  ]
  for (const text of wrong) assert.equal(parseTime(text), undefined, text)
})
