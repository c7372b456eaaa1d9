// Routes of organizations.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ListOf, listFields, searchField } from '../../http/list.ts'
import { Deleted, Id, Name, Nullable, Time } from '../../http/schemas.ts'
import type { Store } from '../../store/store.ts'
import { RoleName } from '../members/routes.ts'
import { createOrganization } from './create.ts'
import { deleteOrganization } from './delete.ts'
import { getOrganization } from './get.ts'
import { tellImpact } from './impact.ts'
import { listOrganizations } from './list.ts'
import { listSuspended } from './suspended.ts'
import { transferOrganization } from './transfer.ts'
import { updateOrganization } from './update.ts'

const TierName = Type.Enum(['free', 'pro', 'enterprise'], { type: 'string', description: 'Set by operators only.' })

const OrganizationBody = Type.Object({
  id: Id,
  name: Type.String(),
  tier: TierName,
  role: Nullable(RoleName),
  created_at: Time,
  suspended_at: Nullable(Time),
})

const Count = Type.Integer({ minimum: 0 })

const ImpactBody = Type.Object({
  api_keys: Count,
  clients: Count,
  members: Count,
  tokens: Type.Integer({
    minimum: 0,
    description: 'Those that name it; not those for all organizations of their owner.',
  }),
  applications: Count,
  webhooks: Count,
  calls_24h: Type.Integer({ minimum: 0, description: 'Requests let in in the last 24 hours, to the full hour.' }),
})

const tags = ['Organizations']
const params = Type.Object({ organization_id: Id })

export interface OrganizationsDeps {
  store: Store
  now: () => number
}

export const organizationsRoutes =
  ({ store, now }: OrganizationsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizations',
      {
        config: { asksForRoles: false },
        schema: {
          operationId: 'listOrganizations',
          tags,
          summary: 'List the caller’s organizations',
          querystring: Type.Object(
            {
              ...listFields,
              ...searchField,
              all: Type.Optional(Type.Boolean({ description: 'Every organization there is; operators only.' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: ListOf(OrganizationBody) },
        },
      },
      (request) => listOrganizations(store, request.actor, request.query),
    )
    app.get(
      '/account/suspended-organizations',
      {
        schema: {
          operationId: 'listOwnSuspendedOrganizations',
          tags: ['Account'],
          summary: 'List one’s own organizations that are suspended, and so reached by nobody',
          response: {
            200: Type.Object({
              data: Type.Array(Type.Object({ id: Id, name: Type.String(), role: RoleName, suspended_at: Time })),
            }),
          },
        },
      },
      async ({ actor }) => ({ data: await listSuspended(store, actor) }),
    )
    app.post(
      '/organizations',
      {
        schema: {
          operationId: 'createOrganization',
          tags,
          summary: 'Create an organization',
          body: Type.Object(
            {
              name: Name,
              owner: Type.Optional(
                Type.Unsafe<string>({ ...Id, description: 'User id; operators only. Default: the caller.' }),
              ),
              tier: Type.Optional(TierName),
            },
            { additionalProperties: false },
          ),
          response: { 201: OrganizationBody },
        },
      },
      async (request, reply) =>
        reply.code(201).send(await createOrganization(store, request.actor, request.body, now())),
    )
    app.get(
      '/organizations/:organization_id',
      {
        schema: {
          operationId: 'getOrganization',
          tags,
          summary: 'Get an organization',
          params,
          response: { 200: OrganizationBody },
        },
      },
      (request) => getOrganization(store, request.actor, request.params.organization_id),
    )
    app.patch(
      '/organizations/:organization_id',
      {
        schema: {
          operationId: 'updateOrganization',
          tags,
          summary: 'Rename an organization; set its tier, suspend or resume it (operators)',
          params,
          body: Type.Object(
            {
              name: Type.Optional(Name),
              tier: Type.Optional(TierName),
              suspended: Type.Optional(Type.Boolean({ description: 'Set by operators only.' })),
            },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: OrganizationBody },
        },
      },
      (request) => updateOrganization(store, request.actor, request.params.organization_id, request.body, now()),
    )
    app.delete(
      '/organizations/:organization_id',
      {
        schema: {
          operationId: 'deleteOrganization',
          tags,
          summary: 'Delete an organization with its keys, clients and memberships',
          params,
          response: { 200: Deleted },
        },
      },
      (request) => deleteOrganization(store, request.actor, request.params.organization_id, now()),
    )
    app.get(
      '/organizations/:organization_id/impact',
      {
        schema: {
          operationId: 'tellImpact',
          tags,
          summary: 'Tell what would stop working without an organization',
          params,
          response: { 200: ImpactBody },
        },
      },
      (request) => tellImpact(store, request.actor, request.params.organization_id, now()),
    )
    app.post(
      '/organizations/:organization_id/transfer',
      {
        schema: {
          operationId: 'transferOrganization',
          tags,
          summary: 'Make another member the owner, and stay as admin',
          params,
          body: Type.Object({ user_id: Id }, { additionalProperties: false }),
          response: { 200: OrganizationBody },
        },
      },
      ({ actor, params: { organization_id: organizationId }, body }) =>
        transferOrganization(store, actor, organizationId, body.user_id, now()),
    )
  }
