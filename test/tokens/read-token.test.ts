// RFC 9068 §4, RFC 8392 §7.2: what is read, what is refused, and why.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { inspectToken } from '../../src/tokens/inspect-token.ts'
import { looksLikeToken, TokenReader, type TokenRefusal } from '../../src/tokens/read-token.ts'
import { facts, keyFacts, openTokens, start } from './fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, api, read, clock } = tokens

const made = {
  ES256: { name: 'plain', ...(await mint.accessToken(api('plain'), facts)) },
  RS256: { name: 'rsa', ...(await mint.accessToken(api('rsa'), facts)) },
  EdDSA: { name: 'edwards', ...(await mint.accessToken(api('edwards'), facts)) },
  HS256: { name: 'secret', ...(await mint.accessToken(api('secret'), facts)) },
  'exchanged JWT': { name: 'plain', ...(await mint.exchanged(api('plain'), 'jwt', keyFacts)) },
  CWT: { name: 'plain', ...(await mint.exchanged(api('plain'), 'cwt', keyFacts)) },
}

const reason = async (token: string, name: string): Promise<TokenRefusal | undefined> => {
  const reading = await read(token, name)
  return reading.ok ? undefined : reading.reason
}

for (const [what, { token, name, issuedAt, expiresIn }] of Object.entries(made)) {
  test(`${what}: taken by its API until the second it ends, and by no other`, async () => {
    assert.equal(await reason(token, name), undefined)
    assert.equal(await reason(token, 'other'), what === 'HS256' ? 'algorithm' : 'audience')
    assert.equal(await reason(token, 'other-secret'), what === 'HS256' ? 'signature' : 'audience')
    for (const { now, refused } of [
      { now: (issuedAt + expiresIn) * 1000 - 1, refused: undefined },
      { now: (issuedAt + expiresIn) * 1000, refused: 'expired' },
      { now: (issuedAt + expiresIn) * 1000 + 1, refused: 'expired' },
      { now: (issuedAt - 60) * 1000, refused: undefined },
      { now: (issuedAt - 60) * 1000 - 1, refused: 'not_yet_valid' },
    ]) {
      clock.now = now
      assert.equal(await reason(token, name), refused)
    }
    clock.now = start
  })

  test(`${what}: of another issuer on the same keys is refused`, async () => {
    const elsewhere = new TokenReader(tokens.keys, `${tokens.config.issuer}/`)
    const reading = await elsewhere.read(token, api(name), clock.now)
    assert.equal('reason' in reading && reading.reason, 'issuer')
  })

  test(`${what}: of another deployment’s keys is refused`, async () => {
    const other = await openTokens()
    await other.keys.ensure()
    const reading = await other.read(token, name)
    assert.equal('reason' in reading && reading.reason, what === 'HS256' ? 'signature' : 'unknown_key')
    await other.close()
  })

  test(`${what}: looks like what it is, and is shown without being believed`, () => {
    const format = what === 'CWT' ? 'cwt' : 'jwt'
    assert.equal(looksLikeToken(token), format)
    const inspected = inspectToken(token)
    assert.ok(inspected)
    assert.equal(inspected.format, format)
    assert.equal(inspected.claims.iss, tokens.config.issuer)
    assert.match(String(inspected.claims.jti), /^[0-9a-f-]{36}$/)
    assert.deepEqual(JSON.parse(JSON.stringify(inspected)), inspected)
  })

  test(`${what}: one changed character anywhere, and it is refused`, async () => {
    for (let index = 0; index < token.length; index += 7) {
      const changed = token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1)
      assert.notEqual(await reason(changed, name), undefined, `at ${index}`)
    }
  })
}

test('what is no token does not look like one', () => {
  const none = [
    '',
    'eyJ',
    'eyJ.',
    'eyJ..',
    'eyJ.a',
    'eyJ.a.b.c',
    'eyJh bGci.a.b',
    'xyJ.a.b',
    '0o',
    '0oP',
    '0oR=',
    '0oR a',
    'sk_live_00',
    'pat_00',
    `eyJ.${'a'.repeat(8192)}.b`,
    `0oRV${'a'.repeat(5500)}`,
  ]
  for (const text of none) assert.equal(looksLikeToken(text), undefined, text.slice(0, 20))
  for (const text of none) assert.equal(inspectToken(text), undefined, text.slice(0, 20))
})

test('a refusal tells nothing of the token', async () => {
  for (const { token, name } of Object.values(made)) {
    for (const text of [token.slice(0, -4), `${token}AAAA`, token.replace(/^.{8}/, '$&.')]) {
      const reading = await read(text, name)
      assert.ok(!reading.ok)
      assert.ok(!reading.detail.includes(text.slice(10, 30)))
    }
  }
})

test('a token that was read before is read again only as it was, and only as long as its key verifies', async () => {
  const own = await openTokens()
  await own.keys.ensure()
  const tokensOf = {
    plain: (await own.mint.accessToken(own.api('plain'), { ...facts, lifetimeSeconds: 86_400 })).token,
    secret: (await own.mint.accessToken(own.api('secret'), { ...facts, lifetimeSeconds: 86_400 })).token,
  }
  const refused = async (token: string, name: string) => {
    const reading = await own.read(token, name)
    return reading.ok ? undefined : reading.reason
  }
  for (const [name, token] of Object.entries(tokensOf)) {
    for (let time = 0; time < 3; time++) assert.equal(await refused(token, name), undefined)
    const [header, claims, signature] = token.split('.') as [string, string, string]
    const last = signature.at(-1) === 'A' ? 'E' : 'A'
    for (const changed of [`${header}.${claims}.${signature.slice(0, -1)}${last}`, `${header}.${claims}.`])
      assert.ok(['signature', 'malformed'].includes(String(await refused(changed, name))), changed)
  }
  assert.equal(await refused(tokensOf.secret, 'other-secret'), 'signature', 'another API has another secret')
  await own.store.transaction((trx) => trx.deleteFrom('signing_keys').execute())
  assert.equal(await refused(tokensOf.plain, 'plain'), 'unknown_key')
  assert.equal(await refused(tokensOf.secret, 'secret'), 'signature')
  await own.close()
})
