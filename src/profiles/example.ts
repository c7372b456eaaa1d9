// API keys first, client credentials beside them; errors in the OAuth form.
import type { Profile } from './profile.ts'

export const example: Profile = {
  name: 'example',
  accepts: ['api_key', 'oauth_token'],
  presentation: { bearer: true },
  token: { algorithm: 'HS256', type: 'JWT', lifetimeSeconds: 3600, tokenType: 'bearer', echoScope: true },
  limits: [{ name: 'window', per: 'credential', limit: 100, period: 60 }],
  reset: 'unix',
  errors: {
    contentType: 'application/json; charset=utf-8',
    body: ({ code, message }) => ({ error: code, error_description: message }),
  },
}
