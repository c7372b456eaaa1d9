// Who reports credentials that were found elsewhere: GitHub's secret scanning, by its signature, and operators.
import type { BlockList } from 'node:net'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { requireOperator } from '../accounts/actor.ts'
import { hashOf } from '../credentials/format.ts'
import { Refusal } from '../errors.ts'
import { clientAddress } from '../http/client-address.ts'
import { Nullable } from '../http/schemas.ts'
import type { SafeFetch } from '../clients/safe-fetch.ts'
import { GithubKeys } from './github-keys.ts'
import { maxValueLength } from './known.ts'
import { type Leak, type LeaksDeps, leakReport, maxLeaks, reportLeaks } from './report.ts'

export interface LeaksRoutesDeps extends LeaksDeps {
  now: () => number
  proxies: BlockList
}

const maxUrlLength = 2000

interface Match extends Leak {
  type: string
}

/** The body as GitHub sends it; undefined: it is none. */
const readMatches = (body: Buffer): Match[] | undefined => {
  let list: unknown
  try {
    list = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(list) || list.length > maxLeaks) return undefined
  const matches: Match[] = []
  for (const one of list as { token?: unknown; type?: unknown; url?: unknown }[]) {
    if (typeof one?.token !== 'string' || typeof one.type !== 'string') return undefined
    const url = typeof one.url === 'string' && one.url !== '' ? one.url.slice(0, maxUrlLength) : null
    matches.push({ value: one.token, type: one.type.slice(0, 200), url })
  }
  return matches
}

/** `POST /api/v1/leaks/github`, for nobody but GitHub: whoever has no signature of it learns nothing, and nothing is looked up for them. */
export const githubLeakRoutes =
  ({ fetcher, proxies, now, ...deps }: LeaksRoutesDeps & { fetcher: SafeFetch }): FastifyPluginAsync =>
  async (app) => {
    const { github } = deps.config.leaks
    const keys = github && new GithubKeys(github, fetcher, now)
    // the signature is over the bytes
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.post('/api/v1/leaks/github', { schema: { hide: true } }, async (request, reply) => {
      if (!keys) throw new Refusal('not_found')
      const { 'github-public-key-identifier': keyId, 'github-public-key-signature': signature } = request.headers
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      if (!(await keys.hasSigned(body, keyId, signature))) throw new Refusal('forbidden', 'The signature is not valid.')
      const matches = readMatches(body)
      if (!matches) throw new Refusal('invalid_request', `Send a list of at most ${maxLeaks} matches.`)
      const actor = leakReport('github', clientAddress(request.raw, proxies), request.id)
      const results = await reportLeaks(deps, actor, 'GitHub secret scanning', matches, now)
      reply.header('cache-control', 'no-store')
      return matches.map(({ value, type }, index) => ({
        token_hash: hashOf(value),
        token_type: type,
        label: results[index]?.done === 'unknown' ? 'false_positive' : 'true_positive',
      }))
    })
  }

const Reported = Type.Object({
  results: Type.Array(
    Type.Object({
      kind: Nullable(Type.String({ description: 'null: it is none of this deployment’s.' })),
      id: Nullable(Type.String()),
      organization_id: Nullable(Type.String()),
      done: Type.Enum(['revoked', 'notified', 'ended', 'unknown'], {
        type: 'string',
        description: 'As the policy of its environment says; `ended`: it did not work any more.',
      }),
    }),
  ),
})

export const leaksRoutes =
  ({ store, config, box, now }: LeaksRoutesDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/leaks',
      {
        schema: {
          operationId: 'reportLeaks',
          tags: ['Leaks'],
          summary: 'Report credentials that were found elsewhere (operators)',
          body: Type.Object(
            {
              items: Type.Array(
                Type.Object(
                  {
                    credential: Type.String({ minLength: 1, maxLength: maxValueLength }),
                    url: Type.Optional(
                      Type.String({ minLength: 1, maxLength: maxUrlLength, description: 'Where it was found.' }),
                    ),
                  },
                  { additionalProperties: false },
                ),
                { minItems: 1, maxItems: maxLeaks },
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Reported },
        },
      },
      async (request) => {
        const { actor, body } = request
        requireOperator(actor, 'report leaked credentials')
        const leaks = body.items.map(({ credential, url }) => ({ value: credential, url: url ?? null }))
        return { results: await reportLeaks({ store, config, box }, actor, 'an operator', leaks, now) }
      },
    )
  }
