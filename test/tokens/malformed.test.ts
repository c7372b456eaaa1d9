// Whatever is presented, reading it never throws, and nothing that we did not sign is ever taken.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { encodeCbor } from '../../src/tokens/cbor.ts'
import { inspectToken } from '../../src/tokens/inspect-token.ts'
import { looksLikeToken } from '../../src/tokens/read-token.ts'
import { base64url, facts, keyFacts, openTokens } from './fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, api, read } = tokens

const names = ['plain', 'secret', 'edwards'] as const
const genuine = [
  ...(await Promise.all(names.map((name) => mint.accessToken(api(name), facts)))),
  await mint.exchanged(api('plain'), 'jwt', keyFacts),
  await mint.exchanged(api('plain'), 'cwt', keyFacts),
].map(({ token }) => token)

const refusedEverywhere = async (text: string): Promise<void> => {
  looksLikeToken(text)
  inspectToken(text)
  for (const name of names) {
    const reading = await read(text, name)
    assert.equal(reading.ok, false, text)
  }
}

const refuses = (arbitrary: fc.Arbitrary<string>, numRuns: number): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, refusedEverywhere), { numRuns })

const part = fc.oneof(fc.json().map(base64url), fc.uint8Array({ maxLength: 100 }).map(base64url), fc.string())
const header = fc.record(
  {
    alg: fc.constantFrom('ES256', 'HS256', 'EdDSA', 'RS256', 'none'),
    typ: fc.constantFrom('at+jwt', 'JWT'),
    kid: fc.string(),
  },
  { requiredKeys: ['alg'] },
)
const cbor = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.uint8Array({ maxLength: 70 }),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc
    .array(fc.tuple(fc.oneof(fc.integer(), fc.string()), tie('value')), { maxLength: 4 })
    .map((entries) => new Map(entries as [unknown, unknown][])),
}))

test('any text', () => refuses(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 })), 1500))
test('any bytes in base64url', () => refuses(fc.uint8Array({ maxLength: 400 }).map(base64url), 1500))
test('any three parts', () =>
  refuses(
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    1500,
  ))
test('any claims under a header like ours', () =>
  refuses(
    fc
      .tuple(header, fc.json(), fc.uint8Array({ maxLength: 300 }))
      .map(([head, body, signature]) => [JSON.stringify(head), body, signature].map(base64url).join('.')),
    1500,
  ))
test('any bytes behind a COSE_Sign1 tag', () =>
  refuses(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => base64url(Buffer.concat([Buffer.of(0xd2, 0x84, 0x55), bytes]))),
    1500,
  ))
test('any CBOR in the four places of a COSE_Sign1', () =>
  refuses(
    fc
      .array(cbor.value, { minLength: 4, maxLength: 4 })
      .map((parts) => base64url(Buffer.concat([Buffer.of(0xd2), encodeCbor(parts)]))),
    1500,
  ))
test('any CBOR maps as header and claims', () =>
  refuses(
    fc
      .tuple(cbor.map, cbor.value, fc.uint8Array({ minLength: 64, maxLength: 64 }))
      .map(([head, body, signature]) =>
        base64url(
          Buffer.concat([Buffer.of(0xd2), encodeCbor([encodeCbor(head), new Map(), encodeCbor(body), signature])]),
        ),
      ),
    1500,
  ))

test('any genuine token with a character changed, put in or taken out', () =>
  refuses(
    fc
      .tuple(
        fc.constantFrom(...genuine),
        fc.nat(),
        fc.constantFrom('change', 'insert', 'remove', 'swap', 'cut'),
        fc.constantFrom('A', 'x', 'z', '0', '9', '-', '_', '.', '=', '+', '/', ' ', '\n', '\u0000', 'é'),
      )
      .map(([token, position, how, character]) => {
        const at = position % token.length
        const [before, here, rest] = [token.slice(0, at), token[at] as string, token.slice(at + 1)]
        if (how === 'change') return before + character + rest
        if (how === 'insert') return before + character + here + rest
        if (how === 'remove') return before + rest
        if (how === 'swap') return before + rest.slice(0, 1) + here + rest.slice(1)
        return before
      })
      .filter((text) => !genuine.includes(text)),
    3000,
  ))

test('parts of genuine tokens put together anew', () => {
  const parts = genuine.flatMap((token) => token.split('.'))
  return refuses(
    fc
      .tuple(...[0, 1, 2].map(() => fc.constantFrom(...parts)))
      .map((chosen) => chosen.join('.'))
      .filter((text) => !genuine.includes(text)),
    1500,
  )
})
