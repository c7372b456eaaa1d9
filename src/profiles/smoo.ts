// Client credentials to HS256 bearer tokens, each token limited by itself.
import type { Profile } from './profile.ts'

export const smoo: Profile = {
  name: 'smoo',
  accepts: ['oauth_token'],
  presentation: { bearer: true },
  token: { algorithm: 'HS256', type: 'JWT', lifetimeSeconds: 3600, tokenType: 'Bearer', echoScope: false },
  limits: [{ name: 'window', per: 'token', limit: 100, period: 60 }],
  reset: 'unix',
  errors: {
    contentType: 'application/json; charset=utf-8',
    body: ({ code, message }) => ({ error: code, message }),
  },
}
