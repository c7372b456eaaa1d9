// RFC 7517 §4, RFC 7518 §6, RFC 8037 §2, RFC 8725 §3.1: keys that strangers send, and RFC 7638: their thumbprints.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { publicAlgorithms, readPublicJwk } from '../../src/tokens/public-jwk.ts'
import { prover } from '../dpop.ts'

test('each algorithm takes its own kind of key and no other', async () => {
  const provers = await Promise.all(['ES256', 'EdDSA', 'RS256'].map(async (alg) => ({ alg, ...(await prover(alg)) })))
  for (const { alg, publicJwk, thumbprint } of provers) {
    for (const name of [...publicAlgorithms, 'HS256', 'none', 'ES384', 'PS256', '__proto__', ''])
      assert.equal(
        readPublicJwk(publicJwk, name)?.thumbprint,
        name === alg || (name === 'Ed25519' && alg === 'EdDSA') ? thumbprint : undefined,
        `${alg} as ${name}`,
      )
  }
})

test('RFC 7638 §3.1, RFC 8037 Appendix A.3: the thumbprints of the examples', () => {
  const rsa = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }
  assert.equal(readPublicJwk(rsa, 'RS256')?.thumbprint, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  const ed25519 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  assert.equal(readPublicJwk(ed25519, 'EdDSA')?.thumbprint, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

test('what is no sound public key is none', async () => {
  const { publicJwk: ec, privateJwk } = await prover('ES256')
  const { publicJwk: okp } = await prover('EdDSA')
  const { publicJwk: rsa } = await prover('RS256')
  const fill = (length: number, byte = 0xff): string => Buffer.alloc(length, byte).toString('base64url')
  const rsaOf = (bits: number, publicExponent = 65_537) =>
    generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({ format: 'jwk' })
  const cases: [string, string, unknown][] = [
    ['a private key', 'ES256', privateJwk],
    ['a private member alone', 'ES256', { ...ec, d: '' }],
    ['a symmetric key', 'ES256', { kty: 'oct', k: fill(32) }],
    ['a symmetric member', 'RS256', { ...rsa, k: fill(32) }],
    ['a point that is not on the curve', 'ES256', { ...ec, y: ec.x }],
    ['the point at zero', 'ES256', { ...ec, x: fill(32, 0), y: fill(32, 0) }],
    ['a coordinate that is too short', 'ES256', { ...ec, x: fill(31) }],
    ['a coordinate with a leading zero', 'ES256', { ...ec, x: fill(33, 0) }],
    ['another spelling of a coordinate', 'ES256', { ...ec, x: `${ec.x}=` }],
    ['another curve', 'ES256', { ...ec, crv: 'P-384' }],
    ['a curve of another name', 'ES256', { ...ec, crv: 'secp256k1' }],
    ['X25519', 'EdDSA', { ...okp, crv: 'X25519' }],
    ['Ed448', 'EdDSA', { kty: 'OKP', crv: 'Ed448', x: fill(57) }],
    ['RSA of 1024 bits', 'RS256', rsaOf(1024)],
    [
      'RSA of 2047 bits',
      'RS256',
      { ...rsa, n: Buffer.concat([Buffer.of(0x7f), Buffer.alloc(255, 0xff)]).toString('base64url') },
    ],
    ['a modulus with leading zeros', 'RS256', { ...rsa, n: fill(257, 0) }],
    ['an even modulus', 'RS256', { ...rsa, n: fill(256, 0xfe) }],
    ['RSA of 8192 bits', 'RS256', { ...rsa, n: fill(1024) }],
    ['the exponent 1', 'RS256', { ...rsa, e: 'AQ' }],
    ['the exponent 3', 'RS256', rsaOf(2048, 3)],
    ['an even exponent', 'RS256', { ...rsa, e: Buffer.from([1, 0, 2]).toString('base64url') }],
    ['an exponent that makes checking slow', 'RS256', { ...rsa, e: fill(256) }],
    ['a key for encryption', 'RS256', { ...rsa, use: 'enc' }],
    ['a key for another algorithm', 'RS256', { ...rsa, alg: 'PS256' }],
    ['a key for signing alone', 'RS256', { ...rsa, key_ops: ['sign'] }],
    ['an address', 'RS256', { kty: 'RSA', x5u: 'https://evil.test/key', jku: 'https://evil.test/keys' }],
    ['members of another type', 'ES256', { ...ec, x: [ec.x] }],
    ['a list', 'ES256', [ec]],
    ['nothing', 'ES256', null],
    ['text', 'ES256', JSON.stringify(ec)],
  ]
  for (const [what, alg, jwk] of cases) assert.equal(readPublicJwk(jwk, alg), undefined, what)
  for (const more of [{ kid: 'mine' }, { use: 'sig' }, { key_ops: ['verify'], ext: true }, { alg: 'ES256' }])
    assert.ok(readPublicJwk({ ...ec, ...more }, 'ES256'), 'what says no more than that it is right')
  assert.ok(readPublicJwk(rsaOf(4096), 'RS256'))
})
