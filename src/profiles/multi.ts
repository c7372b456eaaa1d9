// Live and test keys, authorization-code tokens, and errors as one typed object.
import type { Profile } from './profile.ts'

const typeOf = (status: number): string => {
  if (status === 401 || status === 403) return 'authentication_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'api_error'
}

export const multi: Profile = {
  name: 'multi',
  accepts: ['api_key', 'oauth_token'],
  presentation: { bearer: true },
  token: { algorithm: 'HS256', type: 'JWT', lifetimeSeconds: 86_400, tokenType: 'Bearer', echoScope: true },
  limits: [{ name: 'window', per: 'credential', limit: 100, period: 60 }],
  reset: 'unix',
  errors: {
    contentType: 'application/json; charset=utf-8',
    messages: { invalid_api_key: 'The API key provided is invalid' },
    body: ({ code, status, message }) => ({ error: { type: typeOf(status), code, message } }),
  },
}
