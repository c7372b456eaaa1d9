// GET /api/v1/deployment: what somebody has to know of this server to make credentials and to call its APIs with them. No secrets, nothing of anybody.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Api, Config } from '../config/config.ts'
import { originAt } from '../gateway/address.ts'
import { Nullable, Time } from '../http/schemas.ts'
import { formatTime } from '../rfc3339.ts'
import type { Role } from '../store/schema.ts'
import { version } from '../version.ts'

const roles: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

const ApiBody = Type.Object({
  name: Type.String(),
  identifier: Type.String({ description: 'What a request for a token names it by, as `resource` (RFC 8707).' }),
  token_endpoint: Type.String({ description: 'Its own, where a host is configured for it, else that of the issuer.' }),
  url: Nullable(
    Type.String({ description: 'Where it is called, through the gateway; null: it is reached otherwise.' }),
  ),
  accepts: Type.Array(Type.String(), { description: 'Kinds of credentials.' }),
  header: Type.Object({
    name: Type.String(),
    scheme: Nullable(Type.String({ description: 'Stands before the credential; null: it stands alone.' })),
  }),
  environments: Type.Array(Type.String(), { description: 'Those that it serves.' }),
  scopes: Type.Array(
    Type.Object({
      name: Type.String(),
      description: Type.String(),
      roles: Type.Array(Type.Unsafe<Role>({ type: 'string' }), { description: 'Who may give it to a credential.' }),
    }),
  ),
  documentation: Nullable(Type.String()),
  legacy_tokens: Nullable(Type.Object({ deprecated_at: Time, sunset_at: Time, link: Type.String() })),
})

const DeploymentBody = Type.Object({
  issuer: Type.String(),
  version: Type.String(),
  environments: Type.Array(Type.String(), {
    description: 'In the order of the configuration; the first is the paid one.',
  }),
  key_prefix: Type.String(),
  default_api: Nullable(Type.String()),
  apis: Type.Array(ApiBody),
})

export type Deployment = Static<typeof DeploymentBody>

const describeApi = (issuer: string, api: Api): Static<typeof ApiBody> => {
  const [host] = api.hosts
  const [tokenHost] = api.authorizationHosts
  const { presentation, accepts } = api.profile
  return {
    name: api.name,
    identifier: api.audience,
    token_endpoint: `${tokenHost === undefined ? issuer : originAt(issuer, tokenHost)}/oauth/token`,
    url: host === undefined ? null : originAt(issuer, host) + (api.path === '/' ? '' : api.path),
    accepts: [...accepts],
    header: presentation.bearer
      ? { name: 'Authorization', scheme: 'Bearer' }
      : { name: presentation.header ?? 'Authorization', scheme: null },
    environments: [...api.environments],
    scopes: Object.entries(api.scopes).map(([name, description]) => ({
      name,
      description,
      roles: roles.filter((role) => api.roleScopes[role].includes(name)),
    })),
    documentation: api.documentation ?? null,
    legacy_tokens: api.legacyTokens
      ? {
          deprecated_at: formatTime(api.legacyTokens.deprecatedAt),
          sunset_at: formatTime(api.legacyTokens.sunsetAt),
          link: api.legacyTokens.link,
        }
      : null,
  }
}

const describe = ({ issuer, environments, keyPrefixes, defaultApi, apis }: Config): Deployment => ({
  issuer,
  version,
  environments: [...environments],
  key_prefix: keyPrefixes[0] ?? '',
  default_api: defaultApi?.name ?? null,
  apis: [...apis.values()].map((api) => describeApi(issuer, api)),
})

export const deploymentRoutes =
  ({ config }: { config: Config }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const described = describe(config)
    app.get(
      '/deployment',
      {
        config: { asksForRoles: false },
        schema: {
          operationId: 'describeDeployment',
          tags: ['Operations'],
          summary: 'Tell which APIs and environments there are, and how they are called',
          response: { 200: DeploymentBody },
        },
      },
      () => described,
    )
  }
