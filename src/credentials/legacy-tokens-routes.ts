// Routes of legacy tokens: import, list, read and delete by operators; a person's own to list, read and delete.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type Actor, requireUser } from '../accounts/actor.ts'
import type { Config } from '../config/config.ts'
import { ListOf, listFields, searchField } from '../http/list.ts'
import { Deleted, Id, Nullable, Time } from '../http/schemas.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { deleteLegacyToken } from './delete-legacy.ts'
import { importLegacyTokens, maxLines } from './import-legacy.ts'
import { getLegacyToken, listLegacyTokens } from './list-legacy.ts'
import type { TokenPath } from './find.ts'

const LegacyToken = Type.Object({
  id: Id,
  name: Type.String(),
  hint: Type.String(),
  user_id: Id,
  user_name: Type.String(),
  user_email: Type.String(),
  organization_id: Nullable(Type.Unsafe<string>({ ...Id, description: 'null: all organizations of its owner.' })),
  organization_name: Nullable(
    Type.String({ description: 'null: all, or one that its owner is not in any more, where it is not let in.' }),
  ),
  created_at: Time,
  last_used_at: Nullable(Time),
  successor: Nullable(
    Type.Object(
      { id: Id, name: Type.String(), hint: Type.String(), created_at: Time, last_used_at: Nullable(Time) },
      { description: 'The personal access token that takes its place.' },
    ),
  ),
})

const ListQuery = Type.Object({ ...listFields, ...searchField }, { additionalProperties: false })

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

/** Everybody's for operators, and a person's own. */
const collections = [
  { url: '/legacy-tokens', of: 'LegacyToken', whose: 'everybody’s', ownerOf: () => undefined },
  { url: '/account/legacy-tokens', of: 'OwnLegacyToken', whose: 'your own', ownerOf: requireUser },
] as const satisfies { url: string; of: string; whose: string; ownerOf: (actor: Actor) => string | undefined }[]

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
    for (const { url, of, whose, ownerOf } of collections) {
      const pathOf = ({ actor, params }: { actor: Actor; params: { token_id: string } }): TokenPath => ({
        ...params,
        user_id: ownerOf(actor),
      })
      app.get(
        url,
        {
          schema: {
            operationId: `list${of}s`,
            tags,
            summary: `List ${whose} legacy tokens`,
            querystring: ListQuery,
            response: { 200: ListOf(LegacyToken) },
          },
        },
        ({ actor, query }) => listLegacyTokens(store, actor, { ...query, user_id: ownerOf(actor) }, now()),
      )
      app.get(
        `${url}/:token_id`,
        {
          schema: {
            operationId: `get${of}`,
            tags,
            summary: `Get one of ${whose} legacy tokens, with what takes its place`,
            params,
            response: { 200: LegacyToken },
          },
        },
        (request) => getLegacyToken(store, request.actor, pathOf(request), now()),
      )
      app.delete(
        `${url}/:token_id`,
        {
          schema: {
            operationId: `delete${of}`,
            tags,
            summary: `Delete one of ${whose} legacy tokens with immediate effect`,
            params,
            response: { 200: Deleted },
          },
        },
        (request) => deleteLegacyToken(store, request.actor, pathOf(request), now()),
      )
    }
  }
