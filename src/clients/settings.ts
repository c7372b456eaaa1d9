// What a client may be: its grants, redirect URIs and scopes, and how they must agree (RFC 6749 §2, RFC 9700 §2).
import type { Config } from '../config/config.ts'
import { apisOf, ownScopes, requireApis, requireKnownScopes } from '../credentials/scopes.ts'
import { Refusal } from '../errors.ts'
import { readKeySet } from './client-keys.ts'
import { pageMistake, redirectUriMistake } from './redirect-uri.ts'
import { fetchMistake } from './strangers-address.ts'

export const grantTypes = {
  authorizationCode: 'authorization_code',
  refreshToken: 'refresh_token',
  clientCredentials: 'client_credentials',
  deviceCode: 'urn:ietf:params:oauth:grant-type:device_code', // RFC 8628
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange', // RFC 8693
} as const

export type GrantType = (typeof grantTypes)[keyof typeof grantTypes]

export interface ClientSettings {
  public: boolean
  pkce: 'required' | 'optional'
  redirectUris: readonly string[]
  grants: readonly string[]
  environment: string
  /** null: all. */
  apis: readonly string[] | null
  /** null: whatever its APIs' own scopes cover. */
  scopes: readonly string[] | null
  /** A JWK Set as JSON, or its address: the client proves itself by these keys (RFC 7523) and has no secret. */
  jwks: string | null
  jwksUri: string | null
  dpopBound: boolean
  parRequired: boolean
  subjectType: 'public' | 'pairwise'
  postLogoutRedirectUris: readonly string[]
  /** Its home page. */
  uri: string | null
}

/** What a client is as long as nobody says otherwise. */
export const usualSettings = {
  jwks: null,
  jwksUri: null,
  dpopBound: false,
  parRequired: false,
  subjectType: 'public',
  postLogoutRedirectUris: [],
  uri: null,
} as const satisfies Partial<ClientSettings>

/** Whether it proves itself by keys, not by a secret. */
export const hasKeys = ({ jwks, jwksUri }: Pick<ClientSettings, 'jwks' | 'jwksUri'>): boolean =>
  jwks !== null || jwksUri !== null

/** The grants of a client that names none: a person's sign-in where there is somewhere to come back to, else its own. */
export const defaultGrants = ({
  public: isPublic,
  redirectUris,
}: Pick<ClientSettings, 'public' | 'redirectUris'>): GrantType[] => {
  if (redirectUris.length > 0) return [grantTypes.authorizationCode, grantTypes.refreshToken]
  if (!isPublic) return [grantTypes.clientCredentials]
  throw new Refusal(
    'invalid_request',
    `A public client needs a redirect URI, or a grant that goes without one, such as ${grantTypes.deviceCode}.`,
  )
}

const invalid = (message: string): never => {
  throw new Refusal('invalid_request', message)
}

const requireUris = (what: string, uris: readonly string[], mistakeOf: (uri: string) => string | undefined): void => {
  for (const uri of uris) {
    const mistake = mistakeOf(uri)
    if (mistake !== undefined) invalid(`The ${what} "${uri.slice(0, 200)}" ${mistake}.`)
  }
}

const requireKeys = (config: Config, { public: isPublic, jwks, jwksUri }: ClientSettings): void => {
  if (jwks !== null && jwksUri !== null)
    invalid('A client gives its keys (jwks) or their address (jwks_uri), not both (RFC 7591 §2).')
  if (isPublic && (jwks !== null || jwksUri !== null))
    invalid('A public client has nothing to prove itself with: it cannot have keys.')
  const set = jwks === null ? undefined : readKeySet(jwks)
  if (set && 'mistake' in set) invalid(`The jwks ${set.mistake}.`)
  requireUris('jwks_uri', jwksUri === null ? [] : [jwksUri], (uri) => fetchMistake(config.issuer, uri))
}

/** OpenID Connect Core §8.1: subjects are the same within the sector, which is the one host of its redirect URIs. */
const requireSector = ({ subjectType, redirectUris }: ClientSettings): void => {
  if (subjectType === 'pairwise' && new Set(redirectUris.map((uri) => new URL(uri).hostname)).size > 1)
    invalid('With the subject type pairwise all redirect URIs must be of one host.')
}

/** Throws `invalid_request` for settings that are wrong by themselves or together. */
export const requireSettings = (config: Config, settings: ClientSettings): void => {
  const { public: isPublic, pkce, redirectUris, grants, environment, apis, scopes } = settings
  requireUris('redirect URI', redirectUris, redirectUriMistake)
  requireUris('post-logout redirect URI', settings.postLogoutRedirectUris, redirectUriMistake)
  requireUris('home page', settings.uri === null ? [] : [settings.uri], pageMistake)
  requireKeys(config, settings)
  requireSector(settings)
  if (!config.environments.includes(environment))
    invalid(`There is no environment "${environment}"; there are ${config.environments.join(', ')}.`)
  if (apis !== null) requireApis(config, apis)
  if (scopes !== null) requireKnownScopes(apisOf(config, apis), scopes)
  if (grants.length === 0) invalid('A client needs at least one grant.')
  if (grants.includes(grantTypes.authorizationCode) && redirectUris.length === 0)
    invalid(`The grant ${grantTypes.authorizationCode} needs a redirect URI.`)
  // RFC 6749 §4.4: for confidential clients alone
  if (isPublic && grants.includes(grantTypes.clientCredentials))
    invalid(
      `A public client has nothing to prove itself with: it cannot have the grant ${grantTypes.clientCredentials}.`,
    )
  if (isPublic && pkce === 'optional') invalid('A public client must use PKCE (RFC 9700 §2.1.1).')
}

/** Whether `after` lets the client do nothing that `before` did not. Who may act as the client is another question. */
export const isNarrower = (config: Config, before: ClientSettings, after: ClientSettings): boolean => {
  const within = (list: readonly string[] | null, outer: readonly string[] | null): boolean =>
    outer === null || (list !== null && list.every((entry) => outer.includes(entry)))
  const had = before.scopes ?? ownScopes(apisOf(config, before.apis))
  const scopesWithin = after.scopes === null ? before.scopes === null : within(after.scopes, had)
  return scopesWithin && within(after.apis, before.apis)
}
