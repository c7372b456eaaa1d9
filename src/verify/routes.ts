// POST /verify: one decision for any credential. POST /explain: the same as a dry run, check by check. POST /inspect: what a token says.
// GET /describe: how an API answers.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { Refusal } from '../errors.ts'
import { inspectToken } from '../tokens/inspect-token.ts'
import { maxCredentialLength } from './credential.ts'
import { checks } from './decision.ts'
import { Description, describe } from './describe.ts'
import { type VerifyDeps, apiOf, judgeItem, judgeItems, judgementOf, outcomeJson, requireVerify } from './items.ts'
import { ExplainBody, ExplainResponse, VerifyBody, VerifyResponse } from './schemas.ts'

/** Room for a full batch of long credentials. */
const batchBytes = 10 * 1024 * 1024

const sendText = (reply: FastifyReply, text: string): FastifyReply =>
  reply
    .type('application/json; charset=utf-8')
    .serializer((body: string) => body)
    .send(text)

export const verifyRoutes =
  (deps: VerifyDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, verifier } = deps
    app.post(
      '/verify',
      {
        bodyLimit: batchBytes,
        schema: {
          operationId: 'verify',
          summary: 'Judge a credential, or up to 1,000 of them',
          tags: ['Verify'],
          body: VerifyBody,
          response: { 200: VerifyResponse },
        },
      },
      async (request, reply) => {
        const { actor, body, id } = request
        requireVerify(actor)
        const { items, credential, ...rest } = body
        if (items === undefined) {
          if (credential === undefined) throw new Refusal('invalid_request', 'Send a "credential", or "items".')
          const api = apiOf(config, actor, rest.api)
          return sendText(reply, await judgeItem(deps, api, { credential, ...rest }, id))
        }
        if (credential !== undefined || Object.keys(rest).length > 0)
          throw new Refusal('invalid_request', 'Beside "items" nothing else is taken: write it in each item.')
        // every API is known before anything is spent
        const apis = items.map((item) => apiOf(config, actor, item.api))
        const results = await judgeItems(deps, apis, items, id, request.log)
        return sendText(reply, `{"results":[${results.join(',')}]}`)
      },
    )
    app.post(
      '/explain',
      {
        schema: {
          operationId: 'explain',
          summary: 'Explain check by check how a credential would be judged',
          tags: ['Verify'],
          body: ExplainBody,
          response: { 200: ExplainResponse },
        },
      },
      async (request) => {
        requireVerify(request.actor)
        const api = apiOf(config, request.actor, request.body.api)
        const decision = await verifier.judge(api, { ...judgementOf(request.body, request.id), dryRun: true })
        const failedAt = decision.valid ? checks.length : checks.indexOf(decision.reason.check)
        return {
          ...outcomeJson(api, decision),
          api: api.name,
          checks: checks.map((check, index) => ({
            check,
            passed: index < failedAt ? true : index === failedAt ? false : null,
            ...(!decision.valid && index === failedAt && { detail: decision.reason.detail }),
          })),
          request_id: request.id,
        }
      },
    )
    app.get(
      '/describe',
      {
        schema: {
          operationId: 'describeApi',
          summary: 'Describe how an API takes credentials and answers, for a program that does so in its place',
          tags: ['Verify'],
          querystring: Type.Object(
            { api: Type.Optional(Type.String({ maxLength: 63 })) },
            { additionalProperties: false },
          ),
          response: { 200: Description },
        },
      },
      async ({ actor, query }) => {
        requireVerify(actor)
        return describe(apiOf(config, actor, query.api))
      },
    )
    app.post(
      '/inspect',
      {
        schema: {
          operationId: 'inspect',
          summary: 'Decode a JWT or CWT without verifying it',
          tags: ['Verify'],
          body: Type.Object(
            { token: Type.String({ minLength: 1, maxLength: maxCredentialLength }) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              format: Type.String(),
              header: Type.Record(Type.String(), Type.Unknown()),
              claims: Type.Record(Type.String(), Type.Unknown()),
            }),
          },
        },
      },
      async ({ body }) => {
        const inspected = inspectToken(body.token)
        if (!inspected) throw new Refusal('invalid_request', 'This is neither a JWT nor a CWT.')
        return inspected
      },
    )
  }
