// What the endpoints that clients call share on Fastify: forms in, JSON out that nobody keeps, errors as in RFC 6749 §5.2.
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Logger } from 'pino'
import { isPreflight, openPreflight, openToPages } from '../gateway/cors.ts'
import type { Site } from '../gateway/sites.ts'
import { callerOf, pathOf } from '../http/caller-facts.ts'
import { sendAnswer } from '../http/server.ts'
import type { DirectRoute, RequestHead } from '../http/short-way.ts'
import { fieldValues } from '../verify/credential.ts'
import { type Answer, written } from '../verify/wire.ts'
import { OAuthError, toOAuthError } from './errors.ts'
import { type FormRequest, formMediaType, maxFormLength } from './form.ts'
import type { OAuthDeps } from './grant.ts'

/** On every answer: nobody keeps it (RFC 6749 §5.1), and applications in a browser may read it: no cookie counts here. */
export const everyAnswer = { 'cache-control': 'no-store', pragma: 'no-cache', ...openToPages }

/** The answer to a request over which something was thrown (RFC 6749 §5.2), and its line of log. */
export const thrownOAuthAnswer = (
  thrown: unknown,
  requestId: string,
  log: Pick<Logger, 'error' | 'info'>,
  refused: string,
): Answer => {
  const { error, description, status, headers, reason = description } = toOAuthError(thrown)
  if (status >= 500) log.error({ request_id: requestId, err: thrown }, 'fault')
  else log.info({ request_id: requestId, error, reason }, refused)
  return { status, headers: { ...everyAnswer, ...headers }, body: { error, error_description: description } }
}

/** What of a form speaks for a client, for readers of the API's description. */
export const clientFields = {
  client_id: Type.Optional(
    Type.String({ description: 'With client_secret, or alone for a public client; else use HTTP Basic.' }),
  ),
  client_secret: Type.Optional(Type.String()),
  client_assertion_type: Type.Optional(
    Type.String({ description: 'With client_assertion: urn:ietf:params:oauth:client-assertion-type:jwt-bearer.' }),
  ),
  client_assertion: Type.Optional(
    Type.String({ description: 'A JWT that the client signed with its key (RFC 7523 §2.2), for clients with keys.' }),
  ),
}

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
    reply.headers(everyAnswer)
  })
  app.setErrorHandler((thrown, request, reply) =>
    sendAnswer(reply, thrownOAuthAnswer(thrown, request.id, request.log, refused)),
  )
}

/** A request on Fastify, or one that has not come so far. */
export interface IncomingForm {
  body: unknown
  raw: RequestHead
  site: Site
}

export const formRequestOf = (
  { body, raw, site }: IncomingForm,
  requestId: string,
  { proxies }: Pick<OAuthDeps, 'proxies'>,
): FormRequest => {
  const { rawHeaders, method, url = '' } = raw
  const { api, host = '' } = site.kind === 'builtin' ? site : {}
  return {
    body: body as Buffer | undefined,
    authorizationHeaders: fieldValues(rawHeaders, 'authorization'),
    hostApi: api,
    proofs: fieldValues(rawHeaders, 'dpop'),
    called: { host, target: url },
    caller: callerOf(raw, { proxies, method, path: pathOf(url), requestId }),
  }
}

const mediaTypes: ReadonlySet<string> = new Set([formMediaType])

/** The short way of an endpoint, for forms that have come whole. */
export const directForm = (
  path: string,
  answer: (request: IncomingForm, id: string) => Promise<Answer>,
): DirectRoute => ({
  method: 'POST',
  path,
  query: false,
  takes: { mediaTypes, length: maxFormLength },
  answer: (request, body, id, site) => answer({ body, raw: request, site }, id).then(written),
})

/** Lets pages of any origin ask beforehand whether they may send what browsers do not send unasked. */
export const answerPreflights = (app: FastifyInstance, url: string, methods: string): void => {
  app.options(url, { schema: { hide: true } }, (_request, reply) =>
    reply.code(204).headers(openPreflight(methods)).send(),
  )
}

const refuseMethod = async (): Promise<never> => {
  throw new OAuthError('invalid_request', 'Use POST', { status: 405, headers: { allow: 'POST' } })
}

/** Answers every other method than POST with 405, and what browsers ask beforehand. */
export const refuseOtherMethods = (app: FastifyInstance, url: string): void => {
  // in onRequest too, so that the method is told before anything about the body
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url,
    exposeHeadRoute: false,
    schema: { hide: true },
    onRequest: async ({ method, headers }, reply) =>
      isPreflight(method, headers) ? reply.code(204).headers(openPreflight('POST')).send() : refuseMethod(),
    handler: refuseMethod,
  })
}
