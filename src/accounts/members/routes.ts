// Routes of an organization's members.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ListOf, listQuery } from '../../http/list.ts'
import { Deleted, Id, Time } from '../../http/schemas.ts'
import type { Store } from '../../store/store.ts'
import { addMember } from './add.ts'
import { changeRole } from './change-role.ts'
import { listMembers } from './list.ts'
import { removeMember } from './remove.ts'

export const RoleName = Type.Enum(['owner', 'admin', 'member', 'viewer'], { type: 'string' })

const MemberBody = Type.Object({
  user_id: Id,
  email: Type.String(),
  name: Type.String(),
  role: RoleName,
  created_at: Time,
})

const tags = ['Members']
const params = Type.Object({ organization_id: Id })
const memberParams = Type.Object({ organization_id: Id, user_id: Id })

export const membersRoutes =
  ({ store, now }: { store: Store; now: () => number }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizations/:organization_id/members',
      {
        schema: {
          operationId: 'listMembers',
          tags,
          summary: 'List the members of an organization',
          params,
          querystring: listQuery,
          response: { 200: ListOf(MemberBody) },
        },
      },
      (request) => listMembers(store, request.actor, request.params.organization_id, request.query),
    )
    app.post(
      '/organizations/:organization_id/members',
      {
        schema: {
          operationId: 'addMember',
          tags,
          summary: 'Add a user to an organization',
          params,
          body: Type.Object({ user_id: Id, role: RoleName }, { additionalProperties: false }),
          response: { 201: MemberBody },
        },
      },
      async (request, reply) =>
        reply
          .code(201)
          .send(await addMember(store, request.actor, request.params.organization_id, request.body, now())),
    )
    app.patch(
      '/organizations/:organization_id/members/:user_id',
      {
        schema: {
          operationId: 'changeRole',
          tags,
          summary: 'Give a member another role',
          params: memberParams,
          body: Type.Object({ role: RoleName }, { additionalProperties: false }),
          response: { 200: MemberBody },
        },
      },
      ({ actor, params: { organization_id: organizationId, user_id: userId }, body }) =>
        changeRole(store, actor, organizationId, userId, body.role, now()),
    )
    app.delete(
      '/organizations/:organization_id/members/:user_id',
      {
        schema: {
          operationId: 'removeMember',
          tags,
          summary: 'Remove a member, or leave',
          params: memberParams,
          response: { 200: Deleted },
        },
      },
      ({ actor, params: { organization_id: organizationId, user_id: userId } }) =>
        removeMember(store, actor, organizationId, userId, now()),
    )
  }
