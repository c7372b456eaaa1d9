// The neutral profile: Bearer credentials of every kind that Latchkey makes, RFC 9068 tokens, RFC 9457 problem details.
import type { Profile } from './profile.ts'

export const neutral: Profile = {
  name: 'default',
  accepts: ['api_key', 'personal_access_token', 'oauth_token', 'jwt', 'cwt'],
  presentation: { bearer: true },
  token: { algorithm: 'ES256', type: 'at+jwt', lifetimeSeconds: 3600, tokenType: 'Bearer', echoScope: true },
  limits: [{ name: 'window', per: 'credential', limit: 100, period: 60 }],
  reset: 'unix',
  errors: {
    contentType: 'application/problem+json; charset=utf-8',
    body: ({ code, status, title, message, requestId }) => ({
      type: 'about:blank',
      title,
      status,
      detail: message,
      code,
      request_id: requestId,
    }),
  },
}
