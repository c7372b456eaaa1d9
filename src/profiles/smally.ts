// Organization keys and CBOR Web Tokens, held to a monthly quota by tier; every 401 looks the same.
import type { Profile } from './profile.ts'

export const smally: Profile = {
  name: 'smally',
  accepts: ['api_key', 'cwt'],
  presentation: { bearer: true, bare: true },
  token: { algorithm: 'ES256', type: 'at+jwt', lifetimeSeconds: 3600, tokenType: 'Bearer', echoScope: true },
  limits: [
    { name: 'month', per: 'organization', limit: { free: 10_000, pro: 100_000, enterprise: null }, period: 'month' },
  ],
  reset: 'iso8601',
  errors: {
    contentType: 'application/json; charset=utf-8',
    codes: { expired_token: 'invalid_api_key' },
    messages: {
      invalid_api_key: 'Invalid API key',
      expired_token: 'Invalid API key',
      rate_limit_exceeded: 'Monthly quota exhausted',
    },
    body: ({ code, message }) => ({ error: code, message }),
  },
}
