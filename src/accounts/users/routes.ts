// Routes of users, for operators, and of the caller itself.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../../config/config.ts'
import { ListOf, listFields, searchField } from '../../http/list.ts'
import { Deleted, Id, Name, Nullable, Time } from '../../http/schemas.ts'
import { formatTime } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import { createUserLink, linkUrl } from '../links.ts'
import { maxPasswordLength, minPasswordLength } from '../password.ts'
import { describeCaller } from './caller.ts'
import { createUser } from './create.ts'
import { deleteUser } from './delete.ts'
import { getUser } from './get.ts'
import { listUsers } from './list.ts'
import { updateUser } from './update.ts'

const UserBody = Type.Object({
  id: Id,
  email: Type.String(),
  name: Type.String(),
  operator: Type.Boolean(),
  email_verified: Type.Boolean({ description: 'Somebody who reads the mail of the address has shown it.' }),
  created_at: Time,
  suspended_at: Nullable(Time),
})

const CallerBody = Type.Object({
  kind: Type.String(),
  id: Type.String({ description: 'The credential’s.' }),
  subject: Type.String({ description: 'The user’s id, the key’s, or the client’s.' }),
  name: Nullable(Type.String({ description: 'The credential’s.' })),
  user: Nullable(UserBody),
  organization_id: Nullable(Id),
  organization_ids: Type.Array(Id),
  scopes: Type.Array(Type.String()),
  environment: Nullable(Type.String()),
  operator: Type.Boolean(),
  expires_at: Nullable(Time),
})

const tags = ['Users']
const params = Type.Object({ user_id: Id })
const Operator = Type.Boolean({ description: 'May do everything on this deployment.' })

export const usersRoutes =
  ({
    store,
    config,
    now,
  }: {
    store: Store
    config: Pick<Config, 'issuer'>
    now: () => number
  }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/users/me',
      {
        schema: {
          operationId: 'describeCaller',
          tags,
          summary: 'Tell who the caller is',
          response: { 200: CallerBody },
        },
      },
      (request) => describeCaller(store, request.actor, request.principal),
    )
    app.post(
      '/users',
      {
        schema: {
          operationId: 'createUser',
          tags,
          summary: 'Create a user (operators)',
          body: Type.Object(
            {
              email: Type.String({
                minLength: 3,
                maxLength: 254,
                description: 'Kept in lower case; nobody else may have it.',
              }),
              name: Name,
              operator: Type.Optional(Operator),
              password: Type.Optional(Type.String({ minLength: minPasswordLength, maxLength: maxPasswordLength })),
            },
            { additionalProperties: false },
          ),
          response: { 201: UserBody },
        },
      },
      async (request, reply) => reply.code(201).send(await createUser(store, request.actor, request.body, now())),
    )
    app.get(
      '/users',
      {
        schema: {
          operationId: 'listUsers',
          tags,
          summary: 'List users (operators)',
          querystring: Type.Object({ ...listFields, ...searchField }, { additionalProperties: false }),
          response: { 200: ListOf(UserBody) },
        },
      },
      (request) => listUsers(store, request.actor, request.query),
    )
    app.get(
      '/users/:user_id',
      {
        schema: {
          operationId: 'getUser',
          tags,
          summary: 'Get a user (operators)',
          params,
          response: { 200: UserBody },
        },
      },
      (request) => getUser(store, request.actor, request.params.user_id),
    )
    app.patch(
      '/users/:user_id',
      {
        schema: {
          operationId: 'updateUser',
          tags,
          summary: 'Rename, suspend or resume a user, or change who is an operator (operators)',
          params,
          body: Type.Object(
            { name: Type.Optional(Name), operator: Type.Optional(Operator), suspended: Type.Optional(Type.Boolean()) },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: UserBody },
        },
      },
      (request) => updateUser(store, request.actor, request.params.user_id, request.body, now()),
    )
    app.delete(
      '/users/:user_id',
      {
        schema: {
          operationId: 'deleteUser',
          tags,
          summary: 'Delete a user with all tokens (operators)',
          params,
          response: { 200: Deleted },
        },
      },
      (request) => deleteUser(store, request.actor, request.params.user_id, now()),
    )
    app.post(
      '/users/:user_id/link',
      {
        schema: {
          operationId: 'createUserLink',
          tags,
          summary: 'Make a one-time link by which a user sets a password (operators)',
          params,
          response: {
            201: Type.Object({ url: Type.String({ description: 'Works once, for 24 hours.' }), expires_at: Time }),
          },
        },
      },
      async (request, reply) => {
        const { token, expiresAt } = await createUserLink(store, request.actor, request.params.user_id, now())
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ url: linkUrl(config.issuer, token), expires_at: formatTime(expiresAt) })
      },
    )
  }
