// Routes of legacy tokens: import, list and delete by operators; a person's own to list and delete.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { requireUser } from '../accounts/actor.ts'
import type { Config } from '../config/config.ts'
import { ListOf, listQuery } from '../http/list.ts'
import { Deleted, Id, Nullable, Time } from '../http/schemas.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { deleteLegacyToken } from './delete-legacy.ts'
import { importLegacyTokens, maxLines } from './import-legacy.ts'
import { listLegacyTokens } from './list.ts'

const LegacyToken = Type.Object({
  id: Id,
  name: Type.String(),
  hint: Type.String(),
  user_id: Id,
  organization_id: Nullable(Type.Unsafe<string>({ ...Id, description: 'null: all organizations of its owner.' })),
  created_at: Time,
  last_used_at: Nullable(Time),
})

/** Wider than what is good: a bad line is told by its number and does not refuse the others. */
const Field = (description: string) => Type.Optional(Type.String({ maxLength: 16_384, description }))

const Line = Type.Object(
  {
    line: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'How the line is named in the answer.',
    }),
    name: Field('What people call the token.'),
    owner: Field('E-mail address or id of the user.'),
    organization: Field('Id, or name, of one of the owner’s organizations. Empty: all of them.'),
    token: Field('The token; or give its sha256.'),
    sha256: Field('Hex SHA-256 of the token.'),
  },
  { additionalProperties: false },
)

const Imported = Type.Object({
  imported: Type.Integer(),
  skipped: Type.Integer({ description: 'Lines that had been imported before.' }),
  failed: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
})

/** Room for a full call of the longest tokens. */
const importBytes = 10 * 1024 * 1024

const tags = ['Legacy tokens']
const params = Type.Object({ token_id: Id })

export interface LegacyTokensDeps {
  store: Store
  config: Config
  box: SecretBox
  now: () => number
}

export const legacyTokensRoutes =
  ({ store, config, box, now }: LegacyTokensDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/legacy-tokens/import',
      {
        bodyLimit: importBytes,
        schema: {
          operationId: 'importLegacyTokens',
          tags,
          summary: 'Import tokens that were made elsewhere',
          body: Type.Object(
            { lines: Type.Array(Line, { minItems: 1, maxItems: maxLines }) },
            { additionalProperties: false },
          ),
          response: { 200: Imported },
        },
      },
      (request) => importLegacyTokens(store, config, box, request.actor, request.body.lines, now()),
    )
    app.get(
      '/legacy-tokens',
      {
        schema: {
          operationId: 'listLegacyTokens',
          tags,
          summary: 'List every legacy token',
          querystring: listQuery,
          response: { 200: ListOf(LegacyToken) },
        },
      },
      (request) => listLegacyTokens(store, request.actor, request.query),
    )
    app.get(
      '/account/legacy-tokens',
      {
        schema: {
          operationId: 'listOwnLegacyTokens',
          tags,
          summary: 'List your own legacy tokens',
          querystring: listQuery,
          response: { 200: ListOf(LegacyToken) },
        },
      },
      (request) => listLegacyTokens(store, request.actor, { ...request.query, user_id: requireUser(request.actor) }),
    )
    app.delete(
      '/legacy-tokens/:token_id',
      {
        schema: {
          operationId: 'deleteLegacyToken',
          tags,
          summary: 'Delete a legacy token with immediate effect',
          params,
          response: { 200: Deleted },
        },
      },
      (request) => deleteLegacyToken(store, request.actor, request.params, now()),
    )
    app.delete(
      '/account/legacy-tokens/:token_id',
      {
        schema: {
          operationId: 'deleteOwnLegacyToken',
          tags,
          summary: 'Delete a legacy token of your own with immediate effect',
          params,
          response: { 200: Deleted },
        },
      },
      (request) =>
        deleteLegacyToken(store, request.actor, { ...request.params, user_id: requireUser(request.actor) }, now()),
    )
  }
