// The body of verify that nearly all send is read without the parser and the schema: to no other outcome.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bodyValidator } from '../../src/http/server.ts'
import { usualItem } from '../../src/verify/direct-routes.ts'
import { VerifyBody } from '../../src/verify/schemas.ts'

const isItem = bodyValidator(VerifyBody)

const piece = fc.constantFrom(
  '{"credential":"sk_1"}',
  '{"credential":"',
  '"credential"',
  '"api"',
  ',"api":"multi"',
  ':',
  ',',
  '"',
  '"}',
  '}',
  ' ',
  '\\u0041',
  '\\"',
  '\\',
  'x',
  '\t',
  '\n',
  '\x7f',
  'é',
  '\ufeff',
  '"dry_run":true',
)

test('whatever is read as usual, the parser and the schema read alike', () => {
  let usual = 0
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.array(piece, { maxLength: 3 }),
      fc.string(),
      (start, end, any) => {
        for (const text of [
          `{"credential":"${any}"}`,
          `{"credential":"x","api":"${any}"}`,
          `{"credential":"${start.join('')}"${end.join('')}}`,
          [...start, ...end].join(''),
        ]) {
          const item = usualItem(Buffer.from(text))
          if (item === undefined) continue
          usual += 1
          const parsed: unknown = JSON.parse(text)
          assert.deepEqual(item, parsed)
          assert.ok(isItem(parsed))
        }
      },
    ),
    { numRuns: 5000 },
  )
  assert.ok(usual > 100)
})

test('what is too long, repeated or empty is not usual', () => {
  const usual = (text: string): boolean => usualItem(Buffer.from(text)) !== undefined
  assert.ok(usual(`{"credential":"${'x'.repeat(8192)}","api":"${'a'.repeat(63)}"}`))
  assert.ok(usual('{ "credential": "x", "api": "a" }'))
  for (const text of [
    `{"credential":"${'x'.repeat(8193)}"}`,
    `{"credential":"x","api":"${'a'.repeat(64)}"}`,
    '{"credential":""}',
    '{"credential":"x","credential":"y"}',
    '{"credential":"x","api":"a","api":"b"}',
    '{"api":"a","credential":"x"}',
    '{"credential":"x"}{"credential":"x"}',
    '{"credential":"x"}\n',
    '\ufeff{"credential":"x"}',
    '{"credential":"x","__proto__":1}',
  ])
    assert.ok(!usual(text), text.slice(0, 60))
})
