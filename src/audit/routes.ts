// Routes of the audit trail. It is only ever read here: nothing changes or deletes an entry.
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { ListOf, listFields } from '../http/list.ts'
import { Id, Nullable, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import { type Export, exportAudit } from './export.ts'
import { listAudit } from './list.ts'

const Name = (description: string) => Nullable(Type.String({ description }))

const Entry = Type.Object({
  id: Id,
  at: Time,
  actor_kind: Type.String(),
  actor_id: Type.String(),
  actor_name: Name('Of the key, token or client that acted; null: it has none, or is gone.'),
  action: Type.String({ description: 'As in `api_key.revoked`.' }),
  target_kind: Type.String(),
  target_id: Type.String(),
  target_name: Name('What it is called today; null: it has no name, or is gone.'),
  organization_id: Nullable(Id),
  ip: Nullable(Type.String()),
  request_id: Nullable(Type.String()),
  detail: Nullable(Type.Record(Type.String(), Type.Unknown())),
  user_id: Nullable(Type.Unsafe<string>({ ...Id, description: 'The person who acted.' })),
  user_name: Name('Of the person who acted; null: nobody, or gone.'),
})

const Word = Type.String({ minLength: 1, maxLength: 100, pattern: '^[\\x21-\\x7e]+$' })

const filterFields = {
  action: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[\\x21-\\x29\\x2b-\\x7e]+\\*?$',
      description: 'An action, as in `api_key.revoked`, or all that begin alike, as in `api_key.*`.',
    }),
  ),
  user_id: Type.Optional(Type.Unsafe<string>({ ...Id, description: 'The person who acted, by whatever credential.' })),
  actor_id: Type.Optional(Word),
  target_id: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: '^[\\x21-\\x7e]+$' })),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[^\\x00-\\x1f\\x7f]+$',
      description: 'Part of an action’s name, or the id of a target.',
    }),
  ),
}

const listQuery = Type.Object({ ...listFields, ...filterFields }, { additionalProperties: false })

const exportQuery = Type.Object(
  { format: Type.Enum(['csv', 'json'], { type: 'string', default: 'csv' }), ...filterFields },
  { additionalProperties: false },
)

const exportSchema = {
  tags: ['Audit'],
  querystring: exportQuery,
  produces: ['text/csv', 'application/json'],
} as const

const sendFile = (reply: FastifyReply, { contentType, fileName, text }: Export): FastifyReply =>
  reply
    .type(contentType)
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(text))

export const auditRoutes =
  ({ store, now }: { store: Store; now: () => number }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const params = Type.Object({ organization_id: Id })
    app.get(
      '/audit',
      {
        schema: {
          operationId: 'listAudit',
          tags: ['Audit'],
          summary: 'List every change (operators)',
          querystring: listQuery,
          response: { 200: ListOf(Entry) },
        },
      },
      (request) => listAudit(store, request.actor, undefined, request.query),
    )
    app.get(
      '/audit/export',
      { schema: { ...exportSchema, operationId: 'exportAudit', summary: 'Export every change as a file (operators)' } },
      async (request, reply) => {
        const { format, ...filters } = request.query
        return sendFile(reply, await exportAudit(store, request.actor, undefined, format, filters, now()))
      },
    )
    app.get(
      '/organizations/:organization_id/audit',
      {
        schema: {
          operationId: 'listOrganizationAudit',
          tags: ['Audit'],
          summary: 'List changes in an organization',
          params,
          querystring: listQuery,
          response: { 200: ListOf(Entry) },
        },
      },
      (request) => listAudit(store, request.actor, request.params.organization_id, request.query),
    )
    app.get(
      '/organizations/:organization_id/audit/export',
      {
        schema: {
          ...exportSchema,
          operationId: 'exportOrganizationAudit',
          summary: 'Export changes in an organization as a file',
          params,
        },
      },
      async (request, reply) => {
        const { format, ...filters } = request.query
        const { organization_id: organizationId } = request.params
        return sendFile(reply, await exportAudit(store, request.actor, organizationId, format, filters, now()))
      },
    )
  }
