// Paths in the log and in the dashboard: what may be a credential is left out, wherever it stands and however it is cut.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownPath } from '../src/shown-path.ts'

test('credentials in a path are left out; words, versions and ids stay; a query is never told', () => {
  const hex = 'sk_live_33c3842b326b85e8a50485ea0a5ad72eb66d68694f0bed52e0fd923813ec1ed9'
  // of base64url, whose dashes part it into short runs
  const parted = 'in_aB3-cD4_eF5-gH6_iJ7-kL8_mN9-oP0_qR1-sT2_uV3-wX'
  assert.equal(shownPath(`/v1/users/${hex}/keys`, 200), '/v1/users/…/keys')
  assert.equal(shownPath(`/invitations/${parted}`, 200), '/invitations/…')
  assert.equal(
    shownPath('/v1/zones/01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d?key=secret', 200),
    '/v1/zones/01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d',
  )
  assert.equal(shownPath('/organizations/settings/api-keys', 200), '/organizations/settings/api-keys')
})

test('a long path is cut between segments, so that no rest of a secret is taken for a word', () => {
  const secret = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4'
  for (let length = 150; length < 260; length++) {
    const shown = shownPath(`${'/a'.repeat(length)}/${secret}/end${'/b'.repeat(200)}`, 100)
    assert.ok(shown.length <= 100, shown)
    assert.equal(shown.includes('a1b2'), false, shown)
    // many left out before it, so that what was cut would stand within the length
    const masked = shownPath(`/${`${secret}/`.repeat(13)}${'x'.repeat(length - 150)}/${secret}`, 100)
    assert.equal(masked.includes('a1'), false, masked)
  }
})
