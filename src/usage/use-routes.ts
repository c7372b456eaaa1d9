// Routes that tell who still uses a credential.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { requireUser } from '../accounts/actor.ts'
import { ClientId, Id, Nullable, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import { useOfApiKey, useOfClient, useOfToken } from './use.ts'

const Sightings = (description: string) =>
  Type.Array(
    Type.Object({
      value: Type.String(),
      first_at: Time,
      last_at: Time,
      count: Type.Integer({ description: 'Of a credential that is used many times a second, estimated.' }),
    }),
    { description },
  )

const UseBody = Type.Object({
  last_used_at: Nullable(Time),
  calls_24h: Type.Integer({ description: 'Requests that were let in in the last 24 hours, to the full hour.' }),
  denied_24h: Type.Integer(),
  networks: Sightings('Where it was used from, latest first: the first 24 bits of IPv4 addresses, 48 of IPv6.'),
  agents: Sightings('What it was used with: the product that User-Agent names.'),
  endpoints: Sightings('What it was used for: API, method and the beginning of the path.'),
})

const tags = ['Usage']
const response = { 200: UseBody }

export interface UseDeps {
  store: Store
  now: () => number
}

export const useRoutes =
  ({ store, now }: UseDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizations/:organization_id/api-keys/:key_id/use',
      {
        schema: {
          operationId: 'getApiKeyUse',
          tags,
          summary: 'Tell who still uses an API key',
          params: Type.Object({ organization_id: Id, key_id: Id }),
          response,
        },
      },
      (request) => useOfApiKey(store, request.actor, request.params, now()),
    )
    app.get(
      '/organizations/:organization_id/clients/:client_id/use',
      {
        schema: {
          operationId: 'getClientUse',
          tags,
          summary: 'Tell who still uses the tokens of a client',
          params: Type.Object({ organization_id: Id, client_id: ClientId }),
          response,
        },
      },
      (request) => useOfClient(store, request.actor, request.params, now()),
    )
    for (const { url, operationId, kind, what } of [
      {
        url: '/account/tokens/:token_id/use',
        operationId: 'getOwnTokenUse',
        kind: 'personal_access_token',
        what: 'a personal access token of your own',
      },
      {
        url: '/account/legacy-tokens/:token_id/use',
        operationId: 'getOwnLegacyTokenUse',
        kind: 'legacy_token',
        what: 'a legacy token of your own',
      },
    ] as const) {
      app.get(
        url,
        {
          schema: {
            operationId,
            tags,
            summary: `Tell who still uses ${what}`,
            params: Type.Object({ token_id: Id }),
            response,
          },
        },
        (request) =>
          useOfToken(store, request.actor, kind, { ...request.params, user_id: requireUser(request.actor) }, now()),
      )
    }
  }
