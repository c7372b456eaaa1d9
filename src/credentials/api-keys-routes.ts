// Routes of API keys: under their organization, and by their id alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import { ListOf, SortedCursor, searchField, sortedListFields } from '../http/list.ts'
import { Id, Name, Nullable, Scope, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import { createApiKey } from './create-api-key.ts'
import type { ApiKeyPath } from './find.ts'
import { type ApiKeySort, apiKeySorts, getApiKey, listApiKeys } from './list-api-keys.ts'
import { maxNetworks } from './networks.ts'
import { revokeApiKey } from './revoke.ts'
import { maxRevoked, revokeApiKeys } from './revoke-many.ts'
import { rotateApiKey } from './rotate.ts'
import { Expiry, RotateBody, StateField, StatusFilter, bodyOptional, noStore } from './lifecycle-routes.ts'
import { updateApiKey } from './update-api-key.ts'

const ApiKey = Type.Object({
  id: Id,
  name: Type.String(),
  hint: Type.String({ description: 'Beginning and last four characters of the key.' }),
  organization_id: Id,
  environment: Type.String(),
  scopes: Nullable(Type.String({ description: 'Separated by spaces; null: whatever the APIs’ own scopes cover.' })),
  apis: Nullable(Type.Array(Type.String(), { description: 'null: all.' })),
  networks: Nullable(
    Type.Array(Type.String(), {
      description: 'Addresses and networks (CIDR) that it may be used from; null: from anywhere.',
    }),
  ),
  created_by: Type.String({ description: 'The user, or the key or client, that made it.' }),
  created_by_name: Nullable(Type.String({ description: 'null: whoever made it is gone.' })),
  created_at: Time,
  last_used_at: Nullable(Time),
  expires_at: Nullable(Time),
  revoked_at: Nullable(Time),
  state: StateField,
  replaces: Nullable(Type.Unsafe<string>({ ...Id, description: 'The key that it was rotated from.' })),
  rotated_to: Nullable(Type.Unsafe<string>({ ...Id, description: 'The key that it was rotated to.' })),
})

/** Told once, when the key is made. */
const NewKey = Type.Object({
  ...ApiKey.properties,
  key: Type.String({ description: 'The key itself; it is not shown again.' }),
})

const Networks = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  minItems: 1,
  maxItems: maxNetworks,
  description:
    'Addresses and networks that the key, and what is exchanged from it, may be used from: IPv4 and IPv6, single or CIDR, as in 203.0.113.7 and 2001:db8::/32. Default: anywhere.',
})

const CreateBody = Type.Object(
  {
    name: Name,
    environment: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 16,
        description: 'Default: the first of the configuration, and then the key does not name it.',
      }),
    ),
    scopes: Type.Optional(Scope),
    apis: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Names of APIs that the key is held to. Default: all.',
      }),
    ),
    networks: Type.Optional(Networks),
    ...Expiry,
    user_id: Type.Optional(
      Type.Unsafe<string>({ ...Id, description: 'The author, an owner or admin of the organization; operators only.' }),
    ),
  },
  { additionalProperties: false },
)

const UpdateBody = Type.Object(
  {
    name: Type.Optional(Name),
    scopes: Type.Optional(Scope),
    networks: Type.Optional(
      Type.Union([Networks, Type.Null()], { description: 'As when it is made; null: from anywhere.' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)

const ListQuery = Type.Object(
  {
    ...sortedListFields,
    ...searchField,
    ...StatusFilter,
    environment: Type.Optional(Type.String({ minLength: 1, maxLength: 16 })),
    sort: Type.Optional(
      Type.Unsafe<ApiKeySort>({
        type: 'string',
        enum: apiKeySorts,
        default: '-created',
        description:
          'Ascending; with `-` descending. A key that was never used comes before every use, one without an end after every end.',
      }),
    ),
  },
  { additionalProperties: false },
)

const tags = ['API keys']

/** The two paths of one key, and how their operations are told apart. */
const keyPaths = [
  {
    url: '/organizations/:organization_id/api-keys/:key_id',
    params: Type.Unsafe<ApiKeyPath>(Type.Object({ organization_id: Id, key_id: Id })),
    of: 'OrganizationApiKey',
  },
  { url: '/api-keys/:key_id', params: Type.Unsafe<ApiKeyPath>(Type.Object({ key_id: Id })), of: 'ApiKey' },
] as const

export interface ApiKeysDeps {
  store: Store
  config: Config
  now: () => number
}

export const apiKeysRoutes =
  ({ store, config, now }: ApiKeysDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const params = Type.Object({ organization_id: Id })
    app.get(
      '/organizations/:organization_id/api-keys',
      {
        schema: {
          operationId: 'listApiKeys',
          tags,
          summary: 'List the API keys of an organization',
          params,
          querystring: ListQuery,
          response: { 200: ListOf(ApiKey, SortedCursor) },
        },
      },
      (request) => listApiKeys(store, request.actor, { ...request.params, ...request.query }, now()),
    )
    app.post(
      '/organizations/:organization_id/api-keys',
      {
        schema: {
          operationId: 'createApiKey',
          tags,
          summary: 'Make an API key; it is shown once',
          params,
          body: CreateBody,
          response: { 201: NewKey },
        },
      },
      async (request, reply) =>
        noStore(reply)
          .code(201)
          .send(await createApiKey(store, config, request.actor, { ...request.body, ...request.params }, now())),
    )
    app.post(
      '/organizations/:organization_id/api-keys/revoke',
      {
        schema: {
          operationId: 'revokeApiKeys',
          tags,
          summary: 'Revoke several API keys with immediate effect: all of them, or none',
          params,
          body: Type.Object(
            { key_ids: Type.Array(Id, { minItems: 1, maxItems: maxRevoked }) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ revoked: Type.Array(Id), already_revoked: Type.Array(Id) }) },
        },
      },
      (request) => revokeApiKeys(store, request.actor, { ...request.body, ...request.params }, now()),
    )
    for (const { url, params, of } of keyPaths) {
      app.get(
        url,
        { schema: { operationId: `get${of}`, tags, summary: 'Get an API key', params, response: { 200: ApiKey } } },
        (request) => getApiKey(store, request.actor, request.params, now()),
      )
      app.patch(
        url,
        {
          schema: {
            operationId: `update${of}`,
            tags,
            summary: 'Rename an API key, or change its scopes or networks with immediate effect',
            params,
            body: UpdateBody,
            response: { 200: ApiKey },
          },
        },
        (request) => updateApiKey(store, config, request.actor, { ...request.body, ...request.params }, now()),
      )
      app.delete(
        url,
        {
          schema: {
            operationId: `revoke${of}`,
            tags,
            summary: 'Revoke an API key with immediate effect',
            params,
            response: { 200: ApiKey },
          },
        },
        (request) => revokeApiKey(store, request.actor, request.params, now()),
      )
      app.post(
        `${url}/rotate`,
        {
          preValidation: bodyOptional,
          schema: {
            operationId: `rotate${of}`,
            tags,
            summary: 'Replace an API key; both share one limit',
            params,
            body: RotateBody,
            response: { 201: NewKey },
          },
        },
        async (request, reply) =>
          noStore(reply)
            .code(201)
            .send(await rotateApiKey(store, config, request.actor, { ...request.body, ...request.params }, now())),
      )
    }
  }
