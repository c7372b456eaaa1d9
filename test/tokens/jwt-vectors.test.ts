// RFC 7515 Appendix A, RFC 8037 Appendix A, RFC 8032 §7.1: published signatures.
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { algorithms, type PublicJwk } from '../../src/tokens/algorithms.ts'
import { parseJwt, verifyJwtSignature } from '../../src/tokens/jwt.ts'

const publicKey = (jwk: PublicJwk): KeyObject => createPublicKey({ key: jwk, format: 'jwk' })

const claimsPart = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'

const vectors = [
  {
    section: 'A.1',
    algorithm: 'HS256',
    header: { alg: 'HS256', typ: 'JWT' },
    token: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claimsPart}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
    key: algorithms.HS256.signingKey(
      Buffer.from(
        'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
        'base64url',
      ),
    ),
  },
  {
    section: 'A.2',
    algorithm: 'RS256',
    header: { alg: 'RS256' },
    token: `eyJhbGciOiJSUzI1NiJ9.${claimsPart}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`,
    key: publicKey({
      kty: 'RSA',
      n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
      e: 'AQAB',
    }),
  },
  {
    section: 'A.3',
    algorithm: 'ES256',
    header: { alg: 'ES256' },
    token: `eyJhbGciOiJFUzI1NiJ9.${claimsPart}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
    key: publicKey({
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    }),
  },
] as const

for (const { section, algorithm, header, token, key } of vectors) {
  test(`RFC 7515 ${section}: ${algorithm}`, () => {
    const jwt = parseJwt(token)
    assert.ok(!('malformed' in jwt))
    assert.deepEqual(jwt.header, header)
    assert.deepEqual(jwt.claims, { iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true })
    assert.equal(verifyJwtSignature(jwt, algorithm, key), true)
    jwt.signingInput[30] = (jwt.signingInput[30] as number) ^ 1
    assert.equal(verifyJwtSignature(jwt, algorithm, key), false)
  })
}

test('RFC 8037 A.4 and A.5: EdDSA signs to the very bytes and verifies', () => {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }
  const input = Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc')
  const signature = algorithms.EdDSA.sign(input, createPrivateKey({ key: jwk, format: 'jwk' }))
  assert.equal(
    signature.toString('base64url'),
    'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  )
  assert.equal(algorithms.EdDSA.verify(input, publicKey(jwk), signature), true)
  assert.equal(algorithms.EdDSA.verify(Buffer.from('another'), publicKey(jwk), signature), false)
})

test('RFC 8032 §7.1, test 2: one byte', () => {
  const key = publicKey({
    kty: 'OKP',
    crv: 'Ed25519',
    x: Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex').toString('base64url'),
  })
  const signature = Buffer.from(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    'hex',
  )
  assert.equal(algorithms.EdDSA.verify(Uint8Array.of(0x72), key, signature), true)
  assert.equal(algorithms.EdDSA.verify(Uint8Array.of(0x73), key, signature), false)
})

test('RFC 8725 §3.1: a key serves no other algorithm than its own', () => {
  const ec = vectors[2].key
  assert.throws(() => algorithms.RS256.verify(Buffer.from('x'), ec, Buffer.alloc(64)), TypeError)
  assert.throws(() => algorithms.EdDSA.verify(Buffer.from('x'), ec, Buffer.alloc(64)), TypeError)
  assert.throws(() => algorithms.HS256.verify(Buffer.from('x'), ec, Buffer.alloc(32)))
})
