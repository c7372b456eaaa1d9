// Routes of connected applications: a person's own, and those of a user for operators.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../../config/config.ts'
import { listFields } from '../../http/list.ts'
import { ClientId, Id, Nullable, Time } from '../../http/schemas.ts'
import type { Store } from '../../store/store.ts'
import { personOf } from './application.ts'
import { listApplications } from './list.ts'
import { revokeApplication } from './revoke.ts'

export interface ApplicationsDeps {
  store: Store
  config: Pick<Config, 'apis' | 'management'>
  /** Unix milliseconds. */
  now: () => number
}

const Access = Type.Object({
  api: Type.String(),
  scopes: Type.String({ description: 'Scopes, separated by single spaces.' }),
  may: Type.Array(Type.String(), { description: 'The same in words.' }),
  organization_id: Nullable(Id),
  organization_name: Nullable(Type.String()),
  all_organizations: Type.Boolean(),
})

const Application = Type.Object({
  client_id: ClientId,
  name: Type.String({ description: 'As it calls itself.' }),
  registration: Type.String({ description: '`managed`, `dynamic`, `document` or `built_in`.' }),
  host: Nullable(Type.String({ description: 'Of its metadata document, else of its home page.' })),
  access: Type.Array(Access),
  connected_at: Time,
})

const cursor = Type.Optional(Type.Unsafe<string>({ ...ClientId, description: '`next_cursor` of the page before.' }))
const ListQuery = Type.Object({ ...listFields, cursor }, { additionalProperties: false })
const ListAnswer = Type.Object({ data: Type.Array(Application), next_cursor: Nullable(ClientId) })
const Named = Type.Object({ client_id: ClientId }, { additionalProperties: false })
const Revoked = Type.Object({ client_id: ClientId, revoked: Type.Literal(true) })

const tags = ['Connected applications']

const collections = [
  { url: '/account/applications', params: {}, of: 'Own', whose: 'your own' },
  { url: '/users/:user_id/applications', params: { user_id: Id }, of: 'User', whose: 'a user’s' },
] as const

export const applicationsRoutes =
  ({ store, config, now }: ApplicationsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { url, params, of, whose } of collections) {
      const Path = Type.Unsafe<{ user_id?: string }>(Type.Object(params))
      app.get(
        url,
        {
          schema: {
            operationId: `list${of}Applications`,
            tags,
            summary: `List ${whose} connected applications, with what each may do`,
            params: Path,
            querystring: ListQuery,
            response: { 200: ListAnswer },
          },
        },
        (request) => listApplications({ store, config }, request.actor, { ...request.query, ...request.params }, now()),
      )
      app.delete(
        `${url}/:client_id`,
        {
          schema: {
            operationId: `revoke${of}Application`,
            tags,
            summary: `Revoke one of ${whose} connected applications; all its tokens end at once`,
            params: Type.Unsafe<{ user_id?: string; client_id: string }>(
              Type.Object({ ...params, client_id: ClientId }),
            ),
            response: { 200: Revoked },
          },
        },
        (request) => revokeApplication(store, request.actor, request.params, now()),
      )
      app.delete(
        url,
        {
          // who may is told before what is missing
          preValidation: async (request) => void personOf(request.actor, request.params),
          schema: {
            operationId: `revoke${of}ApplicationByQuery`,
            tags,
            summary: 'The same for a client whose id is an address, and does not fit into a path',
            params: Path,
            querystring: Named,
            response: { 200: Revoked },
          },
        },
        (request) => revokeApplication(store, request.actor, { ...request.params, ...request.query }, now()),
      )
    }
  }
