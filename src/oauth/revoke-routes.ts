// POST /oauth/revoke: the revocation endpoint on Fastify.
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { clientAddress } from '../http/client-address.ts'
import { clientFields, formRequestOf, refuseOtherMethods, takeOAuthForms } from './endpoint.ts'
import { formMediaType } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { revokeToken } from './revoke.ts'

const url = '/oauth/revoke'

const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })

const schema = {
  operationId: 'revoke',
  summary: 'Revoke a token (RFC 7009)',
  tags: ['OAuth'],
  security: [],
  consumes: [formMediaType],
  body: Type.Object({
    token: Type.String({ description: 'An access or refresh token of the client, or any API key or personal token.' }),
    token_type_hint: Type.Optional(Type.String()),
    ...clientFields,
  }),
  response: { 200: Type.Object({}), 400: ErrorAnswer, 401: ErrorAnswer },
}

export const revokeRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, 'revocation refused')
    app.post(url, { schema }, async (request) => {
      const revoked = await revokeToken(deps, {
        ...formRequestOf(request, request.id, deps),
        ip: clientAddress(request.raw, deps.proxies),
        requestId: request.id,
      })
      request.log.debug({ request_id: request.id, ...revoked }, revoked ? 'token revoked' : 'nothing to revoke')
      return {}
    })
    refuseOtherMethods(app, url)
  }
