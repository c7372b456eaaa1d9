// Tokens of this server's own forms (OWASP ASVS 5.0 §3.5): one session, one purpose, one hour.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formToken, isFormToken } from '../../src/http/form-token.ts'
import { SecretBox } from '../../src/secret-box.ts'

const box = new SecretBox('a secret of at least thirty-two characters')
const now = Date.parse('2026-11-22T12:00:00Z')
const hour = 3_600_000

test('a token is good for its session and purpose, for an hour', () => {
  const token = formToken(box, 'session', 'sign out', now)
  for (const at of [now, now + hour - 1, now - 60_000]) assert.ok(isFormToken(box, 'session', 'sign out', token, at))
  const refused: [string, string, string, number][] = [
    ['another', 'sign out', token, now],
    ['session', 'revoke', token, now],
    ['session', 'sign out', token, now + hour],
    ['session', 'sign out', token, now - 60_001],
    ['session', 'sign out', `${now + 1}.${token.split('.')[1] ?? ''}`, now],
    ['session', 'sign out', token.toUpperCase(), now],
    ['session', 'sign out', token.slice(0, -1), now],
    ['session', 'sign out', `${token}0`, now],
    ['session', 'sign out', `+${token}`, now],
    ['session', 'sign out', '', now],
    ['session', 'sign out', '.'.repeat(100_000), now],
  ]
  for (const [session, purpose, given, at] of refused)
    assert.equal(isFormToken(box, session, purpose, given, at), false, `${purpose} ${given.slice(0, 90)}`)
})

test('what is bound cannot be shifted between session, purpose and time, nor made with another secret', () => {
  const token = formToken(box, 'a', 'b', now)
  assert.equal(isFormToken(box, 'a","b', '', token, now), false)
  assert.equal(isFormToken(box, 'ab', '', token, now), false)
  const other = new SecretBox('another secret of at least thirty-two characters')
  assert.equal(isFormToken(other, 'a', 'b', token, now), false)
})
