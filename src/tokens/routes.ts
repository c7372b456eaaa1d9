// Signing keys over the management API: list, rotate, and export an HS256 secret. For operators.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { requireOperator, requireRecent } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface SigningKeyDeps {
  config: Config
  store: Store
  keys: SigningKeys
  now: () => number
}

const Algorithm = Type.Union([
  Type.Literal('ES256'),
  Type.Literal('RS256'),
  Type.Literal('EdDSA'),
  Type.Literal('HS256'),
])
const NullableText = Type.Union([Type.String(), Type.Null()])
const SigningKey = Type.Object({
  id: Type.String(),
  algorithm: Algorithm,
  api: NullableText,
  created_at: Type.String(),
  retired_at: NullableText,
  expires_at: NullableText,
})
const ApiName = Type.String({ maxLength: 63 })

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const signingKeyRoutes =
  ({ config, store, keys, now }: SigningKeyDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const list = async () => ({
      data: (await keys.list()).map(({ id, algorithm, api, createdAt, retiredAt, expiresAt }) => ({
        id,
        algorithm,
        api,
        created_at: time(createdAt) as string,
        retired_at: time(retiredAt),
        expires_at: time(expiresAt),
      })),
      next_cursor: null,
    })
    const response = { 200: Type.Object({ data: Type.Array(SigningKey), next_cursor: Type.Null() }) }
    app.get(
      '/signing-keys',
      { schema: { operationId: 'listSigningKeys', summary: 'List signing keys', tags: ['Signing keys'], response } },
      async ({ actor }) => {
        requireOperator(actor, 'see signing keys')
        return list()
      },
    )
    app.post(
      '/signing-keys/rotate',
      {
        schema: {
          operationId: 'rotateSigningKeys',
          summary: 'Make new signing keys; the old ones verify until their last token has expired',
          tags: ['Signing keys'],
          body: Type.Object(
            { algorithm: Type.Optional(Algorithm), api: Type.Optional(ApiName) },
            { additionalProperties: false },
          ),
          response,
        },
      },
      async ({ actor, body }) => {
        requireOperator(actor, 'rotate signing keys')
        requireRecent(actor, now())
        if (body.api !== undefined && config.apis.get(body.api)?.profile.token.algorithm !== 'HS256')
          throw new Refusal('invalid_request', `API "${body.api}" has no secret of its own.`)
        await keys.rotate(body, async (trx, rotated) => {
          for (const { id, algorithm, api } of rotated)
            await recordChange(trx, actor, now(), {
              action: 'signing_key.rotated',
              targetKind: 'signing_key',
              targetId: id,
              detail: { algorithm, ...(api !== null && { api }) },
            })
        })
        return list()
      },
    )
    app.post(
      '/signing-keys/export',
      {
        schema: {
          operationId: 'exportSigningSecret',
          summary: 'Read the HS256 secret of an API',
          tags: ['Signing keys'],
          body: Type.Object({ api: ApiName }, { additionalProperties: false }),
          response: { 200: Type.Object({ api: Type.String(), id: Type.String(), secret: Type.String() }) },
        },
      },
      async ({ actor, body: { api } }) => {
        requireOperator(actor, 'export signing secrets')
        requireRecent(actor, now())
        if (config.apis.get(api)?.profile.token.algorithm !== 'HS256')
          throw new Refusal('invalid_request', `API "${api}" has no secret: its tokens are signed with a key pair.`)
        const { id, secret } = await keys.exportSecret(api)
        await store.transaction((trx) =>
          recordChange(trx, actor, now(), {
            action: 'signing_key.exported',
            targetKind: 'signing_key',
            targetId: id,
            detail: { api },
          }),
        )
        return { api, id, secret }
      },
    )
  }
