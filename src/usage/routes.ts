// Routes of use: quotas, counts over time, the latest decisions and why they were made.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import { ListOf, listFields } from '../http/list.ts'
import { ClientId, Id, Nullable, Time } from '../http/schemas.ts'
import type { Allowance } from '../limits/allowance.ts'
import type { Store } from '../store/store.ts'
import { listDecisions } from './decisions.ts'
import { explainDecision } from './explanation.ts'
import { listQuotas } from './quota.ts'
import { type OwnerId, ofNobody, ofOrganization, ofPerson } from './scope.ts'
import { readSeries } from './series.ts'
import { useRoutes } from './use-routes.ts'

const Quota = Type.Object({
  api: Type.String(),
  limit_name: Type.String(),
  period: Type.Union([Type.Integer({ description: 'Seconds.' }), Type.Literal('month')]),
  environment: Type.String(),
  limit: Nullable(Type.Integer()),
  used: Type.Integer(),
  remaining: Nullable(Type.Integer()),
  period_start: Time,
  reset: Time,
  forecast: Nullable(
    Type.Object(
      {
        per_day: Type.Integer(),
        expected: Type.Integer({ description: 'Units at the end of the month.' }),
        used_up_at: Nullable(Type.Unsafe<string>({ ...Time, description: 'null: it will last.' })),
      },
      { description: 'Of months with a limit: where this one will end at the pace of the last 7 days.' },
    ),
  ),
})

const Counts = Type.Array(Type.Integer(), { description: 'One for each of starts.' })

const SeriesBody = Type.Object({
  width: Type.Enum(['hour', 'day']),
  by: Type.Enum(['code', 'api', 'credential']),
  from: Time,
  to: Time,
  starts: Type.Array(Type.String({ description: 'When each hour or day (UTC) began, RFC 3339.' })),
  series: Type.Array(
    Type.Object({
      id: Nullable(Type.String({ description: 'The code, the API or the credential; null: all others together.' })),
      name: Nullable(Type.String()),
      user_name: Nullable(Type.String({ description: 'The person whose token it is.' })),
      allowed: Counts,
      denied: Counts,
    }),
    { description: 'Busiest first.' },
  ),
  allowed: Type.Integer({ description: 'In the whole span.' }),
  denied: Type.Integer(),
})

const Word = Type.String({ minLength: 1, maxLength: 63, pattern: '^[\\x21-\\x7e]+$' })

const seriesQuery = Type.Object(
  {
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    width: Type.Optional(
      Type.Enum(['hour', 'day'], {
        type: 'string',
        default: 'hour',
        description: 'Hours are kept for 8 days, days for 400.',
      }),
    ),
    by: Type.Optional(
      Type.Enum(['code', 'api', 'credential'], {
        type: 'string',
        default: 'code',
        description: 'What is told apart: at most 8, the others together.',
      }),
    ),
    environment: Type.Optional(Word),
    api: Type.Optional(Word),
    credential_id: Type.Optional(ClientId),
  },
  { additionalProperties: false },
)

const decisionFields = {
  id: Id,
  at: Time,
  api: Type.String(),
  environment: Nullable(Type.String()),
  code: Type.String({ description: '`valid`, or why the request was refused.' }),
  failed_check: Nullable(Type.String()),
  detail: Nullable(Type.String()),
  credential_kind: Nullable(Type.String()),
  credential_id: Nullable(Type.String({ description: 'The key, token or client; of a token, what it was made from.' })),
  credential_name: Nullable(Type.String()),
  user_name: Nullable(Type.String({ description: 'The person whose token it was.' })),
  method: Nullable(Type.String()),
  path: Nullable(Type.String({ description: 'Without the query; what may be a secret is left out.' })),
  ip: Nullable(Type.String()),
  user_agent: Nullable(Type.String()),
  request_id: Nullable(Type.String()),
}

const decisionsQuery = Type.Object(
  {
    ...listFields,
    after: Type.Optional(Type.Unsafe<string>({ ...Id, description: 'Only what is newer than this one.' })),
    outcome: Type.Optional(Type.Enum(['allowed', 'denied'], { type: 'string' })),
    code: Type.Optional(Word),
    api: Type.Optional(Word),
    environment: Type.Optional(Word),
    credential_id: Type.Optional(ClientId),
  },
  { additionalProperties: false },
)

const Explanation = Type.Object({
  ...decisionFields,
  checks: Type.Array(
    Type.Object({
      check: Type.String(),
      title: Type.String({ description: 'What is true where it has passed.' }),
      outcome: Type.Enum(['passed', 'failed', 'not_reached']),
      detail: Type.Optional(Type.String()),
    }),
  ),
  next: Nullable(Type.String({ description: 'What to do.' })),
  present: Nullable(
    Type.Object(
      {
        state: Type.Enum(['active', 'revoked', 'expired', 'suspended', 'gone']),
        text: Type.String(),
        limits: Type.Array(
          Type.Object({
            name: Type.String(),
            limit: Type.Integer(),
            remaining: Type.Integer(),
            reset: Time,
          }),
        ),
      },
      { description: 'How the credential stands now; null: nothing is known of it.' },
    ),
  ),
})

const tags = ['Usage']

export interface UsageDeps {
  store: Store
  config: Pick<Config, 'apis' | 'environments'>
  allowance: Pick<Allowance, 'peek'>
  now: () => number
}

/** Whose decisions a path tells: an organization's, one's own for no organization, nobody's. */
interface Place {
  path: string
  params: ReturnType<typeof Type.Unsafe<{ organization_id?: string }>>
  of: string
  whose: string
  ownerOf: (store: Store, request: FastifyRequest, organizationId: string) => OwnerId | Promise<OwnerId>
}

const ofOneOrganization: Place = {
  path: '/organizations/:organization_id',
  params: Type.Unsafe<{ organization_id?: string }>(Type.Object({ organization_id: Id })),
  of: 'Organization',
  whose: 'an organization’s',
  ownerOf: (store, { actor }, organizationId) => ofOrganization(store, actor, organizationId),
}
const ofOneself: Place = {
  path: '/account',
  params: Type.Unsafe<{ organization_id?: string }>(Type.Object({})),
  of: 'Own',
  whose: 'your own (for no organization in particular)',
  ownerOf: (_store, { actor }) => ofPerson(actor),
}
const ofNobodyAtAll: Place = {
  path: '',
  params: Type.Unsafe<{ organization_id?: string }>(Type.Object({})),
  of: 'Unknown',
  whose: 'nobody’s (operators)',
  ownerOf: (_store, { actor }) => ofNobody(actor),
}

/** Paths are relative to /api/v1. */
export const usageRoutes =
  (deps: UsageDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, config, allowance, now } = deps
    await app.register(useRoutes(deps))
    app.get(
      '/organizations/:organization_id/usage',
      {
        schema: {
          operationId: 'listUsage',
          tags,
          summary: 'Tell what an organization has used of its limits',
          params: Type.Object({ organization_id: Id }),
          response: { 200: ListOf(Quota) },
        },
      },
      (request) => listQuotas(store, request.actor, config, allowance, request.params.organization_id, now()),
    )
    for (const { path, params, of, whose, ownerOf } of [ofOneOrganization, ofOneself]) {
      app.get(
        `${path}/usage/series`,
        {
          schema: {
            operationId: `get${of}UsageSeries`,
            tags,
            summary: `Tell ${whose} requests over time: let in and refused`,
            params,
            querystring: seriesQuery,
            response: { 200: SeriesBody },
          },
        },
        async (request) => {
          const owner = await ownerOf(store, request, request.params.organization_id ?? '')
          return readSeries(store, request.actor, owner, request.query, now())
        },
      )
    }
    for (const { path, params, of, whose, ownerOf } of [ofOneOrganization, ofOneself, ofNobodyAtAll]) {
      app.get(
        `${path}/decisions`,
        {
          schema: {
            operationId: `list${of}Decisions`,
            tags,
            summary: `List ${whose} latest requests: every refusal, and those let in as long as they are few`,
            params,
            querystring: decisionsQuery,
            response: { 200: ListOf(Type.Object(decisionFields)) },
          },
        },
        async (request) => {
          const owner = await ownerOf(store, request, request.params.organization_id ?? '')
          return listDecisions(store, request.actor, owner, request.query)
        },
      )
      app.get(
        `${path}/decisions/:decision_id`,
        {
          schema: {
            operationId: `explain${of}Decision`,
            tags,
            summary: `Explain one of ${whose} latest requests, check by check`,
            params: Type.Unsafe<{ organization_id?: string; decision_id: string }>(
              Type.Object({ ...(of === 'Organization' && { organization_id: Id }), decision_id: Id }),
            ),
            response: { 200: Explanation },
          },
        },
        async (request) => {
          const { organization_id = '', decision_id } = request.params
          const owner = await ownerOf(store, request, organization_id)
          return explainDecision(deps, request.actor, owner, decision_id, now())
        },
      )
    }
  }
