// Routes of the audit trail. It is only ever read here: nothing changes or deletes an entry.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ListOf, listFields } from '../http/list.ts'
import { Id, Nullable, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import { listAudit } from './list.ts'

const Entry = Type.Object({
  id: Id,
  at: Time,
  actor_kind: Type.String(),
  actor_id: Type.String(),
  action: Type.String({ description: 'As in `api_key.revoked`.' }),
  target_kind: Type.String(),
  target_id: Type.String(),
  organization_id: Nullable(Id),
  ip: Nullable(Type.String()),
  request_id: Nullable(Type.String()),
  detail: Nullable(Type.Record(Type.String(), Type.Unknown())),
  user_id: Nullable(Type.Unsafe<string>({ ...Id, description: 'The person who acted.' })),
})

const Word = Type.String({ minLength: 1, maxLength: 100, pattern: '^[\\x21-\\x7e]+$' })

const filters = Type.Object(
  {
    ...listFields,
    action: Type.Optional(Word),
    actor_id: Type.Optional(Word),
    target_id: Type.Optional(Word),
    since: Type.Optional(Time),
    until: Type.Optional(Time),
  },
  { additionalProperties: false },
)

export const auditRoutes =
  ({ store }: { store: Store }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/audit',
      {
        schema: {
          operationId: 'listAudit',
          tags: ['Audit'],
          summary: 'List every change (operators)',
          querystring: filters,
          response: { 200: ListOf(Entry) },
        },
      },
      (request) => listAudit(store, request.actor, undefined, request.query),
    )
    app.get(
      '/organizations/:organization_id/audit',
      {
        schema: {
          operationId: 'listOrganizationAudit',
          tags: ['Audit'],
          summary: 'List changes in an organization',
          params: Type.Object({ organization_id: Id }),
          querystring: filters,
          response: { 200: ListOf(Entry) },
        },
      },
      (request) => listAudit(store, request.actor, request.params.organization_id, request.query),
    )
  }
