// RFC 6238 and RFC 4226, by their own test vectors; and what a code is good for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, encodeBase32, keyUri, matchingStep, stepAt } from '../../src/accounts/factors/totp.ts'

const secret = Buffer.from('12345678901234567890')

test('RFC 6238 Appendix B: the vectors for SHA-1', () => {
  const vectors: [number, string][] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ]
  for (const [seconds, code] of vectors) {
    assert.equal(codeOf(secret, stepAt(seconds * 1000), 8), code)
    assert.equal(codeOf(secret, stepAt(seconds * 1000)), code.slice(2))
  }
})

test('RFC 4226 Appendix D: the first ten of the counter', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  assert.deepEqual(
    codes.map((_, step) => codeOf(secret, step)),
    codes,
  )
})

test('a code is taken in its own half minute and the two beside it', () => {
  const now = 1_700_000_000_000
  const present = stepAt(now)
  for (const [offset, step] of [
    [-2, undefined],
    [-1, present - 1],
    [0, present],
    [1, present + 1],
    [2, undefined],
  ] as const)
    assert.equal(matchingStep(secret, codeOf(secret, present + offset), now, 0), step, String(offset))
})

test('RFC 6238 §5.2: no step is taken twice, nor one before it', () => {
  const now = 1_700_000_000_000
  const present = stepAt(now)
  assert.equal(matchingStep(secret, codeOf(secret, present), now, present), undefined)
  assert.equal(matchingStep(secret, codeOf(secret, present - 1), now, present), undefined)
  assert.equal(matchingStep(secret, codeOf(secret, present + 1), now, present), present + 1)
})

test('what is no code is none', () => {
  for (const code of ['', '12345', '1234567', 'abcdef', '１２３４５６', '٠١٢٣٤٥'])
    assert.equal(matchingStep(secret, code, 1_700_000_000_000, 0), undefined, code)
})

test('RFC 4648 §10: base 32, as it is typed in and stands in the QR code', () => {
  assert.equal(encodeBase32(Buffer.from('foobar')), 'MZXW6YTBOI')
  assert.equal(encodeBase32(Buffer.from('f')), 'MY')
  assert.equal(
    keyUri(secret, 'Latchkey (id.example.com)', 'ada+x@example.com'),
    'otpauth://totp/Latchkey%20(id.example.com):ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Latchkey%20(id.example.com)',
  )
})
