// POST /verify: one decision for any credential. POST /explain: the same as a dry run, check by check. POST /inspect: what a token says.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { Actor } from '../accounts/actor.ts'
import type { Api, Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { inspectToken } from '../tokens/inspect-token.ts'
import { maxCredentialLength } from './credential.ts'
import { type Decision, checks } from './decision.ts'
import { ExplainBody, ExplainResponse, VerifyBody, VerifyResponse } from './schemas.ts'
import type { Verifier } from './verify.ts'
import { limitsJson, principalJson } from './wire.ts'

type Item = Static<typeof ExplainBody>

export interface VerifyDeps {
  config: Config
  verifier: Verifier
}

/** Room for a full batch of long credentials. */
const batchBytes = 10 * 1024 * 1024

const requireVerify = (actor: Actor): void => {
  if (!actor.operator && !actor.scopes.includes('verify'))
    throw new Refusal('insufficient_scope', 'This needs the scope verify, which an operator grants.', {
      missing: ['verify'],
    })
}

/** The API that an item names; one that the caller's own key is not held away from. */
const apiOf = (config: Config, actor: Actor, name: string | undefined): Api => {
  const api = name === undefined ? config.defaultApi : config.apis.get(name)
  if (api === undefined) {
    throw new Refusal(
      'invalid_request',
      name === undefined
        ? 'Name an "api": the configuration has several and no defaultApi.'
        : `There is no API "${name.slice(0, 63)}".`,
    )
  }
  if (actor.apis !== undefined && !actor.apis.includes(api.name))
    throw new Refusal('forbidden', `This key is held to ${actor.apis.join(', ')}.`)
  return api
}

const outcomeJson = (api: Api, decision: Decision) => ({
  valid: decision.valid,
  code: decision.code,
  ...(decision.principal && { principal: principalJson(decision.principal), limits: limitsJson(api, decision.limits) }),
})

const judgementOf = ({ credential, scopes, organization_id, cost, dry_run }: Item) => ({
  credential,
  ...(scopes && { scopes }),
  organizationId: organization_id,
  ...(cost !== undefined && { cost }),
  ...(dry_run !== undefined && { dryRun: dry_run }),
})

export const verifyRoutes =
  ({ config, verifier }: VerifyDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
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
      async (request) => {
        const { actor, body } = request
        requireVerify(actor)
        const { items, credential, ...rest } = body
        if (items === undefined) {
          if (credential === undefined) throw new Refusal('invalid_request', 'Send a "credential", or "items".')
          const api = apiOf(config, actor, rest.api)
          return {
            ...outcomeJson(api, await verifier.judge(api, judgementOf({ credential, ...rest }))),
            request_id: request.id,
          }
        }
        if (credential !== undefined || Object.keys(rest).length > 0)
          throw new Refusal('invalid_request', 'Beside "items" nothing else is taken: write it in each item.')
        // every API is known before anything is spent
        const apis = items.map((item) => apiOf(config, actor, item.api))
        const results: (ReturnType<typeof outcomeJson> & { request_id: string })[] = []
        for (const [index, item] of items.entries()) {
          const api = apis[index] as Api
          const outcome = outcomeJson(api, await verifier.judge(api, judgementOf(item)))
          results.push({ ...outcome, request_id: request.id })
        }
        return { results }
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
        const decision = await verifier.judge(api, { ...judgementOf(request.body), dryRun: true })
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
