// RFC 7515 §4, RFC 7519 §4: member names are distinct, whatever their spelling and depth.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictObject } from '../../src/tokens/strict-json.ts'

const refused = {
  'a duplicate at the top': '{"sub":"a","sub":"b"}',
  'a duplicate in an object': '{"a":{"b":1,"b":2}}',
  'a duplicate in an array': '{"a":[1,{"b":1,"b":2}]}',
  'a duplicate spelled with an escape': '{"sub":"a","\\u0073ub":"b"}',
  'a duplicate with white space before the colon': '{"sub":"a","sub"\n\t :"b"}',
  'a duplicate after a string that looks like structure': '{"a":"}{\\"a\\":[","a":1}',
  'a prototype': '{"__proto__":{"admin":true}}',
  'a nested prototype': '{"a":{"__proto__":1}}',
  'an escaped prototype': '{"\\u005f_proto__":1}',
  'a lone surrogate': '{"a":"\\ud800"}',
  'a lone surrogate in a name': '{"\\udc00":1}',
  'nine levels': '{"a":'.repeat(9) + '1' + '}'.repeat(9),
  'nine levels of arrays': `{"a":${'['.repeat(8)}${']'.repeat(8)}}`,
  'thousands of levels': '{"a":'.repeat(1500) + '1' + '}'.repeat(1500),
  'an array': '[]',
  null: 'null',
  'a string': '"{}"',
  'a number': '1',
  nothing: '',
  'two values': '{}{}',
  'a trailing comma': '{"a":1,}',
  'a comment': '{"a":1/**/}',
  'single quotes': "{'a':1}",
  'a byte order mark': '\ufeff{}',
  'a line break in a string': '{"a":"\n"}',
  NaN: '{"a":NaN}',
  hexadecimal: '{"a":0x10}',
  'a leading zero': '{"a":01}',
}

for (const [what, text] of Object.entries(refused))
  test(`refused: ${what}`, () => assert.equal(parseStrictObject(text), undefined))

test('taken: the same name in different objects, eight levels, escapes', () => {
  assert.deepEqual(parseStrictObject('{"a":{"a":1},"b":{"a":2},"c":[{"a":3},{"a":4}]}'), {
    a: { a: 1 },
    b: { a: 2 },
    c: [{ a: 3 }, { a: 4 }],
  })
  assert.deepEqual(parseStrictObject(' { "a\\"b" : "\\u00e9\\ud83d\\ude00" } '), { 'a"b': 'é😀' })
  assert.ok(parseStrictObject('{"a":'.repeat(8) + '1' + '}'.repeat(8)))
  assert.deepEqual(parseStrictObject('{"constructor":1,"toString":2}'), { constructor: 1, toString: 2 })
})

test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
        fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
      ),
      (value) => {
        const text = JSON.stringify(value)
        assert.deepEqual(parseStrictObject(text), JSON.parse(text))
      },
    ),
  )
})

test('any object with one member written twice is refused', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer(), { minKeys: 1 }), fc.nat(), (value, pick) => {
      const members = Object.entries(value).map(([name, number]) => `${JSON.stringify(name)}:${number}`)
      assert.equal(parseStrictObject(`{${[...members, members[pick % members.length]].join(',')}}`), undefined)
    }),
  )
})
