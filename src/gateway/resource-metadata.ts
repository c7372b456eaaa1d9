// RFC 9728: what a client that knows only an API's address needs to get a token for it.
import type { Api } from '../config/config.ts'
import { takesDpop } from '../profiles/profile.ts'
import { publicAlgorithms } from '../tokens/public-jwk.ts'
import type { Answer } from '../verify/wire.ts'
import { openToPages } from './cors.ts'

/** How long clients may keep it, seconds: it changes only with the configuration. */
const maxAgeSeconds = 300

export const resourceMetadata = ({ name, audience, scopes, profile, documentation }: Api, issuer: string): Answer => {
  const names = Object.keys(scopes)
  return {
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': `public, max-age=${maxAgeSeconds}`,
      ...openToPages,
    },
    body: {
      resource: audience,
      authorization_servers: [issuer],
      ...(names.length > 0 && { scopes_supported: names }), // §3.2: no empty list
      ...(profile.presentation.bearer && { bearer_methods_supported: ['header'] }),
      ...(takesDpop(profile) && { dpop_signing_alg_values_supported: publicAlgorithms }),
      resource_name: name,
      ...(documentation !== undefined && { resource_documentation: documentation }),
    },
  }
}
