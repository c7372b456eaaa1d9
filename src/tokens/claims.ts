// What our access tokens say, and how a JWT (RFC 7519 §4, 9068 §2.2, 8693 §4) and a CWT (RFC 8392 §3, 9200 §8.14) spell it.
import type { StatusReference } from './status-list.ts'

export interface AccessClaims {
  format: 'jwt' | 'cwt'
  issuer: string
  subject: string
  audience: readonly string[]
  /** Unix seconds. */
  expiresAt: number
  /** Unix seconds. */
  issuedAt: number
  /** Unix seconds. We set none, but obey one. */
  notBefore?: number | undefined
  /** UUIDv7: the `jti`, or the 16 bytes of the `cti`. */
  id: string
  /** In every JWT; of exchanged ones the key's id. */
  clientId?: string | undefined
  /** undefined: not narrowed by the token itself; empty: none. */
  scopes?: readonly string[] | undefined
  /** Of exchanged tokens: the key they were made from. */
  keyId?: string | undefined
  /** Of tokens that a person allowed: the grant that they stand on. */
  grantId?: string | undefined
  /** RFC 7638 thumbprint of the DPoP key that must be proven with it (RFC 9449 §6.1). */
  thumbprint?: string | undefined
  organizationId?: string | undefined
  tier?: string | undefined
  environment?: string | undefined
  /** Its place in a status list. Written and never read: whoever can ask the store has no need of it. */
  status?: StatusReference | undefined
}

/** Claims by their JWT names. */
export type Members = Record<string, unknown>

/** The claims as a JWT's members; those undefined are left out when it is serialised. */
export const toMembers = (claims: AccessClaims): Members => ({
  iss: claims.issuer,
  sub: claims.subject,
  aud: claims.audience.length === 1 ? claims.audience[0] : claims.audience,
  exp: claims.expiresAt,
  nbf: claims.notBefore,
  iat: claims.issuedAt,
  jti: claims.id,
  client_id: claims.clientId,
  scope: claims.scopes?.join(' '),
  key_id: claims.keyId,
  grant_id: claims.grantId,
  cnf: claims.thumbprint === undefined ? undefined : { jkt: claims.thumbprint },
  org_id: claims.organizationId,
  tier: claims.tier,
  env: claims.environment,
  // draft-ietf-oauth-status-list-21 §6.2
  status: claims.status && { status_list: { idx: claims.status.index, uri: claims.status.uri } },
})

const labels: readonly (readonly [name: string, label: number | string])[] = [
  ['iss', 1],
  ['sub', 2],
  ['aud', 3],
  ['exp', 4],
  ['nbf', 5],
  ['iat', 6],
  ['jti', 7], // cti: the same id as bytes
  ['scope', 9],
  ['status', 65535], // draft-ietf-oauth-status-list-21 §6.3
  ['key_id', 'key_id'],
  ['org_id', 'org_id'],
  ['tier', 'tier'],
  ['env', 'env'],
]
const names = new Map<unknown, string>(labels.map(([name, label]) => [label, name]))

const uuidToBytes = (uuid: string): Uint8Array => Buffer.from(uuid.replaceAll('-', ''), 'hex')

const bytesToUuid = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** The claims as a CWT's map; it names no client. */
export const toCwtClaims = (claims: AccessClaims): Map<number | string, unknown> => {
  const members: Members = { ...toMembers(claims), jti: uuidToBytes(claims.id) }
  return new Map(labels.filter(([name]) => members[name] !== undefined).map(([name, label]) => [label, members[name]]))
}

/** A CWT's claims by their JWT names, the `cti` as UUID text; what we have no name for stands under its label as RFC 8949 §8 writes it. */
export const fromCwtClaims = (claims: ReadonlyMap<unknown, unknown>): Members =>
  Object.fromEntries(
    [...claims].map(([label, value]) => {
      const name = names.get(label) ?? JSON.stringify(label)
      return [name, name === 'jti' && value instanceof Uint8Array ? bytesToUuid(value) : value]
    }),
  )

const maxLength = 512

/** Compared exactly, so that any text will do. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maxLength
/** Goes on into headers, counters and logs: printable ASCII without spaces. */
const isIdentifier = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= maxLength && /^[\x21-\x7e]+$/.test(value)
const isOptionalIdentifier = (value: unknown): value is string | undefined => value === undefined || isIdentifier(value)
const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 253_402_300_800 // the year 10000, which RFC 3339 cannot write
const isAudience = (value: unknown): value is string | string[] =>
  isText(value) || (Array.isArray(value) && value.length > 0 && value.length <= 8 && value.every(isText))
const isScope = (value: unknown): value is string =>
  typeof value === 'string' && /^([\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*)?$/.test(value) // RFC 6749 §3.3, and none
/** A confirmation of another kind than ours is one that we could not check (RFC 7800 §3.1). */
const isConfirmation = (value: unknown): value is { jkt: string } | undefined =>
  value === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    Object.keys(value).join() === 'jkt' &&
    /^[\w-]{43}$/.test(String((value as { jkt: unknown }).jkt)))
const isUuidV7 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(value)

/** Our claims out of a token's members; undefined where one is missing or not of its type. Members that we don't know are passed over (RFC 7519 §4). */
export const readClaims = (format: 'jwt' | 'cwt', members: Members): AccessClaims | undefined => {
  const { iss, sub, aud, exp, nbf, iat, jti, client_id, scope, key_id, grant_id, cnf, org_id, tier, env } = members
  if (!isText(iss) || !isIdentifier(sub) || !isAudience(aud) || !isTime(exp) || !isTime(iat) || !isUuidV7(jti))
    return undefined
  if (!(nbf === undefined || isTime(nbf)) || !(scope === undefined || isScope(scope))) return undefined
  if (
    !isOptionalIdentifier(client_id) ||
    !isOptionalIdentifier(key_id) ||
    !isOptionalIdentifier(grant_id) ||
    !isConfirmation(cnf) ||
    !isOptionalIdentifier(org_id) ||
    !isOptionalIdentifier(tier) ||
    !isOptionalIdentifier(env)
  )
    return undefined
  if ((format === 'jwt' ? client_id : key_id) === undefined) return undefined // RFC 9068 §2.2; a CWT is always made from a key
  return {
    format,
    issuer: iss,
    subject: sub,
    audience: typeof aud === 'string' ? [aud] : aud,
    expiresAt: exp,
    issuedAt: iat,
    notBefore: nbf,
    id: jti,
    clientId: client_id,
    scopes: scope?.split(' ').filter(Boolean),
    keyId: key_id,
    grantId: grant_id,
    thumbprint: cnf?.jkt,
    organizationId: org_id,
    tier,
    environment: env,
  }
}
