// What the endpoints that clients call share on Fastify: forms in, JSON out that nobody keeps, errors as in RFC 6749 §5.2.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError, sendOAuthError, toOAuthError } from './errors.ts'
import { type FormRequest, formMediaType, maxFormLength } from './form.ts'

/** Lets the routes of this scope take forms as bytes, and answer errors the OAuth way. `refused`: what the log calls a refusal. */
export const takeOAuthForms = (app: FastifyInstance, refused: string): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(formMediaType, { parseAs: 'buffer', bodyLimit: maxFormLength }, (_request, body, done) =>
    done(null, body),
  )
  app.addContentTypeParser('*', (_request, _payload, done) =>
    done(new OAuthError('invalid_request', `Send the parameters as ${formMediaType}, not as another content type`)),
  )
  app.setValidatorCompiler(() => () => true) // the schema is for readers; the endpoint parses
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' }) // RFC 6749 §5.1
  })
  app.setErrorHandler((thrown, request, reply) => {
    const error = toOAuthError(thrown)
    if (error.status >= 500) request.log.error({ request_id: request.id, err: thrown }, 'fault')
    else
      request.log.info(
        { request_id: request.id, error: error.error, reason: error.reason ?? error.description },
        refused,
      )
    return sendOAuthError(reply, error)
  })
}

export const formRequestOf = (request: FastifyRequest): FormRequest => ({
  body: request.body as Buffer | undefined,
  authorizationHeaders: request.raw.rawHeaders.filter(
    (_, index, raw) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'authorization',
  ),
  hostApi: request.site.kind === 'builtin' ? request.site.api : undefined,
})

const refuseMethod = async (): Promise<never> => {
  throw new OAuthError('invalid_request', 'Use POST', { status: 405, headers: { allow: 'POST' } })
}

/** Answers every other method than POST with 405. */
export const refuseOtherMethods = (app: FastifyInstance, url: string): void => {
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
