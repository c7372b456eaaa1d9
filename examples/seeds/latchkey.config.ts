// Five documented schemes behind one Latchkey and one port: LATCHKEY_CONFIG=examples/seeds/latchkey.config.ts npm start
import type { LatchkeyConfig } from 'latchkey'

export default {
  // what `latchkey verify`, POST /api/v1/verify and the token endpoint of the issuer mean where no API is named
  defaultApi: 'smally',
  apis: {
    // OAuth 2.0 client credentials for HS256 bearer tokens; /organizations is Latchkey's own management API
    smoo: {
      profile: 'smoo',
      hosts: ['api.smoo.localhost'],
      authorizationHosts: ['auth.smoo.localhost'],
      upstream: 'management',
    },
    // organization keys and CBOR Web Tokens with a monthly quota
    smally: {
      profile: 'smally',
      hosts: ['localhost'],
      path: '/v1/embeddings',
      upstream: 'echo',
    },
    // API keys, and client credentials on the same host
    example: {
      profile: 'example',
      hosts: ['api.example.localhost'],
      path: '/api/v1',
      authorizationHosts: ['api.example.localhost'],
      upstream: 'management',
    },
    // personal access tokens and the legacy tokens that they replace, in X-API-TOKEN
    smoxy: {
      profile: 'smoxy',
      hosts: ['api.smoxy.localhost'],
      path: '/api',
      upstream: 'echo',
      legacyTokens: {
        deprecatedAt: '2026-01-01',
        sunsetAt: '2027-12-31',
        link: 'https://docs.smoxy.localhost/legacy-api-tokens',
      },
    },
    // live and test keys with an upstream each; tokens of the authorization code flow
    multi: {
      profile: 'multi',
      hosts: ['api.multi.localhost'],
      path: '/v1',
      authorizationHosts: ['auth.multi.localhost'],
      upstream: { live: 'echo', test: 'echo' },
    },
  },
} satisfies LatchkeyConfig
