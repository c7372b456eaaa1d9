// RFC 8725 §2 and §3: attacks on JSON Web Tokens. Wherever it can be, the forgery bears a genuine signature.
import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { after, test } from 'node:test'
import type { SigningAlgorithm } from '../../src/profiles/profile.ts'
import { algorithms } from '../../src/tokens/algorithms.ts'
import { inspectToken } from '../../src/tokens/inspect-token.ts'
import { parseJwt } from '../../src/tokens/jwt.ts'
import type { TokenRefusal } from '../../src/tokens/read-token.ts'
import { base64url, facts, openTokens } from './fixture.ts'

const tokens = await openTokens()
await tokens.keys.ensure()
after(tokens.close)
const { mint, keys, api, read } = tokens

const es256 = await keys.signer('ES256')
const genuine = (await mint.accessToken(api('plain'), facts)).token
const [genuineHeader = '', genuineClaims = '', genuineSignature = ''] = genuine.split('.')
const claims = inspectToken(genuine)?.claims ?? {}
const header = { alg: 'ES256', typ: 'at+jwt', kid: es256.id }
const hsGenuine = (await mint.accessToken(api('secret'), facts)).token
const hsClaims = inspectToken(hsGenuine)?.claims ?? {}

const spell = (part: string | object): string => base64url(typeof part === 'string' ? part : JSON.stringify(part))

/** A token of these parts under a genuine signature. */
const forge = async (
  headerPart: string | object,
  claimsPart: string | object,
  algorithm: SigningAlgorithm = 'ES256',
): Promise<string> => {
  const { key } = await keys.signer(algorithm, 'secret')
  const input = `${spell(headerPart)}.${spell(claimsPart)}`
  return `${input}.${base64url(algorithms[algorithm].sign(Buffer.from(input), key))}`
}

const refused = async (token: string, reason: TokenRefusal, name = 'plain'): Promise<void> => {
  const reading = await read(token, name)
  assert.equal('reason' in reading ? reading.reason : 'accepted', reason, token.slice(0, 80))
}

test('the forger’s tools are right: what it signs unchanged is taken', async () => {
  assert.equal((await read(await forge(header, claims), 'plain')).ok, true)
  assert.equal((await read(await forge({ ...header, typ: 'application/at+jwt' }, claims), 'plain')).ok, true)
  assert.equal((await read(await forge({ alg: 'HS256', typ: 'JWT' }, hsClaims, 'HS256'), 'secret')).ok, true)
})

test('§2.1: alg none, in every case, with and without a signature', async () => {
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ']) {
    for (const signature of ['', genuineSignature, 'AA']) {
      for (const name of ['plain', 'secret']) {
        await refused(
          `${spell({ alg, typ: 'at+jwt', kid: es256.id })}.${genuineClaims}.${signature}`,
          'algorithm',
          name,
        )
        await refused(`${spell({ alg, typ: 'JWT' })}.${spell(hsClaims)}.${signature}`, 'algorithm', name)
      }
    }
  }
})

test('§2.1: no signature under an algorithm of ours', async () => {
  await refused(`${genuineHeader}.${genuineClaims}.`, 'signature')
  await refused(`${genuineHeader}.${genuineClaims}`, 'malformed')
  await refused(`${hsGenuine.slice(0, hsGenuine.lastIndexOf('.'))}.`, 'signature', 'secret')
})

test('§2.1: a public key is no HMAC secret, in any of its forms', async () => {
  for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
    const { id, key } = await keys.signer(algorithm)
    const publicKey = createPublicKey(key)
    const jwk = publicKey.export({ format: 'jwk' })
    const forms = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'spki' }).trim(),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk),
      JSON.stringify((await keys.jwks()).keys.find(({ kid }) => kid === id)),
      Buffer.from(jwk.x ?? jwk.n ?? '', 'base64url'),
      '',
    ]
    for (const form of forms) {
      for (const [head, body] of [
        [{ alg: 'HS256', typ: 'at+jwt', kid: id }, claims],
        [{ alg: 'HS256', typ: 'JWT', kid: id }, hsClaims],
        [{ alg: 'HS256', typ: 'JWT' }, hsClaims],
      ] as const) {
        const input = `${spell(head)}.${spell(body)}`
        const token = `${input}.${createHmac('sha256', form).update(input).digest('base64url')}`
        await refused(token, 'algorithm', 'plain')
        await refused(token, 'kid' in head || head.typ !== 'JWT' ? 'malformed' : 'signature', 'secret')
      }
    }
  }
})

test('§3.1: a key of one algorithm under the name of another', async () => {
  for (const [alg, algorithm] of [
    ['RS256', 'ES256'],
    ['EdDSA', 'ES256'],
    ['ES256', 'RS256'],
    ['ES256', 'EdDSA'],
  ] as const) {
    const { id } = await keys.signer(algorithm)
    await refused(await forge({ ...header, alg, kid: id }, claims, algorithm), 'algorithm')
    await refused(await forge({ ...header, alg, kid: id }, claims, alg), 'algorithm')
  }
  await refused(await forge({ ...header, kid: (await keys.signer('EdDSA')).id }, claims), 'algorithm')
  for (const alg of ['ES384', 'ES512', 'PS256', 'HS384', 'Ed25519', 'es256', 'constructor', '__proto__', 'toString'])
    await refused(await forge({ ...header, alg }, claims), 'algorithm')
})

test('§3.10: a key that the token brings along is not looked at', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  for (const brought of [
    { jwk },
    { jku: 'https://evil.example/jwks' },
    { x5u: 'https://evil.example/x5u' },
    { x5c: ['MIIB'] },
    { x5t: 'AA' },
    { 'x5t#S256': 'AA' },
  ]) {
    const input = `${spell({ ...header, ...brought })}.${genuineClaims}`
    await refused(
      `${input}.${base64url(sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }))}`,
      'malformed',
    )
    await refused(await forge({ ...header, ...brought }, claims), 'malformed')
  }
})

test('a kid finds a key of ours or nothing', async () => {
  const secretId = (await keys.signer('HS256', 'secret')).id
  for (const kid of [
    '../../../../dev/null',
    "x' UNION SELECT 'key' --",
    '__proto__',
    'constructor',
    'a',
    `${es256.id} `,
    `${es256.id}\u0000`,
    es256.id.toLowerCase(),
    secretId,
  ]) {
    await refused(await forge({ ...header, kid }, claims), 'unknown_key')
  }
  await refused(await forge({ alg: 'ES256', typ: 'at+jwt' }, claims), 'unknown_key')
  for (const kid of ['', 'k'.repeat(65), 1, null, [es256.id], { kid: es256.id }, true])
    await refused(await forge({ ...header, kid }, claims), 'malformed')
  const input = `${spell({ ...header, kid: '/dev/null' })}.${genuineClaims}`
  await refused(`${input}.${createHmac('sha256', '').update(input).digest('base64url')}`, 'unknown_key')
})

test('RFC 7515 §4.1.11, RFC 7797: crit and b64 are not understood, so that their tokens are refused', async () => {
  for (const extra of [
    { crit: ['exp'] },
    { crit: [] },
    { crit: ['b64'], b64: false },
    { b64: false },
    { b64: true },
    { crit: null },
    { cty: 'JWT' },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
    { extra: 1 },
  ]) {
    await refused(await forge({ ...header, ...extra }, claims), 'malformed')
    await refused(await forge({ alg: 'HS256', typ: 'JWT', ...extra }, hsClaims, 'HS256'), 'malformed', 'secret')
  }
  const input = `${spell({ ...header, b64: false, crit: ['b64'] })}.${JSON.stringify(claims)}`
  await refused(`${input}.${base64url(algorithms.ES256.sign(Buffer.from(input), es256.key))}`, 'malformed')
})

test('§2.8, §3.11: a token of another type is no access token', async () => {
  for (const typ of [
    'JWT',
    'jwt',
    'AT+JWT',
    'dpop+jwt',
    'logout+jwt',
    'token-introspection+jwt',
    'statuslist+jwt',
    'at+jwt ',
    'application/at+jwt; x',
  ])
    await refused(await forge({ ...header, typ }, claims), 'malformed')
  await refused(await forge({ alg: 'ES256', kid: es256.id }, claims), 'malformed')
  await refused(
    await forge(
      { alg: 'RS256', typ: 'JWT', kid: (await keys.signer('RS256')).id },
      { ...claims, nonce: 'n', at_hash: 'h' },
      'RS256',
    ),
    'malformed',
    'plain',
  ) // an id_token
  for (const typ of ['at+jwt', 'jwt', 'dpop+jwt', undefined])
    await refused(await forge({ alg: 'HS256', typ }, hsClaims, 'HS256'), 'malformed', 'secret')
})

test('§3.8, §3.9: another issuer, another audience', async () => {
  const { iss, aud } = claims as { iss: string; aud: string }
  for (const other of [`${iss}/`, iss.toUpperCase(), 'https://evil.example', `${iss}.evil.example`])
    await refused(await forge(header, { ...claims, iss: other }), 'issuer')
  for (const other of [
    'https://other.example',
    `${aud}/`,
    aud.toUpperCase(),
    ['https://other.example', 'x'],
    'https://plain.example.evil.example',
  ])
    await refused(await forge(header, { ...claims, aud: other }), 'audience')
  assert.equal((await read(await forge(header, { ...claims, aud: ['https://other.example', aud] }), 'plain')).ok, true)
})

test('the secret of one API makes no tokens of another', async () => {
  await refused(
    await forge({ alg: 'HS256', typ: 'JWT' }, { ...hsClaims, aud: 'https://other-secret.example' }, 'HS256'),
    'signature',
    'other-secret',
  )
  await refused(
    await forge({ alg: 'HS256', typ: 'JWT' }, { ...hsClaims, aud: 'https://plain.example' }, 'HS256'),
    'algorithm',
    'plain',
  )
  await refused(
    await forge({ alg: 'HS256', typ: 'JWT' }, { ...hsClaims, aud: 'https://other-secret.example' }, 'HS256'),
    'audience',
    'secret',
  )
})

test('times: no end, ended, and not begun', async () => {
  const { exp: _, ...endless } = claims
  await refused(await forge(header, endless), 'malformed')
  for (const exp of ['9999999999', null, Infinity, 1e300, -1, 1.5])
    await refused(await forge(header, { ...claims, exp }), 'malformed')
  const now = tokens.clock.now / 1000
  await refused(await forge(header, { ...claims, exp: now }), 'expired')
  await refused(await forge(header, { ...claims, exp: 0 }), 'expired')
  await refused(await forge(header, { ...claims, iat: now + 61 }), 'not_yet_valid')
  await refused(await forge(header, { ...claims, nbf: now + 61 }), 'not_yet_valid')
  assert.equal((await read(await forge(header, { ...claims, nbf: now + 60, iat: now + 60 }), 'plain')).ok, true)
})

test('RFC 7519 §4: members written twice, under a genuine signature', async () => {
  const text = JSON.stringify(claims)
  for (const extra of [
    '"sub":"admin"',
    '"\\u0073ub":"admin"',
    '"s\\u0075b":"admin"',
    '"aud":"https://plain.example"',
    '"x":{"a":1,"a":2}',
    '"x":[{"a":1,"\\u0061":2}]',
    '"__proto__":{"sub":"admin"}',
  ]) {
    await refused(await forge(header, `${text.slice(0, -1)},${extra}}`), 'malformed')
    await refused(await forge(header, `{${extra},${text.slice(1)}`), 'malformed')
  }
  const head = JSON.stringify(header)
  for (const extra of ['"alg":"ES256"', '"\\u0061lg":"none"', '"kid":"x"'])
    await refused(await forge(`${head.slice(0, -1)},${extra}}`, claims), 'malformed')
})

test('what is not JSON, not an object, or not UTF-8, under a genuine signature', async () => {
  for (const text of [
    '',
    'null',
    '[]',
    '"x"',
    '1',
    '{',
    `\ufeff${JSON.stringify(claims)}`,
    `${JSON.stringify(claims)}x`,
    `${JSON.stringify(claims)}\u0000`,
    `{"a":${'['.repeat(500)}${']'.repeat(500)}}`,
  ]) {
    await refused(await forge(header, text), 'malformed')
    await refused(await forge(text, claims), 'malformed')
  }
  const input = `${genuineHeader}.${base64url(Buffer.concat([Buffer.from(JSON.stringify(claims).slice(0, -1)), Buffer.from(',"x":"'), Buffer.of(0xff), Buffer.from('"}')]))}`
  await refused(`${input}.${base64url(algorithms.ES256.sign(Buffer.from(input), es256.key))}`, 'malformed')
})

test('RFC 7515 §2: one spelling of base64url', async () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(genuineSignature.at(-1) as string)
  assert.equal(last % 16, 0) // 64 bytes end in a character with four unused bits
  for (const bits of [1, 2, 8, 15]) await refused(`${genuine.slice(0, -1)}${alphabet[last + bits]}`, 'malformed')
  for (const changed of [
    `${genuine}=`,
    `${genuine}==`,
    ` ${genuine}`,
    `${genuine} `,
    `${genuine}\n`,
    `${genuineHeader}=.${genuineClaims}.${genuineSignature}`,
    `${genuineHeader}.${genuineClaims}\n.${genuineSignature}`,
    `${genuineHeader}.${genuineClaims}.${genuineSignature.slice(0, 40)} ${genuineSignature.slice(40)}`,
    genuine.replace(/-/g, '+').replace(/_/g, '/').replace(/^/, '+'),
    `${genuine}.`,
    `.${genuine}`,
    `${genuine}.${genuineSignature}`,
    '..',
    '.',
    '',
  ]) {
    await refused(changed, 'malformed')
  }
})

test('huge input is refused before it is looked into', async () => {
  const started = performance.now()
  for (const text of [
    'a'.repeat(10_000_000),
    `eyJ${'.'.repeat(10_000_000)}`,
    `${genuine}${'A'.repeat(10_000_000)}`,
    '{"a":'.repeat(1_000_000),
  ]) {
    assert.deepEqual(parseJwt(text), { malformed: 'longer than 8192 characters' })
    await refused(text, 'malformed')
  }
  assert.ok(performance.now() - started < 5000)
})

test('ES256 signatures: DER, cut, zero, and out of range', async () => {
  const input = `${genuineHeader}.${genuineClaims}`
  const der = sign('sha256', Buffer.from(input), es256.key)
  const right = Buffer.from(genuineSignature, 'base64url')
  const zero = Buffer.alloc(32)
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const wrong = [
    der,
    Buffer.alloc(0),
    Buffer.alloc(64),
    right.subarray(0, 63),
    Buffer.concat([right, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), right]),
    Buffer.concat([zero, right.subarray(32)]),
    Buffer.concat([right.subarray(0, 32), zero]),
    Buffer.concat([order, order]),
    Buffer.concat([order, Buffer.from(zero).fill(1, 31)]),
    Buffer.alloc(64, 0xff),
    Buffer.concat([right.subarray(32), right.subarray(0, 32)]),
  ]
  for (const signature of wrong) await refused(`${input}.${base64url(signature)}`, 'signature')
})

test('Ed25519 and RS256 signatures: cut, zero, and with S past the order', async () => {
  const edwards = (await mint.accessToken(api('edwards'), facts)).token
  const at = edwards.lastIndexOf('.')
  const right = Buffer.from(edwards.slice(at + 1), 'base64url')
  const order = (1n << 252n) + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(right.subarray(32).toReversed()).toString('hex')}`) + order
  const malleable = Buffer.concat([
    right.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').toReversed(),
  ])
  for (const signature of [
    malleable,
    Buffer.alloc(64),
    Buffer.alloc(0),
    right.subarray(0, 63),
    Buffer.concat([Buffer.of(1), Buffer.alloc(63)]),
  ]) {
    await refused(`${edwards.slice(0, at)}.${base64url(signature)}`, 'signature', 'edwards')
  }
  const rsa = (await mint.accessToken(api('rsa'), facts)).token
  for (const signature of [
    Buffer.alloc(256),
    Buffer.alloc(0),
    Buffer.alloc(255, 1),
    Buffer.alloc(257),
    Buffer.alloc(256, 0xff),
  ])
    await refused(`${rsa.slice(0, rsa.lastIndexOf('.'))}.${base64url(signature)}`, 'signature', 'rsa')
})
