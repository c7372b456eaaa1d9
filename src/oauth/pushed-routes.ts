// POST /oauth/par (RFC 9126 §2) on Fastify.
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { clientAddress } from '../http/client-address.ts'
import { clientFields, formRequestOf, refuseOtherMethods, takeOAuthForms } from './endpoint.ts'
import { formMediaType } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { pushedAuthorization } from './pushed-authorization.ts'

const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })

const url = '/oauth/par'

const schema = {
  operationId: 'pushAuthorizationRequest',
  summary: 'Send an authorization request ahead (RFC 9126)',
  description:
    'Takes the parameters of the authorization endpoint but request_uri, and those that authenticate the client.',
  tags: ['OAuth'],
  security: [],
  consumes: [formMediaType],
  body: Type.Object({
    ...clientFields,
    response_type: Type.Literal('code'),
    redirect_uri: Type.Optional(Type.String()),
    scope: Type.Optional(Type.String()),
    state: Type.Optional(Type.String()),
    code_challenge: Type.Optional(Type.String({ description: 'With code_challenge_method=S256 (RFC 7636).' })),
    resource: Type.Optional(Type.String({ description: 'Audience of the API that the token is for (RFC 8707).' })),
  }),
  response: {
    201: Type.Object({
      request_uri: Type.String({
        description: 'What the browser takes to the authorization endpoint, with client_id.',
      }),
      expires_in: Type.Integer({ description: 'Seconds.' }),
    }),
    400: ErrorAnswer,
    401: ErrorAnswer,
    413: ErrorAnswer,
    429: ErrorAnswer,
  },
}

export const pushedRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, 'pushed request refused')
    const push = pushedAuthorization(deps)
    app.post(url, { schema }, async (request, reply) => {
      const ip = clientAddress(request.raw, deps.proxies)
      const { requestUri, expiresIn, nonce } = await push(formRequestOf(request, request.id, deps), ip)
      if (nonce !== undefined) reply.header('dpop-nonce', nonce)
      return reply.code(201).send({ request_uri: requestUri, expires_in: expiresIn })
    })
    refuseOtherMethods(app, url)
  }
