// A client's key pair, and the assertions that it signs: with jose, so that nothing here is both oracle and defendant.
import { type KeyObject, generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'

export interface ClientKeyPair {
  /** As it is registered. */
  jwk: Record<string, unknown>
  privateKey: KeyObject
  alg: string
}

export const keyPair = (alg: 'ES256' | 'RS256' | 'EdDSA', kid?: string): ClientKeyPair => {
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  return { jwk: { ...publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) }, privateKey, alg }
}

export interface AssertionChanges {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
}

/** An assertion that is right but for the changes; a claim that is changed to undefined is left out. `now`: Unix milliseconds. */
export const signAssertion = (
  { privateKey, alg, jwk }: ClientKeyPair,
  clientId: string,
  audience: string,
  now: number,
  { claims = {}, header = {} }: AssertionChanges = {},
): Promise<string> => {
  const iat = Math.floor(now / 1000)
  return new SignJWT({
    iss: clientId,
    sub: clientId,
    aud: audience,
    iat,
    exp: iat + 60,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg, ...(typeof jwk.kid === 'string' && { kid: jwk.kid }), ...header })
    .sign(privateKey)
}

export const assertionForm = (assertion: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})
