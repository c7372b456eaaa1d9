// Everything about one signature algorithm, in one place (RFC 7518 §3, RFC 8037 §3.1): its keys, signing, verifying.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
  type webcrypto,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from '../profiles/profile.ts'

export type PublicJwk = webcrypto.JsonWebKey

export interface KeyMaterial {
  /** PKCS #8 DER, or a secret's bytes. */
  secret: Buffer
  /** undefined: there is nothing that may be published. */
  publicJwk: PublicJwk | undefined
}

export interface Algorithm {
  /** One secret signs and verifies: each API has its own, it is never published, and tokens bear no `kid`. */
  symmetric: boolean
  generate(): Promise<KeyMaterial>
  /** From the bytes in `KeyMaterial.secret`. */
  signingKey(secret: Buffer): KeyObject
  sign(input: Uint8Array, key: KeyObject): Buffer
  /** False for every signature that is not right, whatever its length. Throws if `key` is not of this algorithm. */
  verify(input: Uint8Array, key: KeyObject, signature: Uint8Array): boolean
}

const generate = promisify(generateKeyPair)

const exported = ({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): KeyMaterial => ({
  secret: privateKey.export({ format: 'der', type: 'pkcs8' }),
  publicJwk: publicKey.export({ format: 'jwk' }),
})

/** `hash` null: the algorithm has its own. `keyType` keeps a key from being used with another algorithm than its own (RFC 8725 §3.1). */
const asymmetric = (
  keyType: 'ec' | 'rsa' | 'ed25519',
  hash: 'sha256' | null,
  make: () => Promise<KeyMaterial>,
): Algorithm => {
  const own = (key: KeyObject): { key: KeyObject; dsaEncoding: 'ieee-p1363' } => {
    if (key.asymmetricKeyType !== keyType)
      throw new TypeError(`A key of type ${key.asymmetricKeyType ?? key.type} was used for one of type ${keyType}.`)
    return { key, dsaEncoding: 'ieee-p1363' } // RFC 7518 §3.4: R and S side by side; matters to EC alone
  }
  return {
    symmetric: false,
    generate: make,
    signingKey: (secret) => createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' }),
    sign: (input, key) => sign(hash, input, own(key)),
    verify: (input, key, signature) => verify(hash, input, own(key), signature),
  }
}

const hmac = (input: Uint8Array, key: KeyObject): Buffer => createHmac('sha256', key).update(input).digest()

export const algorithms: Readonly<Record<SigningAlgorithm, Algorithm>> = {
  EdDSA: asymmetric('ed25519', null, async () => exported(await generate('ed25519'))),
  ES256: asymmetric('ec', 'sha256', async () => exported(await generate('ec', { namedCurve: 'P-256' }))),
  RS256: asymmetric('rsa', 'sha256', async () => exported(await generate('rsa', { modulusLength: 2048 }))),
  HS256: {
    symmetric: true,
    generate: async () => ({ secret: randomBytes(32), publicJwk: undefined }),
    signingKey: (secret) => createSecretKey(secret),
    sign: hmac,
    verify: (input, key, signature) => signature.length === 32 && timingSafeEqual(hmac(input, key), signature),
  },
}

export const isAlgorithm = (name: string): name is SigningAlgorithm => Object.hasOwn(algorithms, name)

/** From a JWK of `KeyMaterial.publicJwk`. */
export const verificationKey = (publicJwk: PublicJwk): KeyObject => createPublicKey({ key: publicJwk, format: 'jwk' })
