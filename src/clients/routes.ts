// OAuth clients over the management API: under their organization, and by their id alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import { defaultOverlapSeconds, maxOverlapSeconds } from '../credentials/rotate.ts'
import { ListOf, listFields, searchField } from '../http/list.ts'
import { ClientId, Id, Name, Nullable, Scope, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import type { ClientRow } from './client.ts'
import { countConnections } from './connections.ts'
import { createClient } from './create.ts'
import { deleteClient, deleteClientOfNobody } from './delete.ts'
import { endSecret } from './end-secret.ts'
import { getClient } from './get.ts'
import { listClients, listClientsOfNobody } from './list.ts'
import { maxRedirectUriLength, maxRedirectUris } from './redirect-uri.ts'
import { rotateSecret } from './rotate-secret.ts'
import { type GrantType, grantTypes } from './settings.ts'
import { updateClient } from './update.ts'

export interface ClientDeps {
  store: Store
  config: Config
  /** Unix milliseconds. */
  now: () => number
}

const Pkce = Type.Union([Type.Literal('required'), Type.Literal('optional')], {
  description: 'PKCE (RFC 7636). Public clients must use it. Default required.',
})
const RedirectUris = Type.Array(Type.String({ minLength: 1, maxLength: maxRedirectUriLength }), {
  maxItems: maxRedirectUris,
  description: 'Compared exactly: https, http on a loopback host, or a private-use scheme (RFC 8252).',
})
const Grants = Type.Array(Type.Unsafe<GrantType>({ type: 'string', enum: Object.values(grantTypes) }), {
  minItems: 1,
  maxItems: Object.keys(grantTypes).length,
})
const Apis = Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
  minItems: 1,
  maxItems: 100,
  description: 'Names of the APIs that its tokens may be for.',
})

const Jwks = Type.Object(
  { keys: Type.Array(Type.Object({}, { additionalProperties: true }), { minItems: 1, maxItems: 20 }) },
  {
    additionalProperties: true,
    description: 'Public keys (RFC 7517) that it proves itself by (private_key_jwt), in place of a secret.',
  },
)
const JwksUri = Type.String({ minLength: 1, maxLength: 2000, description: 'Address of its public keys, https.' })
const DpopBound = Type.Boolean({ description: 'Gets DPoP-bound tokens alone (RFC 9449 §5.2).' })
const ParRequired = Type.Boolean({ description: 'Must push its authorization requests (RFC 9126 §6).' })
const SubjectType = Type.Union([Type.Literal('public'), Type.Literal('pairwise')], {
  description: 'Whether it knows people by their ids, or by ids of its own (OpenID Connect Core §8).',
})
const PostLogoutRedirectUris = Type.Array(Type.String({ minLength: 1, maxLength: maxRedirectUriLength }), {
  maxItems: maxRedirectUris,
  description: 'Where people may be sent after they have signed out; compared exactly.',
})
const Page = Type.String({ minLength: 1, maxLength: maxRedirectUriLength, description: 'Its home page.' })

const changeable = {
  pkce: Type.Optional(Pkce),
  redirect_uris: Type.Optional(RedirectUris),
  grants: Type.Optional(Grants),
  dpop_bound: Type.Optional(DpopBound),
  par_required: Type.Optional(ParRequired),
  subject_type: Type.Optional(SubjectType),
  post_logout_redirect_uris: Type.Optional(PostLogoutRedirectUris),
}

const NewClientBody = Type.Object(
  {
    name: Name,
    ...changeable,
    public: Type.Optional(Type.Boolean({ description: 'Has no secret: an app on people’s devices. Default false.' })),
    environment: Type.Optional(
      Type.String({ minLength: 1, maxLength: 16, description: 'Default: the first of the configuration.' }),
    ),
    apis: Type.Optional(Apis),
    scopes: Type.Optional(Scope),
    jwks: Type.Optional(Jwks),
    jwks_uri: Type.Optional(JwksUri),
    uri: Type.Optional(Page),
  },
  { additionalProperties: false },
)

const ClientChangesBody = Type.Object(
  {
    name: Type.Optional(Name),
    ...changeable,
    apis: Type.Optional(Nullable(Apis)),
    scopes: Type.Optional(Nullable(Scope)),
    jwks: Type.Optional(Nullable(Jwks)),
    jwks_uri: Type.Optional(Nullable(JwksUri)),
    uri: Type.Optional(Nullable(Page)),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** May be left out. */
const RotateBody = Nullable(
  Type.Object(
    {
      overlap_seconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: maxOverlapSeconds,
          description: `How long the old secret still works; 0 ends it now. Default ${defaultOverlapSeconds}.`,
        }),
      ),
    },
    { additionalProperties: false },
  ),
)

const client = {
  organization_id: Nullable(Id),
  name: Type.String(),
  public: Type.Boolean(),
  pkce: Pkce,
  redirect_uris: Type.Array(Type.String()),
  grants: Type.Array(Type.String()),
  environment: Type.String(),
  scopes: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'null: whatever its APIs’ own scopes cover.',
  }),
  apis: Nullable(Type.Array(Type.String(), { description: 'null: all.' })),
  jwks: Nullable(Jwks),
  jwks_uri: Nullable(JwksUri),
  dpop_bound: DpopBound,
  par_required: ParRequired,
  subject_type: SubjectType,
  post_logout_redirect_uris: PostLogoutRedirectUris,
  uri: Nullable(Page),
  registration: Type.Unsafe<ClientRow['registration']>({
    type: 'string',
    enum: ['managed', 'dynamic', 'document', 'built_in'],
    description: 'By whom it came: people, itself (RFC 7591), its metadata document, or Latchkey.',
  }),
  secrets: Type.Array(Type.Object({ id: Id, hint: Type.String(), created_at: Time, expires_at: Nullable(Time) }), {
    description: 'Newest first.',
  }),
  created_by: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'A user; null: the command line, a key or a client.',
  }),
  created_by_name: Nullable(Type.String()),
  created_at: Time,
  last_used_at: Nullable(Time),
}

const ClientSchema = Type.Object({ client_id: ClientId, ...client })

const ClientWithSecretSchema = Type.Object({
  client_id: ClientId,
  client_secret: Type.Optional(
    Type.String({ description: 'Shown this once; a public client has none, nor has one with keys.' }),
  ),
  ...client,
})

const Connections = Type.Object({
  people: Type.Integer({ description: 'How many let it act for them now.' }),
  grants: Type.Integer({ description: 'What they have allowed it, each once; it ends with the client.' }),
})

const ListQuery = Type.Object({ ...listFields, ...searchField }, { additionalProperties: false })

const tags = ['Clients']
const organizationParams = Type.Object({ organization_id: Id })
const places = [
  {
    path: '/organizations/:organization_id/clients/:client_id',
    params: Type.Object({ organization_id: Id, client_id: ClientId }),
    suffix: '',
  },
  { path: '/clients/:client_id', params: Type.Object({ client_id: ClientId }), suffix: 'ById' },
]

export const clientRoutes =
  ({ store, config, now }: ClientDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizations/:organization_id/clients',
      {
        schema: {
          operationId: 'listClients',
          summary: 'List OAuth clients',
          tags,
          params: organizationParams,
          querystring: ListQuery,
          response: { 200: ListOf(ClientSchema) },
        },
      },
      ({ actor, params, query }) => listClients(store, actor, params.organization_id, query),
    )
    app.post(
      '/organizations/:organization_id/clients',
      {
        schema: {
          operationId: 'createClient',
          summary: 'Register an OAuth client',
          tags,
          params: organizationParams,
          body: NewClientBody,
          response: { 201: ClientWithSecretSchema },
        },
      },
      async ({ actor, params, body }, reply) => {
        const client = await createClient(store, config, actor, params.organization_id, body, now())
        return reply.code(201).header('cache-control', 'no-store').send(client)
      },
    )
    app.get(
      '/clients',
      {
        schema: {
          operationId: 'listClientsOfNobody',
          summary: 'List the OAuth clients that belong to no organization',
          tags,
          querystring: Type.Object(
            { ...listFields, cursor: Type.Optional(ClientId), client_id: Type.Optional(ClientId) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({ data: Type.Array(ClientSchema), next_cursor: Nullable(ClientId) }),
          },
        },
      },
      ({ actor, query }) => listClientsOfNobody(store, actor, query),
    )
    app.delete(
      '/clients',
      {
        schema: {
          operationId: 'deleteClientOfNobody',
          summary: 'Delete the OAuth client that the query names: an address cannot stand in a path',
          tags,
          querystring: Type.Object({ client_id: Type.Optional(ClientId) }, { additionalProperties: false }),
          response: { 200: Type.Object({ id: ClientId, deleted: Type.Literal(true) }) },
        },
      },
      ({ actor, query }) => deleteClientOfNobody(store, actor, query, now()),
    )
    for (const { path, params, suffix } of places) {
      app.get(
        path,
        {
          schema: {
            operationId: `getClient${suffix}`,
            summary: 'Show an OAuth client',
            tags,
            params,
            response: { 200: ClientSchema },
          },
        },
        ({ actor, params }) => getClient(store, actor, params),
      )
      app.patch(
        path,
        {
          schema: {
            operationId: `updateClient${suffix}`,
            summary: 'Change an OAuth client, at once for its tokens too',
            tags,
            params,
            body: ClientChangesBody,
            response: { 200: ClientSchema },
          },
        },
        ({ actor, params, body }) => updateClient(store, config, actor, params, body, now()),
      )
      app.delete(
        path,
        {
          schema: {
            operationId: `deleteClient${suffix}`,
            summary: 'Delete an OAuth client and end its tokens',
            tags,
            params,
            response: { 200: Type.Object({ id: ClientId, deleted: Type.Literal(true) }) },
          },
        },
        ({ actor, params }) => deleteClient(store, actor, params, now()),
      )
      app.get(
        `${path}/connections`,
        {
          schema: {
            operationId: `countClientConnections${suffix}`,
            summary: 'Tell how many people an OAuth client acts for',
            tags,
            params,
            response: { 200: Connections },
          },
        },
        ({ actor, params }) => countConnections(store, actor, params, now()),
      )
      app.delete(
        `${path}/secrets/:secret_id`,
        {
          schema: {
            operationId: `endClientSecret${suffix}`,
            summary: 'End one of an OAuth client’s two secrets at once',
            tags,
            params: Type.Object({ ...params.properties, secret_id: Id }),
            response: { 200: ClientSchema },
          },
        },
        ({ actor, params }) => endSecret(store, actor, params, now()),
      )
      app.post(
        `${path}/rotate`,
        {
          schema: {
            operationId: `rotateClientSecret${suffix}`,
            summary: 'Give an OAuth client a new secret',
            tags,
            params,
            body: RotateBody,
            response: { 201: ClientWithSecretSchema },
          },
        },
        async ({ actor, params, body }, reply) => {
          const client = await rotateSecret(
            store,
            config,
            actor,
            params,
            body?.overlap_seconds ?? defaultOverlapSeconds,
            now(),
          )
          return reply.code(201).header('cache-control', 'no-store').send(client)
        },
      )
    }
  }
