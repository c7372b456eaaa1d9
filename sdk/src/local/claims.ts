// What Latchkey's tokens say, by the names that JWTs have for it (RFC 9068 §2.2) and the labels of CWTs (RFC 8392 §4).

export interface Claims {
  readonly format: 'jwt' | 'cwt'
  readonly issuer: string
  readonly audience: readonly string[]
  readonly subject: string
  /** Unix seconds. */
  readonly expiresAt: number
  readonly issuedAt: number
  readonly notBefore: number | undefined
  readonly id: string
  readonly clientId: string | undefined
  /** undefined: the token does not say, and its key's own are not known offline. */
  readonly scopes: readonly string[] | undefined
  /** Of tokens made from a key. */
  readonly keyId: string | undefined
  readonly organizationId: string | undefined
  readonly tier: string | undefined
  readonly environment: string | undefined
  /** Whether a key has to be proven with it (RFC 7800), which cannot be done here. */
  readonly bound: boolean
  /** Its place in a status list; 'unreadable': it has one that cannot be found. */
  readonly status: { readonly index: number; readonly uri: string } | 'unreadable' | undefined
}

type Members = Readonly<Record<string, unknown>>

const labels = new Map<unknown, string>([
  [1, 'iss'],
  [2, 'sub'],
  [3, 'aud'],
  [4, 'exp'],
  [5, 'nbf'],
  [6, 'iat'],
  [7, 'jti'],
  [8, 'cnf'],
  [9, 'scope'],
  [65535, 'status'],
])

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const uuidOf = (bytes: Uint8Array): string => hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** A CWT's claims by their JWT names; the `cti` of sixteen bytes as a UUID. */
export const membersOf = (claims: ReadonlyMap<unknown, unknown>): Members =>
  Object.fromEntries(
    [...claims].map(([label, value]) => {
      const name = labels.get(label) ?? String(label)
      return [name, name === 'jti' && value instanceof Uint8Array ? uuidOf(value) : value]
    }),
  )

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 512
const isOptional = (value: unknown): value is string | undefined => value === undefined || isText(value)
const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 253_402_300_800

const audienceOf = (value: unknown): readonly string[] | undefined => {
  if (isText(value)) return [value]
  return Array.isArray(value) && value.length > 0 && value.length <= 8 && value.every(isText) ? value : undefined
}

/** A map's or an object's member. */
const within = (value: unknown, name: string): unknown => {
  if (value instanceof Map) return value.get(name)
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Members)[name]
    : undefined
}

const statusOf = (value: unknown): Claims['status'] => {
  if (value === undefined) return undefined
  const place = within(value, 'status_list')
  const [index, uri] = [within(place, 'idx'), within(place, 'uri')]
  return Number.isInteger(index) && (index as number) >= 0 && isText(uri)
    ? { index: index as number, uri }
    : 'unreadable'
}

/** undefined where a claim is missing or not of its type. Claims that are not known are passed over (RFC 7519 §4). */
export const readClaims = (format: 'jwt' | 'cwt', members: Members): Claims | undefined => {
  const { iss, sub, aud, exp, nbf, iat, jti, client_id, scope, key_id, org_id, tier, env, cnf, status } = members
  const audience = audienceOf(aud)
  if (!isText(iss) || !isText(sub) || !audience || !isTime(exp) || !isTime(iat) || !isText(jti)) return undefined
  if (!(nbf === undefined || isTime(nbf)) || !(scope === undefined || typeof scope === 'string')) return undefined
  if (![client_id, key_id, org_id, tier, env].every(isOptional)) return undefined
  if ((format === 'jwt' ? client_id : key_id) === undefined) return undefined
  const text = (value: unknown) => value as string | undefined
  return {
    format,
    issuer: iss,
    audience,
    subject: sub,
    expiresAt: exp,
    issuedAt: iat,
    notBefore: nbf,
    id: jti,
    clientId: text(client_id),
    scopes: scope?.split(' ').filter((one) => one !== ''),
    keyId: text(key_id),
    organizationId: text(org_id),
    tier: text(tier),
    environment: text(env),
    bound: cnf !== undefined,
    status: statusOf(status),
  }
}
