// Routes of invitations: to an organization, and, for operators, to this deployment alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ListOf, listQuery } from '../../http/list.ts'
import { Deleted, Id, Nullable, Time } from '../../http/schemas.ts'
import { RoleName } from '../members/routes.ts'
import { listInvitations } from './list.ts'
import { type InvitationsDeps, createInvitation, resendInvitation } from './send.ts'
import { withdrawInvitation } from './withdraw.ts'

const fields = {
  id: Id,
  organization_id: Nullable(Id),
  email: Type.String(),
  role: Nullable(RoleName),
  status: Type.Enum(['pending', 'expired', 'void'], {
    type: 'string',
    description: '`void`: whoever made it may not invite any more.',
  }),
  invited_by: Nullable(Id),
  invited_by_name: Nullable(Type.String()),
  created_at: Time,
  sent_at: Time,
  expires_at: Time,
}
const InvitationBody = Type.Object(fields)
const SentBody = Type.Object({
  ...fields,
  url: Type.String({
    description: 'For the invited person alone. It works once, for seven days, and is told this once.',
  }),
  mailed: Type.Boolean({ description: 'Whether the invited address is sent a link too.' }),
})

const Email = Type.String({ minLength: 3, maxLength: 254 })
const tags = ['Invitations']

export const invitationsRoutes =
  (deps: InvitationsDeps & { now: () => number }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, now } = deps
    const params = Type.Object({ organization_id: Id })
    const one = Type.Object({ organization_id: Id, invitation_id: Id })
    const alone = Type.Object({ invitation_id: Id })

    app.post(
      '/organizations/:organization_id/invitations',
      {
        schema: {
          operationId: 'createInvitation',
          tags,
          summary: 'Invite somebody to an organization by e-mail',
          params,
          body: Type.Object({ email: Email, role: RoleName }, { additionalProperties: false }),
          response: { 201: SentBody },
        },
      },
      async ({ actor, params: { organization_id: organizationId }, body }, reply) =>
        reply
          .code(201)
          .header('cache-control', 'no-store')
          .send(await createInvitation(deps, actor, { organizationId, ...body }, now())),
    )
    app.get(
      '/organizations/:organization_id/invitations',
      {
        schema: {
          operationId: 'listInvitations',
          tags,
          summary: 'List the invitations that nobody has accepted yet',
          params,
          querystring: listQuery,
          response: { 200: ListOf(InvitationBody) },
        },
      },
      ({ actor, params: { organization_id: organizationId }, query }) =>
        listInvitations(store, actor, organizationId, query, now()),
    )
    app.post(
      '/organizations/:organization_id/invitations/:invitation_id/resend',
      {
        schema: {
          operationId: 'resendInvitation',
          tags,
          summary: 'Send an invitation again, with a new link',
          params: one,
          response: { 200: SentBody },
        },
      },
      async ({ actor, params: { organization_id: organizationId, invitation_id: id } }, reply) =>
        reply.header('cache-control', 'no-store').send(await resendInvitation(deps, actor, organizationId, id, now())),
    )
    app.delete(
      '/organizations/:organization_id/invitations/:invitation_id',
      {
        schema: {
          operationId: 'withdrawInvitation',
          tags,
          summary: 'Withdraw an invitation',
          params: one,
          response: { 200: Deleted },
        },
      },
      ({ actor, params: { organization_id: organizationId, invitation_id: id } }) =>
        withdrawInvitation(store, actor, organizationId, id, now()),
    )

    app.post(
      '/invitations',
      {
        schema: {
          operationId: 'inviteUser',
          tags,
          summary: 'Invite somebody without an organization (operators)',
          body: Type.Object({ email: Email }, { additionalProperties: false }),
          response: { 201: SentBody },
        },
      },
      async ({ actor, body }, reply) =>
        reply
          .code(201)
          .header('cache-control', 'no-store')
          .send(await createInvitation(deps, actor, { organizationId: null, role: null, ...body }, now())),
    )
    app.get(
      '/invitations',
      {
        schema: {
          operationId: 'listUserInvitations',
          tags,
          summary: 'List invitations without an organization (operators)',
          querystring: listQuery,
          response: { 200: ListOf(InvitationBody) },
        },
      },
      ({ actor, query }) => listInvitations(store, actor, null, query, now()),
    )
    app.post(
      '/invitations/:invitation_id/resend',
      {
        schema: {
          operationId: 'resendUserInvitation',
          tags,
          summary: 'Send an invitation without an organization again, with a new link (operators)',
          params: alone,
          response: { 200: SentBody },
        },
      },
      async ({ actor, params: { invitation_id: id } }, reply) =>
        reply.header('cache-control', 'no-store').send(await resendInvitation(deps, actor, null, id, now())),
    )
    app.delete(
      '/invitations/:invitation_id',
      {
        schema: {
          operationId: 'withdrawUserInvitation',
          tags,
          summary: 'Withdraw an invitation without an organization (operators)',
          params: alone,
          response: { 200: Deleted },
        },
      },
      ({ actor, params: { invitation_id: id } }) => withdrawInvitation(store, actor, null, id, now()),
    )
  }
