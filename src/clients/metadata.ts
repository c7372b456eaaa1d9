// RFC 7591 §2: what a client says of itself, read into settings and told back. Of a registration and of a metadata document alike.
import { nameMistake } from '../accounts/name.ts'
import { type Config, isIdentityScope, isReservedScope } from '../config/config.ts'
import { apisOf, ownScopes, splitScopes } from '../credentials/scopes.ts'
import { Refusal } from '../errors.ts'
import { type ClientRow, settingsOf } from './client.ts'
import { maxRedirectUriLength, maxRedirectUris, redirectUriMistake } from './redirect-uri.ts'
import { type ClientSettings, grantTypes, requireSettings } from './settings.ts'

/** RFC 7591 §3.2.2. */
export class InvalidMetadata extends Error {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata'

  constructor(error: InvalidMetadata['error'], message: string) {
    super(message)
    this.name = 'InvalidMetadata'
    this.error = error
  }
}

/** What may be registered, by whoever lets it be. */
export interface Bounds {
  /** Values of `token_endpoint_auth_method`; the first where the client names none. */
  methods: readonly string[]
  grants: readonly string[]
  environment: string
  apis: readonly string[] | null
  /** Of a client that names none; null: whatever its APIs' own scopes cover. */
  scopes: readonly string[] | null
  /** Of a client that names none. */
  name: string
}

type Members = Record<string, unknown>

const invalid = (message: string): never => {
  throw new InvalidMetadata('invalid_client_metadata', message)
}

/** `null` is as good as nothing (RFC 7592 §2.2). */
const text = (members: Members, name: string): string | undefined => {
  const value = members[name] ?? undefined
  if (value === undefined || (typeof value === 'string' && value.length <= maxRedirectUriLength)) return value
  return invalid(`${name} must be a string of at most ${maxRedirectUriLength} characters`)
}

const flag = (members: Members, name: string): boolean => {
  const value = members[name] ?? false
  return typeof value === 'boolean' ? value : invalid(`${name} must be true or false`)
}

const list = (members: Members, name: string): string[] | undefined => {
  const value = members[name] ?? undefined
  if (value === undefined) return undefined
  const isList = Array.isArray(value) && value.length <= maxRedirectUris
  if (!isList || !value.every((entry) => typeof entry === 'string'))
    return invalid(`${name} must be a list of at most ${maxRedirectUris} strings`)
  return [...new Set(value)]
}

const redirectUrisOf = (members: Members): string[] => {
  const uris = list(members, 'redirect_uris') ?? []
  for (const uri of uris) {
    const mistake = redirectUriMistake(uri)
    if (mistake !== undefined) throw new InvalidMetadata('invalid_redirect_uri', `A redirect URI ${mistake}`)
  }
  return uris
}

/** Those that are known here; the answer says which (§3.2.1). */
const grantsOf = (members: Members, { grants }: Bounds, redirectUris: readonly string[]): string[] => {
  const asked = list(members, 'grant_types') ?? [grantTypes.authorizationCode]
  const granted = asked.filter((grant) => grants.includes(grant))
  if (granted.length === 0) return invalid(`grant_types must be among ${grants.join(', ')}`)
  if (granted.includes(grantTypes.authorizationCode)) {
    if (redirectUris.length === 0)
      throw new InvalidMetadata('invalid_redirect_uri', 'The grant type authorization_code needs redirect_uris')
    if (!(list(members, 'response_types') ?? ['code']).includes('code')) return invalid('response_types must have code')
  }
  return granted
}

/** Those that somebody may allow a client: never the reserved ones. */
const scopesOf = (config: Config, members: Members, { apis, scopes }: Bounds): readonly string[] | null => {
  const asked = text(members, 'scope')
  if (asked === undefined) return scopes
  const own = ownScopes(apisOf(config, apis))
  return splitScopes(asked).filter(
    (scope) => !isReservedScope(scope) && (own.includes(scope) || isIdentityScope(scope)),
  )
}

const keysOf = (members: Members, method: string): Pick<ClientSettings, 'jwks' | 'jwksUri'> => {
  if (method !== 'private_key_jwt') return { jwks: null, jwksUri: null } // keys for other ends than to prove itself are of no use here
  const jwks = members.jwks ?? undefined
  const jwksUri = text(members, 'jwks_uri') ?? null
  if (jwks === undefined && jwksUri === null) return invalid('private_key_jwt needs jwks or jwks_uri')
  return { jwks: jwks === undefined ? null : JSON.stringify(jwks), jwksUri }
}

const subjectTypeOf = (members: Members): ClientSettings['subjectType'] => {
  const type = text(members, 'subject_type') ?? 'public'
  if (type !== 'public' && type !== 'pairwise') return invalid('subject_type must be public or pairwise')
  if (text(members, 'sector_identifier_uri') !== undefined)
    return invalid('sector_identifier_uri is not taken: the sector is the one host of the redirect URIs')
  return type
}

/** Client and settings out of `members`; those that are not known here are passed over (§2). Throws InvalidMetadata. */
export const readMetadata = (
  config: Config,
  members: Members,
  bounds: Bounds,
): { name: string; settings: ClientSettings } => {
  const name = text(members, 'client_name') ?? bounds.name
  const mistake = nameMistake(name)
  if (mistake !== undefined) invalid(`client_name: ${mistake}`)
  const method = text(members, 'token_endpoint_auth_method') ?? bounds.methods[0] ?? ''
  if (!bounds.methods.includes(method))
    invalid(`token_endpoint_auth_method must be one of ${bounds.methods.join(', ')}`)
  if ((text(members, 'id_token_signed_response_alg') ?? 'RS256') !== 'RS256')
    invalid('id_token_signed_response_alg must be RS256')
  const redirectUris = redirectUrisOf(members)
  const settings: ClientSettings = {
    public: method === 'none',
    pkce: 'required',
    redirectUris,
    grants: grantsOf(members, bounds, redirectUris),
    environment: bounds.environment,
    apis: bounds.apis,
    scopes: scopesOf(config, members, bounds),
    ...keysOf(members, method),
    dpopBound: flag(members, 'dpop_bound_access_tokens'),
    parRequired: flag(members, 'require_pushed_authorization_requests'),
    subjectType: subjectTypeOf(members),
    postLogoutRedirectUris: list(members, 'post_logout_redirect_uris') ?? [],
    uri: text(members, 'client_uri') ?? null,
  }
  try {
    requireSettings(config, settings)
  } catch (error) {
    if (error instanceof Refusal) return invalid(error.message.replace(/\.$/, ''))
    throw error
  }
  return { name: name.trim(), settings }
}

/** What is registered, by the names of RFC 7591 §2, RFC 9126 §6, RFC 9449 §5.2 and OpenID Connect; what is undefined is left out. */
export const writeMetadata = (row: ClientRow) => {
  const settings = settingsOf(row)
  return {
    client_id: row.id,
    client_id_issued_at: Math.floor(row.created_at / 1000),
    client_name: row.name,
    client_uri: row.uri ?? undefined,
    redirect_uris: [...settings.redirectUris],
    grant_types: [...settings.grants],
    response_types: settings.grants.includes(grantTypes.authorizationCode) ? ['code'] : [],
    scope: row.scopes ?? undefined,
    token_endpoint_auth_method: methodOf(settings),
    jwks: row.jwks === null ? undefined : (JSON.parse(row.jwks) as object),
    jwks_uri: row.jwks_uri ?? undefined,
    dpop_bound_access_tokens: settings.dpopBound,
    require_pushed_authorization_requests: settings.parRequired,
    post_logout_redirect_uris: [...settings.postLogoutRedirectUris],
    subject_type: settings.subjectType,
    id_token_signed_response_alg: 'RS256',
  }
}

/** A client with a secret may send it either way; it is told one. */
export const methodOf = (settings: ClientSettings): string => {
  if (settings.public) return 'none'
  return settings.jwks === null && settings.jwksUri === null ? 'client_secret_basic' : 'private_key_jwt'
}
