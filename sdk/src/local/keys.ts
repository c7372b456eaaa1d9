// Latchkey's public keys (RFC 7517, RFC 9052 §7): kept for five minutes, fetched anew when a token names one that is not among
// them, and used for an hour at most while they cannot be fetched.
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { decodeCbor } from './cbor.ts'
import { parseStrictObject } from './strict-json.ts'

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA'

interface PublicKey {
  readonly algorithm: Algorithm
  readonly key: CryptoKey
}

/** What Web Crypto calls the algorithms. */
const parameters = {
  ES256: { import: { name: 'ECDSA', namedCurve: 'P-256' }, verify: { name: 'ECDSA', hash: 'SHA-256' } },
  RS256: {
    import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    verify: { name: 'RSASSA-PKCS1-v1_5' },
  },
  EdDSA: { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
} as const

/** False for every signature that is not right. */
export const hasSigned = async (
  { algorithm, key }: PublicKey,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): Promise<boolean> => crypto.subtle.verify(parameters[algorithm].verify, key, signature, data).catch(() => false)

export const freshKeysMs = 5 * 60_000
const longestMs = 60 * 60_000
/** Between two fetches, however many keys are unknown: made-up names cost Latchkey no more. */
const pauseMs = 5_000
const maxKeys = 100
export const maxKeySetBytes = 256 * 1024

/** Only what makes a public key. */
interface Jwk {
  kty: string
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
}

const importKey = async (algorithm: Algorithm, jwk: Jwk): Promise<PublicKey | undefined> => {
  try {
    return {
      algorithm,
      key: await crypto.subtle.importKey('jwk', jwk, parameters[algorithm].import, false, ['verify']),
    }
  } catch {
    return undefined // not a key of this algorithm
  }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 1_024

/** The public key of a JWK by its name. Only what makes the key is taken over; private ones are none. */
const ofJwk = async (jwk: Record<string, unknown>): Promise<[string, PublicKey] | undefined> => {
  const { kid, kty, crv, x, y, n, e, use, d } = jwk
  if (!isText(kid) || d !== undefined || (use !== undefined && use !== 'sig')) return undefined
  let found: PublicKey | undefined
  if (kty === 'EC' && crv === 'P-256' && isText(x) && isText(y)) found = await importKey('ES256', { kty, crv, x, y })
  // from 2048 bits on: 342 characters of 6 bits
  else if (kty === 'RSA' && isText(n) && n.length >= 342 && isText(e)) found = await importKey('RS256', { kty, n, e })
  else if (kty === 'OKP' && crv === 'Ed25519' && isText(x)) found = await importKey('EdDSA', { kty, crv, x })
  return found && [kid, found]
}

/** RFC 7517 §5. */
export const readJwks = async (bytes: Uint8Array<ArrayBuffer>): Promise<Map<string, PublicKey> | undefined> => {
  const keys = parseStrictObject(bytes)?.keys
  if (!Array.isArray(keys) || keys.length > maxKeys) return undefined
  const read = await Promise.all(
    keys.map(async (jwk: unknown) =>
      typeof jwk === 'object' && jwk !== null ? ofJwk(jwk as Record<string, unknown>) : undefined,
    ),
  )
  return new Map(read.filter((entry) => entry !== undefined))
}

/** COSE_KeySet of Ed25519 keys (RFC 9053 §7.2), by their `kid` as base64url. */
export const readCoseKeys = async (bytes: Uint8Array<ArrayBuffer>): Promise<Map<string, PublicKey> | undefined> => {
  const keys = decodeCbor(bytes)
  if (!Array.isArray(keys) || keys.length > maxKeys) return undefined
  const read = await Promise.all(
    keys.map(async (key): Promise<[string, PublicKey] | undefined> => {
      if (!(key instanceof Map) || key.get(1) !== 1 || key.get(-1) !== 6 || key.has(-4)) return undefined
      const [kid, x] = [key.get(2), key.get(-2)]
      if (!(kid instanceof Uint8Array) || !(x instanceof Uint8Array) || x.length !== 32) return undefined
      const found = await importKey('EdDSA', { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(x) })
      return found && [encodeBase64url(kid), found]
    }),
  )
  return new Map(read.filter((entry) => entry !== undefined))
}

/** Whether a `kid` of a JWT or CWT could be one of ours. */
export const isKeyId = (kid: unknown): kid is string =>
  isText(kid) && kid.length <= 64 && decodeBase64url(kid) !== undefined

export interface KeySource {
  /** The key set's bytes; undefined where it cannot be had. */
  fetch: () => Promise<Uint8Array<ArrayBuffer> | undefined>
  read: (bytes: Uint8Array<ArrayBuffer>) => Promise<Map<string, PublicKey> | undefined>
  /** Milliseconds; nobody sets it. */
  monotonic: () => number
}

export class Keys {
  readonly #source: KeySource
  #keys = new Map<string, PublicKey>()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  constructor(source: KeySource) {
    this.#source = source
  }

  /** The key of this name; 'unknown' where Latchkey has none such, 'unavailable' where that cannot be told. */
  async find(kid: string): Promise<PublicKey | 'unknown' | 'unavailable'> {
    const now = this.#source.monotonic()
    const known = now - this.#fetchedAt < longestMs ? this.#keys.get(kid) : undefined
    const fresh = now - this.#fetchedAt < freshKeysMs
    if (known && fresh) return known
    const fetching = now - this.#triedAt < pauseMs ? this.#fetching : this.#fetch(now)
    // a key that is known works on while newer ones are on their way
    if (known) return known
    await fetching
    const current = this.#source.monotonic() - this.#fetchedAt < freshKeysMs
    return current ? (this.#keys.get(kid) ?? 'unknown') : 'unavailable'
  }

  #fetch(now: number): Promise<void> {
    this.#triedAt = now
    const fetching = this.#replace(now).finally(() => {
      if (this.#fetching === fetching) this.#fetching = undefined
    })
    this.#fetching = fetching
    return fetching
  }

  async #replace(now: number): Promise<void> {
    const bytes = await this.#source.fetch()
    const keys = bytes && (await this.#source.read(bytes))
    if (!keys) return
    this.#keys = keys
    this.#fetchedAt = now
  }
}
