// RFC 8392 Appendix A and the COSE working group's Ed25519 example (RFC 9052 Appendix C): published messages.
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { algorithms } from '../../src/tokens/algorithms.ts'
import { decodeCbor, encodeCbor } from '../../src/tokens/cbor.ts'
import { decodeSign1, encodeKeySet, encodeSign1, sign1Header } from '../../src/tokens/cose.ts'
import { parseCwt } from '../../src/tokens/cwt.ts'
import { inspectToken } from '../../src/tokens/inspect-token.ts'
import { looksLikeToken } from '../../src/tokens/read-token.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const claimsSet = hex(
  'a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71',
)

const claims = new Map<unknown, unknown>([
  [1, 'coap://as.example.com'],
  [2, 'erikw'],
  [3, 'coap://light.example.com'],
  [4, 1444064944],
  [5, 1443944944],
  [6, 1443944944],
  [7, new Uint8Array([0x0b, 0x71])],
])

test('A.1: the claims set, both ways', () => {
  assert.deepEqual(decodeCbor(claimsSet), claims)
  assert.deepEqual(Buffer.from(encodeCbor(claims)), claimsSet)
})

const signed = hex(
  `d28443a10126a104524173796d6d657472696345434453413235365850${claimsSet.toString('hex')}58405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30`,
)

test('A.3: the signed CWT is taken apart and its signature is right', () => {
  const message = decodeSign1(signed)
  assert.ok(message)
  assert.deepEqual(message.protectedHeader, new Map([[1, -7]]))
  assert.deepEqual(message.unprotectedHeader, new Map([[4, new Uint8Array(Buffer.from('AsymmetricECDSA256'))]]))
  assert.deepEqual(decodeCbor(message.payload), claims)
  const key = createPublicKey({
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: hex('143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f').toString('base64url'),
      y: hex('60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9').toString('base64url'),
    },
    format: 'jwk',
  })
  assert.equal(algorithms.ES256.verify(message.toBeSigned, key, message.signature), true)
  assert.equal(algorithms.ES256.verify(message.payload, key, message.signature), false)
})

test('A.3: its kid is not protected, so that no token of ours looks so', () => {
  const message = decodeSign1(signed)
  assert.ok(message)
  assert.equal(sign1Header(message), undefined)
  assert.deepEqual(parseCwt(signed.toString('base64url')), {
    malformed: 'the header has other parameters than a protected alg and kid',
  })
})

const unsupported = {
  'A.4 MACed, with the CWT tag': `d83dd18443a10104a1044c53796d6d65747269633235365850${claimsSet.toString('hex')}48093101ef6d789200`,
  'A.5 encrypted':
    'd08343a1010aa2044c53796d6d6574726963313238054d99a0d7846e762c49ffe8a63e0b5858b918a11fd81e438b7f973d9e2e119bcb22424ba0f38a80f27562f400ee1d0d6c0fdb559c02421fd384fc2ebe22d7071378b0ea7428fff157444d45f7e6afcda1aae5f6495830c58627087fc5b4974f319a8707a635dd643b',
  'A.6 nested':
    'd08343a1010aa2044c53796d6d6574726963313238054d4a0694c0e69ee6b5956655c7b258b7f6b0914f993de822cc47e5e57a188d7960b528a747446fe12f0e7de05650dec74724366763f167a29c002dfd15b34d8993391cf49bc91127f545dba8703d66f5b7f1ae91237503d371e6333df9708d78c4fb8a8386c8ff09dc49af768b23179deab78d96490a66d5724fb33900c60799d9872fac6da3bdb89043d67c2a05414ce331b5b8f1ed8ff7138f45905db2c4d5bc8045ab372bff142631610a7e0f677b7e9b0bc73adefdcee16d9d5d284c616abeab5d8c291ce0',
  'A.7 MACed, with a floating-point value':
    'd18443a10104a1044c53796d6d65747269633235364ba106fb41d584367c20000048b8816f34c0542892',
}

for (const [section, message] of Object.entries(unsupported)) {
  test(`${section}: refused`, () => {
    const text = hex(message).toString('base64url')
    assert.equal(looksLikeToken(text), undefined)
    assert.deepEqual(parseCwt(text), { malformed: 'not a tagged COSE_Sign1 in deterministic CBOR' })
    assert.equal(inspectToken(text), undefined)
  })
}

const edwards = {
  d: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  x: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
}

test('cose-wg eddsa-sig-01: Ed25519 over the Sig_structure', () => {
  const message = decodeSign1(
    hex(
      'd28445a201270300a10442313154546869732069732074686520636f6e74656e742e58407142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb8711497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d',
    ),
  )
  assert.ok(message)
  assert.equal(Buffer.from(message.payload).toString(), 'This is the content.')
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: hex(edwards.x).toString('base64url') },
    format: 'jwk',
  })
  assert.equal(algorithms.EdDSA.verify(message.toBeSigned, key, message.signature), true)
})

test('RFC 9052 §4.2: what is written is read again', () => {
  const payload = encodeCbor(new Map([[1, 'me']]))
  const bytes = encodeSign1({ alg: -8, kid: 'AQID' }, payload, (toBeSigned) => {
    assert.deepEqual(decodeCbor(toBeSigned), [
      'Signature1',
      new Uint8Array(hex('a201270443010203')),
      new Uint8Array(),
      new Uint8Array(payload),
    ])
    return new Uint8Array(64).fill(7)
  })
  assert.equal(Buffer.from(bytes.subarray(0, 11)).toString('hex'), 'd28448a201270443010203')
  const message = decodeSign1(bytes)
  assert.ok(message)
  assert.deepEqual(sign1Header(message), { alg: -8, kid: 'AQID' })
  assert.deepEqual(message.signature, new Uint8Array(64).fill(7))
})

test('RFC 9052 §7: a key set is an array of OKP keys with kid and alg', () => {
  const set = encodeKeySet([{ kid: 'AQID', x: hex(edwards.x).toString('base64url') }])
  assert.equal(Buffer.from(set).toString('hex'), `81a50101024301020303272006215820${edwards.x}`)
})
