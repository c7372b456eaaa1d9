// What /openapi.json says of the server before it says what there is.
import { version } from '../version.ts'

export const description = (issuer: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'Latchkey',
    version,
    description: 'Issue, verify, limit and revoke every credential that callers of an API use.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: issuer }],
  components: {
    securitySchemes: {
      bearer: {
        type: 'http' as const,
        scheme: 'bearer',
        description: 'An API key, a personal access token, or an OAuth 2.0 access token.',
      },
    },
  },
  security: [{ bearer: [] }],
})
