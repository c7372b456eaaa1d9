// RFC 8414 §2, OpenID Connect Discovery §3: what this authorization server is and can do, one document at both addresses.
// Only what is true today, and all of it from the one issuer: test/oauth/metadata-is-true.test.ts tries every member.
import { authenticationMethods } from '../clients/authenticate.ts'
import { type Config, identityScopes } from '../config/config.ts'
import { grants } from './grants.ts'
import { idTokenAlgorithm } from './id-token.ts'

export const metadataOf = ({ issuer, apis }: Pick<Config, 'issuer' | 'apis'>) => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  service_documentation: `${issuer}/docs`,
  scopes_supported: [
    ...new Set([...Object.keys(identityScopes), ...[...apis.values()].flatMap(({ scopes }) => Object.keys(scopes))]),
  ],

  token_endpoint: `${issuer}/oauth/token`,
  token_endpoint_auth_methods_supported: [...authenticationMethods],
  grant_types_supported: [...grants.keys()],

  pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
  device_authorization_endpoint: `${issuer}/oauth/device_authorization`,

  response_types_supported: [],

  revocation_endpoint: `${issuer}/oauth/revoke`,
  revocation_endpoint_auth_methods_supported: [...authenticationMethods],

  introspection_endpoint: `${issuer}/oauth/introspect`,
  introspection_endpoint_auth_methods_supported: [...authenticationMethods.filter((name) => name !== 'none'), 'Bearer'],

  userinfo_endpoint: `${issuer}/oauth/userinfo`,
  subject_types_supported: ['public', 'pairwise'],
  id_token_signing_alg_values_supported: [idTokenAlgorithm],
  claims_supported: [
    'iss',
    'sub',
    'aud',
    'exp',
    'iat',
    'auth_time',
    'nonce',
    'at_hash',
    'name',
    'email',
    'email_verified',
  ],
})
