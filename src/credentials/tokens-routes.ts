// Routes of personal access tokens: a person's own, those of a user for operators, and by their id alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type Actor, requireUser } from '../accounts/actor.ts'
import { ListOf, listFields, searchField } from '../http/list.ts'
import { Id, Name, Nullable, Time } from '../http/schemas.ts'
import type { ApiKeysDeps } from './api-keys-routes.ts'
import { createToken, maxOrganizations } from './create-token.ts'
import type { TokenPath } from './find.ts'
import { getToken, listTokens } from './list-tokens.ts'
import { renameToken } from './rename-token.ts'
import { revokeToken } from './revoke.ts'
import { rotateToken } from './rotate.ts'
import { Expiry, RotateBody, StateField, StatusFilter, bodyOptional, noStore } from './lifecycle-routes.ts'
import { maxNamedOrganizations } from './token.ts'

const Token = Type.Object({
  id: Id,
  name: Type.String(),
  hint: Type.String({ description: 'Beginning and last four characters of the token.' }),
  user_id: Id,
  all_organizations: Type.Boolean({ description: 'Reaches every organization of its owner.' }),
  organization_ids: Type.Array(Type.String(), {
    description: 'The organizations that it is held to; empty where it reaches all.',
  }),
  organizations: Type.Array(Type.Object({ id: Id, name: Nullable(Type.String()) }), {
    description: `The first ${maxNamedOrganizations} of those by name; null: its owner is not a member any more.`,
  }),
  state: StateField,
  created_at: Time,
  last_used_at: Nullable(Time),
  expires_at: Nullable(Time),
  revoked_at: Nullable(Time),
  replaces: Nullable(Type.Unsafe<string>({ ...Id, description: 'The token that it was rotated from.' })),
  succeeds: Nullable(Type.Unsafe<string>({ ...Id, description: 'The legacy token whose place it takes.' })),
})

/** Told once, when the token is made. */
const NewToken = Type.Object({
  ...Token.properties,
  token: Type.String({ description: 'The token itself; it is not shown again.' }),
})

const CreateBody = Type.Object(
  {
    name: Name,
    ...Expiry,
    all_organizations: Type.Optional(
      Type.Boolean({
        description: 'Whatever organizations the owner is in. Exactly one of this and organization_ids.',
      }),
    ),
    organization_ids: Type.Optional(
      Type.Array(Id, {
        minItems: 1,
        maxItems: maxOrganizations,
        description: 'Organizations of the owner that the token is held to.',
      }),
    ),
    succeeds: Type.Optional(
      Type.Unsafe<string>({
        ...Id,
        description: 'A legacy token of the owner whose place it takes; that one works on until it is deleted.',
      }),
    ),
  },
  { additionalProperties: false },
)

const RenameBody = Type.Object({ name: Name }, { additionalProperties: false })
const ListQuery = Type.Object({ ...listFields, ...searchField, ...StatusFilter }, { additionalProperties: false })

const tags = ['Personal access tokens']

/** Where a person's own tokens are made and listed, and where an operator makes and lists a user's. */
const collections = [
  {
    url: '/account/tokens',
    params: Type.Unsafe<{ user_id?: string }>(Type.Object({})),
    of: 'OwnTokens',
    whose: 'your own',
  },
  {
    url: '/users/:user_id/tokens',
    params: Type.Unsafe<{ user_id?: string }>(Type.Object({ user_id: Id })),
    of: 'UserTokens',
    whose: 'a user’s',
  },
] as const

/** The two paths of one token: among one's own, and by its id alone. */
const tokenPaths = [
  { url: '/account/tokens/:token_id', of: 'OwnToken', ownerOf: requireUser },
  { url: '/tokens/:token_id', of: 'Token', ownerOf: () => undefined },
] as const satisfies { url: string; of: string; ownerOf: (actor: Actor) => string | undefined }[]

export const tokensRoutes =
  ({ store, config, now }: ApiKeysDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { url, params, of, whose } of collections) {
      app.get(
        url,
        {
          schema: {
            operationId: `list${of}`,
            tags,
            summary: `List ${whose} personal access tokens`,
            params,
            querystring: ListQuery,
            response: { 200: ListOf(Token) },
          },
        },
        (request) => listTokens(store, request.actor, { ...request.query, ...request.params }, now()),
      )
      app.post(
        url,
        {
          schema: {
            operationId: `create${of.slice(0, -1)}`,
            tags,
            summary: `Make one of ${whose} personal access tokens; it is shown once`,
            params,
            body: CreateBody,
            response: { 201: NewToken },
          },
        },
        async (request, reply) =>
          noStore(reply)
            .code(201)
            .send(await createToken(store, config, request.actor, { ...request.body, ...request.params }, now())),
      )
    }
    for (const { url, of, ownerOf } of tokenPaths) {
      const params = Type.Object({ token_id: Id })
      const pathOf = ({ actor, params: { token_id } }: { actor: Actor; params: { token_id: string } }): TokenPath => ({
        token_id,
        user_id: ownerOf(actor),
      })
      app.get(
        url,
        {
          schema: {
            operationId: `get${of}`,
            tags,
            summary: 'Get a personal access token',
            params,
            response: { 200: Token },
          },
        },
        (request) => getToken(store, request.actor, pathOf(request), now()),
      )
      app.patch(
        url,
        {
          schema: {
            operationId: `rename${of}`,
            tags,
            summary: 'Rename a personal access token',
            params,
            body: RenameBody,
            response: { 200: Token },
          },
        },
        (request) => renameToken(store, request.actor, { ...request.body, ...pathOf(request) }, now()),
      )
      app.delete(
        url,
        {
          schema: {
            operationId: `revoke${of}`,
            tags,
            summary: 'Revoke a personal access token with immediate effect',
            params,
            response: { 200: Token },
          },
        },
        (request) => revokeToken(store, request.actor, pathOf(request), now()),
      )
      app.post(
        `${url}/rotate`,
        {
          preValidation: bodyOptional,
          schema: {
            operationId: `rotate${of}`,
            tags,
            summary: 'Replace a personal access token; both share one limit',
            params,
            body: RotateBody,
            response: { 201: NewToken },
          },
        },
        async (request, reply) =>
          noStore(reply)
            .code(201)
            .send(await rotateToken(store, request.actor, { ...request.body, ...pathOf(request) }, now())),
      )
    }
  }
