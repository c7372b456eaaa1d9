// What a client may be: its grants, redirect URIs and scopes, and how they must agree (RFC 6749 §2, RFC 9700 §2).
import type { Config } from '../config/config.ts'
import { apisOf, ownScopes, requireApis, requireKnownScopes } from '../credentials/scopes.ts'
import { Refusal } from '../errors.ts'
import { redirectUriMistake } from './redirect-uri.ts'

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
}

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

/** Throws `invalid_request` for settings that are wrong by themselves or together. */
export const requireSettings = (
  config: Config,
  { public: isPublic, pkce, redirectUris, grants, environment, apis, scopes }: ClientSettings,
): void => {
  for (const uri of redirectUris) {
    const mistake = redirectUriMistake(uri)
    if (mistake !== undefined) invalid(`The redirect URI "${uri.slice(0, 200)}" ${mistake}.`)
  }
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

/** Whether `after` lets the client do nothing that `before` did not. */
export const isNarrower = (config: Config, before: ClientSettings, after: ClientSettings): boolean => {
  const within = (list: readonly string[] | null, outer: readonly string[] | null): boolean =>
    outer === null || (list !== null && list.every((entry) => outer.includes(entry)))
  const had = before.scopes ?? ownScopes(apisOf(config, before.apis))
  const scopesWithin = after.scopes === null ? before.scopes === null : within(after.scopes, had)
  return scopesWithin && within(after.apis, before.apis)
}
