// POST /oauth/token and /token: the token endpoint on Fastify, where every answer is JSON that nobody keeps.
import { Type } from 'typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { OAuthError, sendOAuthError, toOAuthError } from './errors.ts'
import { formMediaType, maxFormLength } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { issueToken } from './token.ts'

const TokenBody = Type.Object({
  grant_type: Type.String(),
  client_id: Type.Optional(
    Type.String({ description: 'With client_secret, or alone for a public client; else use HTTP Basic.' }),
  ),
  client_secret: Type.Optional(Type.String()),
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

const authorizationHeaders = ({ raw: { rawHeaders } }: FastifyRequest): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization')

const refuseMethod = async (): Promise<never> => {
  throw new OAuthError('invalid_request', 'Use POST', { status: 405, headers: { allow: 'POST' } })
}

export const tokenRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(formMediaType, { parseAs: 'buffer', bodyLimit: maxFormLength }, (_request, body, done) =>
      done(null, body),
    )
    app.addContentTypeParser('*', (_request, _payload, done) =>
      done(new OAuthError('invalid_request', `Send the parameters as ${formMediaType}, not as another content type`)),
    )
    app.setValidatorCompiler(() => () => true) // the schema is for readers; phase 1 of issueToken parses
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' }) // RFC 6749 §5.1
    })
    app.setErrorHandler((thrown, request, reply) => {
      const error = toOAuthError(thrown)
      if (error.status >= 500) request.log.error({ request_id: request.id, err: thrown }, 'fault')
      else
        request.log.info(
          { request_id: request.id, error: error.error, reason: error.reason ?? error.description },
          'token refused',
        )
      return sendOAuthError(reply, error)
    })
    for (const url of ['/oauth/token', '/token']) {
      app.post(url, { schema: url === '/token' ? { ...schema, hide: true } : schema }, async (request) => {
        const { response, facts } = await issueToken(deps, {
          body: request.body as Buffer | undefined,
          authorizationHeaders: authorizationHeaders(request),
          hostApi: request.site.kind === 'builtin' ? request.site.api : undefined,
        })
        request.log.debug({ request_id: request.id, ...facts }, 'token issued')
        return response
      })
      // in onRequest too, so that the method is told before anything about the body
      app.route({
        method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        url,
        exposeHeadRoute: false,
        schema: { hide: true },
        onRequest: refuseMethod,
        handler: refuseMethod,
      })
    }
  }
