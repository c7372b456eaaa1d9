// Personal access tokens, and the legacy tokens that they replace, in a header of the API's own.
import type { Profile } from './profile.ts'

export const smoxy: Profile = {
  name: 'smoxy',
  accepts: ['personal_access_token', 'legacy_token'],
  presentation: { bearer: false, header: 'X-API-TOKEN' },
  token: { algorithm: 'ES256', type: 'at+jwt', lifetimeSeconds: 3600, tokenType: 'Bearer', echoScope: true },
  limits: [{ name: 'window', per: 'credential', limit: 100, period: 60 }],
  reset: 'unix',
  errors: {
    contentType: 'application/json; charset=utf-8',
    body: ({ code, message }) => ({ error: code, message }),
  },
}
