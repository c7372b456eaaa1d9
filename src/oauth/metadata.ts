// RFC 8414 §2, OpenID Connect Discovery §3: what this authorization server is and can do, one document at both addresses.
// Only what is true today, and all of it from the one issuer: test/oauth/metadata-is-true.test.ts tries every member.
import { authenticationMethods } from '../clients/authenticate.ts'
import { type Config, identityScopes } from '../config/config.ts'
import { promptValues, responseModes } from './authorize/request.ts'
import { publicAlgorithms } from '../tokens/public-jwk.ts'
import { grants } from './grants.ts'
import { idTokenAlgorithm } from './id-token.ts'

export const metadataOf = ({ issuer, apis, oauth }: Pick<Config, 'issuer' | 'apis' | 'oauth'>) => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  service_documentation: `${issuer}/docs`,
  scopes_supported: [
    ...new Set([...Object.keys(identityScopes), ...[...apis.values()].flatMap(({ scopes }) => Object.keys(scopes))]),
  ],

  token_endpoint: `${issuer}/oauth/token`,
  token_endpoint_auth_methods_supported: [...authenticationMethods],
  token_endpoint_auth_signing_alg_values_supported: [...publicAlgorithms],
  grant_types_supported: [...grants.keys()],
  dpop_signing_alg_values_supported: [...publicAlgorithms],

  authorization_endpoint: `${issuer}/oauth/authorize`,
  authorization_response_iss_parameter_supported: true, // RFC 9207
  response_types_supported: ['code'],
  response_modes_supported: [...responseModes],
  code_challenge_methods_supported: ['S256'],
  prompt_values_supported: [...promptValues],
  claims_parameter_supported: false,
  request_parameter_supported: false,
  request_uri_parameter_supported: false, // RFC 9126 has one of its own; left out, it would mean true

  ...(oauth.registration !== 'off' && { registration_endpoint: `${issuer}/oauth/register` }),
  ...(oauth.clientMetadataDocuments && { client_id_metadata_document_supported: true }),

  pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
  require_pushed_authorization_requests: false,
  device_authorization_endpoint: `${issuer}/oauth/device_authorization`,

  revocation_endpoint: `${issuer}/oauth/revoke`,
  revocation_endpoint_auth_methods_supported: [...authenticationMethods],
  revocation_endpoint_auth_signing_alg_values_supported: [...publicAlgorithms],

  introspection_endpoint: `${issuer}/oauth/introspect`,
  introspection_endpoint_auth_methods_supported: [...authenticationMethods.filter((name) => name !== 'none'), 'Bearer'],
  introspection_endpoint_auth_signing_alg_values_supported: [...publicAlgorithms],

  userinfo_endpoint: `${issuer}/oauth/userinfo`,
  end_session_endpoint: `${issuer}/oauth/logout`,
  subject_types_supported: ['public', 'pairwise'],
  id_token_signing_alg_values_supported: [idTokenAlgorithm],
  claims_supported: [
    'iss',
    'sub',
    'aud',
    'exp',
    'iat',
    'auth_time',
    'amr',
    'nonce',
    'at_hash',
    'name',
    'email',
    'email_verified',
  ],
})
