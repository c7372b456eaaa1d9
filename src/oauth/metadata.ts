// RFC 8414: what this authorization server is and can do; only what is true today, and all of it from the one issuer.
import { authenticationMethods } from '../clients/authenticate.ts'
import type { Config } from '../config/config.ts'
import { grants } from './grants.ts'

export interface Metadata {
  issuer: string
  token_endpoint: string
  jwks_uri: string
  scopes_supported: string[]
  response_types_supported: string[]
  grant_types_supported: string[]
  token_endpoint_auth_methods_supported: string[]
  service_documentation: string
}

export const metadataOf = ({ issuer, apis }: Pick<Config, 'issuer' | 'apis'>): Metadata => ({
  issuer,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  scopes_supported: [...new Set([...apis.values()].flatMap(({ scopes }) => Object.keys(scopes)))],
  response_types_supported: [],
  grant_types_supported: [...grants.keys()],
  token_endpoint_auth_methods_supported: [...authenticationMethods],
  service_documentation: `${issuer}/docs`,
})
