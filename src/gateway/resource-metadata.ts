// RFC 9728: what a client that knows only an API's address needs to get a token for it.
import type { Api } from '../config/config.ts'
import { takesDpop } from '../profiles/profile.ts'
import { publicAlgorithms } from '../tokens/public-jwk.ts'
import type { Answer } from '../verify/wire.ts'

/** How long clients may keep it, seconds: it changes only with the configuration. */
const maxAgeSeconds = 300

export const resourceMetadata = (api: Api, issuer: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': `public, max-age=${maxAgeSeconds}` },
  body: {
    resource: api.audience,
    authorization_servers: [issuer],
    scopes_supported: Object.keys(api.scopes),
    ...(api.profile.presentation.bearer && { bearer_methods_supported: ['header'] }),
    ...(takesDpop(api.profile) && { dpop_signing_alg_values_supported: publicAlgorithms }),
    resource_name: api.name,
  },
})
