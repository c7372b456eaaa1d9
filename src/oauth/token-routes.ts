// POST /oauth/token and /token: the token endpoint on Fastify, where every answer is JSON that nobody keeps.
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { sendAnswer } from '../http/server.ts'
import type { DirectRoute } from '../http/short-way.ts'
import type { Answer } from '../verify/wire.ts'
import {
  clientFields,
  directForm,
  formRequestOf,
  type IncomingForm,
  everyAnswer,
  refuseOtherMethods,
  takeOAuthForms,
  thrownOAuthAnswer,
} from './endpoint.ts'
import { formMediaType } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { issueToken } from './token.ts'

const TokenBody = Type.Object({
  grant_type: Type.String(),
  ...clientFields,
  scope: Type.Optional(Type.String({ description: 'Space-separated. Default: all that may be granted.' })),
  resource: Type.Optional(Type.String({ description: 'Audience of the API that the token is for (RFC 8707).' })),
  audience: Type.Optional(Type.String({ description: 'Exchange: name or audience of the API.' })),
  subject_token: Type.Optional(
    Type.String({ description: 'Exchange: an API key or personal access token (RFC 8693).' }),
  ),
  subject_token_type: Type.Optional(Type.String()),
  requested_token_type: Type.Optional(Type.String()),
  organization_id: Type.Optional(
    Type.String({ description: 'Exchange of a personal access token: the organization that the token is for.' }),
  ),
})

const TokenAnswer = Type.Object({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds.' }),
  scope: Type.Optional(Type.String()),
  refresh_token: Type.Optional(Type.String()),
  id_token: Type.Optional(Type.String()),
  issued_token_type: Type.Optional(Type.String()),
})

const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })

const schema = {
  operationId: 'token',
  summary: 'Get an access token (RFC 6749, RFC 8693)',
  tags: ['OAuth'],
  security: [],
  consumes: [formMediaType],
  body: TokenBody,
  response: { 200: TokenAnswer, 400: ErrorAnswer, 401: ErrorAnswer },
}

const refused = 'token refused'

const paths = ['/oauth/token', '/token'] as const

/** Answers a request to the token endpoint, whichever way it came. Never throws. */
const answerToken = async (deps: OAuthDeps, request: IncomingForm, id: string): Promise<Answer> => {
  try {
    const { response, facts, nonce } = await issueToken(deps, formRequestOf(request, id, deps))
    deps.log.debug({ request_id: id, ...facts }, 'token issued')
    const headers = nonce === undefined ? everyAnswer : { ...everyAnswer, 'dpop-nonce': nonce }
    return { status: 200, headers, body: response }
  } catch (thrown) {
    return thrownOAuthAnswer(thrown, id, deps.log, refused)
  }
}

/** The short ways. */
export const directToken = (deps: OAuthDeps): DirectRoute[] =>
  paths.map((path) => directForm(path, (request, id) => answerToken(deps, request, id)))

export const tokenRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, refused)
    for (const url of paths) {
      app.post(url, { schema: url === '/token' ? { ...schema, hide: true } : schema }, async (request, reply) =>
        sendAnswer(reply, await answerToken(deps, request, request.id)),
      )
      refuseOtherMethods(app, url)
    }
  }
