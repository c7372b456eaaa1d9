// Every management route of stored credentials.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type ApiKeysDeps, apiKeysRoutes } from './api-keys-routes.ts'
import { type LegacyTokensDeps, legacyTokensRoutes } from './legacy-tokens-routes.ts'
import { tokensRoutes } from './tokens-routes.ts'

/** Paths are relative to /api/v1. */
export const credentialRoutes =
  (deps: ApiKeysDeps & LegacyTokensDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(apiKeysRoutes(deps))
    await app.register(tokensRoutes(deps))
    await app.register(legacyTokensRoutes(deps))
  }
